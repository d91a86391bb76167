"""What the operator knows of its own resources: the cache of mirrors, environments and holds,
their specs, and writing their status.
"""
