"""Kubernetes: watching what mirrors point at, and writing single fields of staging."""
