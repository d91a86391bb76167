"""The controllers: checks and refreshes of mirrors, and what keeps them going."""
