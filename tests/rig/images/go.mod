module stagingmirror.dev/rig/images

go 1.26.0
