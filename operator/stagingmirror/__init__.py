"""StagingMirror observes whether ML staging is in sync with production, reports where it is not,
and makes it follow.

The packages, from the entry points down. Imports only go down this list; import-linter enforces it:

- ``__main__``, ``cli``: the commands, and the operator process with its composition root
- ``edge``: the Kopf handlers; they decide nothing and put keys on the queue
- ``engine``: the controllers of mirrors, environments and holds
- ``components``: the kinds of component, one file or folder each
- ``reading``: how kinds read the view, and what pods prove
- ``component``: the contract of a kind
- ``actions``: the steps of a refresh, one file each
- ``metrics``: Prometheus metrics, livez and readyz
- ``sources``: the systems, observed and written, a folder each
- ``view``: what the sources last observed, as plain values
- ``api``: the resources as users write and read them, and the definitions made from them
- ``drift``: pure judgement: facts, verdicts, plans, schedules, parity, flags of model servers
- ``settings``, ``runtime``, ``errors``, ``reasons``, ``patterns``
"""
