"""Delta tables in an object store, by the names in their logs."""
