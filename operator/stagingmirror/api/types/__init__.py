"""The base model, value types and constraints that all resources share."""
