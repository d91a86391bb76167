"""The story of one check and of one refresh, and what keeps them going."""
