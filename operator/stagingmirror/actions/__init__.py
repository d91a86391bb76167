"""The steps of a refresh, one file each: each applies, verifies and rolls back."""
