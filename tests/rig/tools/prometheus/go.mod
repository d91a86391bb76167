module stagingmirror.dev/rig/prometheus

go 1.26.0
