"""Watching workloads and ConfigMaps, and checking that no event was lost."""
