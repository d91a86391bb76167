//go:build tools

// Package tools pins promtool, which judges the alerts that people copy.
package tools

import _ "github.com/prometheus/prometheus/cmd/promtool"
