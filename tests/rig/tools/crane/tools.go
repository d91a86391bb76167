//go:build tools

// Package tools pins crane: it makes the images and serves as the registry.
package tools

import _ "github.com/google/go-containerregistry/cmd/crane"
