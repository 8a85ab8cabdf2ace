// Package posture holds the checks of scan: each a documented value with its
// reason, remedy and references, run over one cluster of a snapshot.Tenant and
// what internal/doors found there.
//
// It asks nobody and prints nothing. A check that could not see what it needs
// says unknown and why; it never passes in silence.
//
//	r := posture.Scan(tenant, report, posture.Options{Now: now})
//
// A check is one function that returns a Check, in a file of its own or beside
// its kin, and stands in Checks.
package posture

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/postern-dev/postern/internal/doors"
	"github.com/postern-dev/postern/internal/finding"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

// Check is something that should not be so, and how it is told.
type Check struct {
	ID         string           `json:"id"`
	Title      string           `json:"title"` // what should hold
	Severity   finding.Severity `json:"severity"`
	Why        string           `json:"why"`
	Remedy     string           `json:"remedy"`
	Doc        string           `json:"doc"`              // page of the project or of the vendor
	References []Reference      `json:"references"`       // the same check elsewhere
	Harden     string           `json:"harden,omitempty"` // what `postern harden` calls its remedy
	run        func(*cluster)
	log        bool // asks the audit log
}

// Reference is a rule of somebody else that asks the same, or nearly.
type Reference struct {
	Scheme string `json:"scheme"` // CIS AKS 1.8, Azure Policy, Checkov, PSRule, …
	ID     string `json:"id"`
}

// ref writes references: scheme and id in turn.
func ref(pairs ...string) (all []Reference) {
	for i := 0; i+1 < len(pairs); i += 2 {
		all = append(all, Reference{pairs[i], pairs[i+1]})
	}
	return all
}

// The schemes of references.
const (
	cis       = "CIS AKS 1.8"
	policy    = "Azure Policy"
	checkov   = "Checkov"
	psrule    = "PSRule"
	prowler   = "Prowler"
	kubescape = "Kubescape"
	trivy     = "Trivy"
	mcsb      = "MCSB"
	iso       = "ISO 27001"
	soc       = "SOC 2"
)

// Result is what all checks said.
type Result struct {
	Findings []finding.Finding `json:"findings"`
	Unknown  []finding.Unknown `json:"unknown"`
	Clusters []string          `json:"clusters"` // ARM ids of those examined
}

// Options of Scan.
type Options struct {
	Now    time.Time
	Checks []string // ids; none: all
	Log    *Log     // nil: the audit log was not asked
}

// Scan runs checks over every cluster of a report. The tenant is the one that
// the report was found in.
func Scan(t *snapshot.Tenant, r *doors.Report, o Options) Result {
	res := Result{Findings: []finding.Finding{}, Unknown: []finding.Unknown{}, Clusters: []string{}}
	for i := range r.Clusters {
		d := &r.Clusters[i]
		at := slices.IndexFunc(t.Clusters, func(a snapshot.AzureCluster) bool { return strings.EqualFold(a.ID, d.ID) })
		if at < 0 {
			continue
		}
		res.Clusters = append(res.Clusters, d.ID)
		c := newCluster(t, &t.Clusters[at], d, o.Now)
		c.log = o.Log
		for _, check := range Checks() {
			if len(o.Checks) > 0 && !slices.Contains(o.Checks, check.ID) {
				continue
			}
			c.check, c.result = check, &res
			check.run(c)
		}
	}
	slices.SortStableFunc(res.Findings, func(a, b finding.Finding) int {
		rank := func(f finding.Finding) int { return -slices.Index(finding.Severities(), f.Severity) }
		return cmp.Or(strings.Compare(a.Cluster, b.Cluster), rank(a)-rank(b), strings.Compare(a.Check, b.Check), strings.Compare(a.Object, b.Object))
	})
	return res
}

// cluster is what a check looks at.
type cluster struct {
	*snapshot.AzureCluster
	tenant *snapshot.Tenant
	doors  *doors.Cluster
	now    time.Time
	body   map[string]any // the cluster's settings with names in small letters; nil: not read
	index  *rbac.Index    // nil: Kubernetes was not read
	people map[string]*snapshot.Principal
	log    *Log

	check  Check
	result *Result
}

func newCluster(t *snapshot.Tenant, a *snapshot.AzureCluster, d *doors.Cluster, now time.Time) *cluster {
	c := &cluster{AzureCluster: a, tenant: t, doors: d, now: now, people: map[string]*snapshot.Principal{}}
	var body map[string]any
	if _, missing := c.missing(snapshot.PieceCluster, a.ID); !missing && json.Unmarshal(a.Raw, &body) == nil {
		c.body, _ = lower(body).(map[string]any)
	}
	if a.Kubernetes != nil {
		c.index = rbac.NewIndex(a.Kubernetes.RBAC)
	}
	for i := range t.Principals {
		c.people[strings.ToLower(t.Principals[i].ID)] = &t.Principals[i]
	}
	return c
}

