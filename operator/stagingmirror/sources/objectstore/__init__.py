"""Buckets of S3-compatible stores, as far as an environment lists them."""
