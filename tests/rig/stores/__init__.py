"""Stores of files beside MLflow."""
