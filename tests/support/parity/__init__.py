"""Answers of two sides."""
