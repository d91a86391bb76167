"""Servers that answer samples with features or predictions, as production and staging have them."""
