"""The story that `make demo` tells, on a real cluster with real MLflow servers. The same run is a
test.

`stage` sets the scene as users would (kubectl, helm, MLflow), `story` lets production move and says
what the cluster answers, `narrator` prints and fails where something is not as told.
"""
