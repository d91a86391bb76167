"""Endpoints that answer features, embeddings or predictions."""
