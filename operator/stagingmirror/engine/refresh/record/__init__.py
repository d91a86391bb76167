"""The write-ahead record of one refresh, and where it is stored."""
