"""The eyes: one file per kind."""
