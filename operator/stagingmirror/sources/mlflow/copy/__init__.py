"""Writing to staging's registry: copies of versions, and aliases."""
