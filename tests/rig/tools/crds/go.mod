module stagingmirror.dev/rig/crds

go 1.26.0

require github.com/argoproj/argo-rollouts v1.8.3

require github.com/kserve/kserve v0.16.0

require github.com/kedacore/keda/v2 v2.17.2
