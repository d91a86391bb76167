"""The little we ask of MLflow: aliases, versions, bytes."""
