"""MLflow, over its REST API: registries are polled, model bytes hashed, versions copied."""
