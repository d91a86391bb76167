"""Whether two sides answer the same for the same input: what counts as equal, what was found, and
the comparison of answers.

``rules``, ``result``, ``names`` and ``bound`` are plain values. The other modules import numpy,
which takes 0.1 s: they are imported where answers are compared, never at the start.
"""
