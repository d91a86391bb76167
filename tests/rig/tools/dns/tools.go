//go:build tools

// Package tools pins coredns, which gives pods the names of Services.
package tools

import _ "github.com/coredns/coredns"
