//go:build tools

// Package tools pins the programs the repository is checked with, and what their
// tests read. Nothing a user needs depends on this module.
package tools

import (
	_ "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif" // its copy of the schema
	_ "honnef.co/go/tools/cmd/staticcheck"
)
