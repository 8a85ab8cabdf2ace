//go:build tools

// Package lab pins the clients that make builds from this module's
// dependencies beside postern-lab, so that go.sum keeps what they need.
// It is never compiled.
package lab

import _ "k8s.io/kubernetes/cmd/kubectl"
