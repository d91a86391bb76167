"""How kinds read the view: one observation in the making, what really runs of a workload, where
things are, and steps from what must be written.

The kinds share this layer and nothing else.
"""