// lower writes the names of objects in small letters: Azure's clients differ in
// them and Azure does not care.
func lower(v any) any {
	switch v := v.(type) {
	case map[string]any:
		all := make(map[string]any, len(v))
		for name, inner := range v {
			all[strings.ToLower(name)] = lower(inner)
		}
		return all
	case []any:
		for i := range v {
			v[i] = lower(v[i])
		}
	}
	return v
}

// get is the value at a path of names, nil where there is none.
func (c *cluster) get(path string) any {
	var v any = c.body
	for name := range strings.SplitSeq(strings.ToLower(path), ".") {
		inner, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = inner[name]
	}
	return v
}

func (c *cluster) on(path string) bool     { v, _ := c.get(path).(bool); return v }
func (c *cluster) text(path string) string { v, _ := c.get(path).(string); return v }
func (c *cluster) list(path string) []any  { v, _ := c.get(path).([]any); return v }

// says is the evidence of a setting as it stands in the cluster's body.
func (c *cluster) says(path string) finding.Evidence {
	v := c.get(path)
	what := path + " is absent"
	if v != nil {
		text, _ := json.Marshal(v)
		what = path + " is " + string(text)
	}
	return finding.Evidence{What: what, From: c.ID, At: c.tenant.Taken}
}

// fail notes a finding of the whole cluster.
func (c *cluster) fail(what string, evidence ...finding.Evidence) { c.failAt("", what, evidence...) }

// failAt notes a finding of an object.
func (c *cluster) failAt(object, what string, evidence ...finding.Evidence) {
	c.add(finding.Finding{Object: object, What: what, Evidence: evidence})
}

// add completes a finding and notes it.
func (c *cluster) add(f finding.Finding) {
	f.Check, f.Cluster = c.check.ID, c.ID
	f.Severity = cmp.Or(f.Severity, c.check.Severity)
	f.Remedy = cmp.Or(f.Remedy, c.remedy())
	if f.Evidence == nil {
		f.Evidence = []finding.Evidence{}
	}
	c.result.Findings = append(c.result.Findings, f)
}

// remedy is the check's with this cluster's names.
func (c *cluster) remedy() string {
	return strings.NewReplacer("{rg}", c.doors.ResourceGroup, "{name}", c.doors.Name, "{id}", c.ID).Replace(c.check.Remedy)
}

// unknown notes that the check could not be decided.
func (c *cluster) unknown(format string, args ...any) {
	c.result.Unknown = append(c.result.Unknown, finding.Unknown{Check: c.check.ID, Severity: c.check.Severity, Cluster: c.ID, Why: fmt.Sprintf(format, args...)})
}

// missing says why a piece of a scope was not read.
func (c *cluster) missing(piece snapshot.Piece, scope string) (why string, missing bool) {
	for _, u := range c.tenant.Unread {
		if u.Piece != piece || u.Scope != "" && fold(u.Scope) != fold(scope) {
			continue
		}
		why = string(piece) + " could not be read: " + u.Why
		if u.Needs != "" {
			why += " (needs " + u.Needs + ")"
		}
		return why, true
	}
	return "", false
}

// settings reports whether the cluster's settings were read, and says unknown
// where they were not.
func (c *cluster) settings() bool {
	if c.body != nil {
		return true
	}
	why, _ := c.missing(snapshot.PieceCluster, c.ID)
	c.unknown("%s", cmp.Or(why, "the cluster's settings could not be read"))
	return false
}

// kubernetes reports whether these parts of the API server were read (as
// snapshot.Unknown names them), and says unknown where they were not.
func (c *cluster) kubernetes(parts ...string) bool {
	if c.Kubernetes == nil {
		why, _ := c.missing(snapshot.PieceKubernetes, c.ID)
		c.unknown("%s", cmp.Or(why, "its API server was not asked"))
		return false
	}
	for _, u := range c.Kubernetes.Unknown {
		if slices.Contains(parts, u.What) {
			c.unknown("%s could not be read: %s", u.What, u.Why)
			return false
		}
	}
	return true
}

// rbacParts are what questions about Roles and bindings need.
func rbacParts() []string {
	return []string{snapshot.ClusterRoles, snapshot.ClusterRoleBindings, snapshot.Roles, snapshot.RoleBindings, snapshot.Manifest}
}

// door is one of the cluster's doors.
func (c *cluster) door(k doors.Kind) doors.Door {
	for _, d := range c.doors.Doors {
		if d.Kind == k {
			return d
		}
	}
	return doors.Door{Kind: k, State: doors.Unknown, Why: "the door was not examined"}
}

// fromDoor is the evidence of a door.
func fromDoor(d doors.Door) (all []finding.Evidence) {
	for _, e := range d.Evidence {
		all = append(all, finding.Evidence{What: e.What, From: e.From, At: e.At})
	}
	return all
}

// fold is an id for comparison.
func fold(id string) string { return strings.TrimRight(strings.ToLower(strings.TrimSpace(id)), "/") }
