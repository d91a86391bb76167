"""StagingMirror tells whether ML staging is in sync with production, where it is not, and makes it
follow.

The rooms, from the door inwards; imports only go down this list:

- ``__main__``, ``cli``: the commands, and the only wiring
- ``edge``: the door; Kopf calls in, it decides nothing and puts keys on the queue
- ``engine``: the story of one check and of one refresh; queue, schedule, record, elector
- ``components``: the eyes; one file per kind, ``ls`` is the catalogue
- ``reading``: how kinds read the view; what pods prove
- ``component``: the contract of a kind
- ``actions``: the hands of a refresh; one file per step
- ``metrics``: what is counted
- ``cluster``, ``registry``: the little we ask of Kubernetes and of MLflow
- ``view``: what watchers and pollers last saw, as plain values
- ``api``: the words; resources as users write and read them
- ``drift``: the mind, pure; facts, verdicts, plans, schedule arithmetic
- ``settings``, ``errors``
"""
