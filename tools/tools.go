//go:build tools

// Package tools pins the programs the repository is checked with. Nothing a
// user needs depends on this module.
package tools

import _ "honnef.co/go/tools/cmd/staticcheck"
