//go:build tools

// Package tools names the command to build, so that `go mod tidy` keeps its requirements in go.mod.
package tools

import _ "github.com/rhysd/actionlint/cmd/actionlint"
