"""Running the steps of a refresh: preflight, apply, verify, roll back."""
