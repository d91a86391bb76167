"""The systems that are observed and written: one package per system."""
