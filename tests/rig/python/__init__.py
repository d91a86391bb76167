"""Servers of Python in environments of their own."""
