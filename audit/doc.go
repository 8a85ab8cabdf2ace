// Package audit knows the events of audit.k8s.io/v1: their parts, how they are
// read from the bytes kube-apiserver wrote, and how they are written so that the
// same bytes come out.
//
// An Event is loss-free for what it understands: strings are decoded, arrays and
// objects are held as the JSON text they were, and what has no field here is kept
// as Unknown. Whether a field was absent, null or empty is never confused. A
// record that was cut on its way is read by Salvage, which keeps only what is
// certain.
//
//	e, misfits, err := audit.Decode(line)   // err: not JSON; misfits: JSON of an unexpected shape
//	text := e.AppendJSON(nil)               // as Go's encoder in kube-apiserver writes it
//
// Not here: envelopes of Azure (audit/aks), files, stores. Source followed:
// k8s.io/apiserver pkg/apis/audit/v1/types.go (v1.36) and encoding/json.
package audit
