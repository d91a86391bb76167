"""The whole cluster: a control plane, a node of its own, images and a registry."""
