// Package manifest turns object dumps into rbac values: YAML or JSON, one
// document or many, single objects or Lists, as `kubectl get -o yaml`, Helm and
// kustomize print them.
//
// Every fault is reported with file, line and column, and the rest of the input
// is still read. Objects of other kinds are counted, not looked at. It takes
// bytes, not files: reading belongs to internal/snapshot.
//
//	result := manifest.Decode(data, manifest.Options{Name: "rbac.yaml"})
package manifest

import (
	"fmt"

	"github.com/postern-dev/postern/rbac"
)

// Options say how to read.
type Options struct {
	Name string // the file's name, for positions
	// Namespace is where a namespaced object without metadata.namespace would
	// be created; empty: default.
	Namespace string
}

// Result is what was found in one input.
type Result struct {
	Policy   rbac.Policy
	Others   int       // objects of kinds that are not RBAC's
	Assumed  []Problem // namespaces that had to be assumed
	Problems []Problem // faults; what they stand in is not part of Policy
}

// Problem is one fault and where it is.
type Problem struct {
	Name   string
	Line   int // from 1; 0: no position
	Column int
	Msg    string
	Hint   string
}

func (p Problem) Error() string {
	if p.Line == 0 {
		return p.Name + ": " + p.Msg
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.Name, p.Line, p.Column, p.Msg)
}

// Decode reads one input.
func Decode(data []byte, o Options) Result {
	d := decoder{Options: o, budget: maxNodes}
	for _, doc := range d.documents(data) {
		d.object(doc)
	}
	return d.result
}

// maxNodes bounds what aliases may expand to.
const maxNodes = 5_000_000
