"""The story of `make demo`, on a real cluster with real MLflow servers. The same run is a
test.

`demo_cluster` sets up both sides as users would (kubectl, helm, MLflow), `story` changes production
and shows what the cluster answers, `narrator` prints and fails where something is unexpected.
"""
