//go:build tools

// Package tools pins helm, with which people install the operator.
package tools

import _ "helm.sh/helm/v4/cmd/helm"
