"""Holds: which are active for a mirror, and their status."""
