"""Programs of Python: in environments of their own, or loaded once for many starts."""
