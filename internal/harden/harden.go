// Package harden changes AKS clusters so that findings of internal/posture go
// away: a plan as differences, guards that refuse it, the change itself, its
// undoing and its proof. It decides and sends nothing by itself: requests go
// through Azure, and what people are asked stands in internal/cli.
//
// A change is made on the cluster's raw JSON, read, altered in the planned
// places and put back whole with its etag, so that fields this program does not
// know stay as they are and somebody else's change is noticed and kept.
//
//	plan, err := harden.New(body, remedies)
//	outcome, err := harden.Applier{…}.Apply(ctx, plan)
package harden

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Remedy is what makes a check of internal/posture silent.
type Remedy struct {
	Check string // id of the check, and of the remedy
	Title string
	// Set are settings to give the cluster: path of names below the body → JSON.
	Set []Setting
	// Az is the flag of az aks update that does the same.
	Az string
	// Terraform is the attribute of azurerm_kubernetes_cluster that does the same.
	Terraform string
	// Policy is the built-in definition that keeps it so (its GUID).
	Policy string
	// Notes are said before the change is made.
	Notes []string
	// Closes the local account: guards and the proof by --admin apply.
	LocalAccounts bool
	// Objects: the remedy changes bindings in the cluster, not its settings.
	Objects bool
}

// Setting is one value in the cluster's body.
type Setting struct {
	Path  []string        `json:"path"`
	Value json.RawMessage `json:"value"` // nil: the setting is taken away
}

// Remedies are all remedies, in the order in which they are applied.
func Remedies() []Remedy {
	return []Remedy{
		{
			Check: "local-accounts", Title: "disable local accounts",
			Set:           []Setting{{[]string{"properties", "disableLocalAccounts"}, json.RawMessage("true")}},
			Az:            "--disable-local-accounts",
			Terraform:     "local_account_disabled = true",
			Policy:        "993c2fcd-2b29-49d2-9eb0-df2c3a730c32",
			LocalAccounts: true,
			Notes: []string{
				"certificates and tokens handed out before go on working until the cluster's CA is rotated: az aks rotate-certs recreates all nodes, scale sets and disks, with up to 30 minutes of downtime, and every kubeconfig must be fetched again",
				"tools that fetch the admin credential (Terraform providers, Rancher, CAPZ) stop working: give them an Entra identity first",
			},
		},
		{
			Check: "run-command", Title: "turn run command off",
			Set:       []Setting{{[]string{"properties", "apiServerAccessProfile", "disableRunCommand"}, json.RawMessage("true")}},
			Az:        "--disable-run-command",
			Terraform: "run_command_enabled = false",
			Policy:    "89f2d532-c53c-4f8f-9afa-4927b1114a0d",
			Notes:     []string{"az aks update knows --disable-run-command in newer versions only (2.45 does not)", "az aks command invoke stops working, and what uses it (private clusters without a way in, some pipelines)"},
		},
	}
}

// Difference is one value that the plan changes.
type Difference struct {
	Check  string          `json:"check"`
	Path   string          `json:"path"`
	Before json.RawMessage `json:"before"` // null: absent
	After  json.RawMessage `json:"after"`
}

// Differences are what remedies change in a body, empty where they hold already.
func Differences(body []byte, remedies []Remedy) ([]Difference, error) {
	all := []Difference{}
	for _, r := range remedies {
		for _, s := range r.Set {
			at, before, err := find(body, s.Path)
			if err != nil {
				return nil, err
			}
			if same(before, s.Value) {
				continue
			}
			all = append(all, Difference{Check: r.Check, Path: strings.Join(at, "."), Before: orNull(before), After: orNull(s.Value)})
		}
	}
	return all, nil
}

func orNull(v json.RawMessage) json.RawMessage {
	if v == nil {
		return json.RawMessage("null")
	}
	return v
}

// same compares values; null, and false where true is meant, are not absent here.
func same(a, b json.RawMessage) bool {
	var x, y bytes.Buffer
	if a == nil || b == nil || json.Compact(&x, a) != nil || json.Compact(&y, b) != nil {
		return string(orNull(a)) == string(orNull(b))
	}
	return x.String() == y.String()
}

// find is the value at a path, nil where there is none. Names compare without
// regard to case and are given back as the body has them.
func find(body []byte, path []string) (at []string, value json.RawMessage, err error) {
	value = body
	for i, name := range path {
		var object map[string]json.RawMessage
		if err := json.Unmarshal(value, &object); err != nil {
			return nil, nil, fmt.Errorf("read cluster: %s is no object: %w", strings.Join(path[:i], "."), err)
		}
		key := spelled(object, name)
		at = append(at, key)
		inner, ok := object[key]
		if !ok || string(inner) == "null" {
			return append(at, path[i+1:]...), nil, nil
		}
		value = inner
	}
	return at, value, nil
}

func spelled(object map[string]json.RawMessage, name string) string {
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if strings.EqualFold(key, name) {
			return key
		}
	}
	return name
}

// Change gives a body with settings made. All else keeps its value as it
// is written, numbers too; ids of identities, which the service refuses to be told, are left out as
// az does.
func Change(body []byte, settings []Setting) ([]byte, error) {
	for _, s := range settings {
		var err error
		if body, err = set(body, s.Path, s.Value); err != nil {
			return nil, err
		}
	}
	for _, own := range []string{"principalId", "tenantId"} {
		if _, v, err := find(body, []string{"identity", own}); err == nil && v != nil {
			if body, err = set(body, []string{"identity", own}, nil); err != nil {
				return nil, err
			}
		}
	}
	return body, nil
}

func set(body []byte, path []string, value json.RawMessage) ([]byte, error) {
	object := map[string]json.RawMessage{}
	if len(body) > 0 && string(body) != "null" {
		if err := json.Unmarshal(body, &object); err != nil {
			return nil, fmt.Errorf("change cluster: %s has no object above it: %w", strings.Join(path, "."), err)
		}
	}
	key := spelled(object, path[0])
	switch {
	case len(path) > 1:
		inner, err := set(object[key], path[1:], value)
		if err != nil {
			return nil, err
		}
		object[key] = inner
	case value == nil:
		delete(object, key)
	default:
		object[key] = value
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(object); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// text is a string of the body.
func text(body []byte, path ...string) string {
	_, v, err := find(body, path)
	var s string
	if err != nil || json.Unmarshal(v, &s) != nil {
		return ""
	}
	return s
}

// ETag is the body's own; empty where the service gives none, and then another's
// change between reading and writing cannot be noticed by it.
func ETag(body []byte) string { return text(body, "etag") }

// errNoObject: an answer that is no cluster.
var errNoObject = errors.New("the answer is no JSON object")

// AdminGroups are the object ids of the admin groups that a body names.
func AdminGroups(body []byte) (groups []string) {
	_, v, err := find(body, []string{"properties", "aadProfile", "adminGroupObjectIDs"})
	if err != nil || json.Unmarshal(v, &groups) != nil {
		return nil
	}
	return groups
}
