//go:build tools

// Package tools pins kubeconform, which judges the chart's manifests.
package tools

import _ "github.com/yannh/kubeconform/cmd/kubeconform"
