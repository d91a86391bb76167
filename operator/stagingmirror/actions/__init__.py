"""The hands of a refresh: one file per step; each applies, verifies and rolls back."""
