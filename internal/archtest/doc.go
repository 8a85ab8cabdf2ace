// Package archtest holds the rules of ARCHITECTURE.md as tests: who may import
// whom, what the pure core may touch, and that every package says what it owns.
// It has no code of its own; run it with go test ./internal/archtest.
package archtest
