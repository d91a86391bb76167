"""Requests to one MLflow server, its answers as values, and the translation of its errors."""
