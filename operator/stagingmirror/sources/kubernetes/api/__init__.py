"""Requests to the API server: login, sessions, and the translation of its errors."""
