"""`make bench`: the operator measured against the goals of the design, never part of the tests.

Everything is real but the nodes: an API server, MLflow servers, and the operator as a process of
its own ServiceAccount (an administrator would be exempt from priority and fairness). What a kubelet
and the controllers would write is written here once, so that nothing else moves while something is
measured. Where a goal is a ratio, both parts are measured in the same run.

    python -m bench [--mirrors N] [--only NAME …] [--idle SECONDS] [--turns N]
"""
