"""Collections of Qdrant, which are only compared: by their definition, count and a sample.

An alias leads to one collection, its target. Field names and meanings are of Qdrant's published
OpenAPI description; no real server was to be had, so that nothing is written.
"""
