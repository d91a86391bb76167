//go:build tools

// Package tools pins runc: it needs cgo and libseccomp, so it is alone.
package tools

import _ "github.com/opencontainers/runc"
