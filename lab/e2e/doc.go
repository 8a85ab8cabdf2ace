// Package e2e tests the built programs together: postern against a lab that
// runs a real kube-apiserver. It has no code of its own.
//
// The programs are found in $POSTERN_BIN_DIR, or in ../bin where make builds
// them; a missing one fails the tests.
package e2e
