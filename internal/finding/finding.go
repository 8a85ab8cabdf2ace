// Package finding is what checks say: findings with their evidence and remedy,
// and what could not be decided. It knows nothing of where facts come from
// (internal/posture) nor how they are shown (internal/cli, Sarif).
//
//	f := finding.Finding{Check: "local-accounts", Severity: finding.High, …}
package finding

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Severity says how bad a finding is.
type Severity string

// The severities, from harmless to worst.
const (
	Info     Severity = "info"
	Low      Severity = "low"
	Medium   Severity = "medium"
	High     Severity = "high"
	Critical Severity = "critical"
)

// Severities are all of them, from harmless to worst.
func Severities() []Severity { return []Severity{Info, Low, Medium, High, Critical} }

// ParseSeverity reads the word of a severity.
func ParseSeverity(text string) (Severity, error) {
	s := Severity(strings.ToLower(strings.TrimSpace(text)))
	if !slices.Contains(Severities(), s) {
		return "", fmt.Errorf("%q is no severity: info, low, medium, high or critical", text)
	}
	return s, nil
}

// AtLeast reports whether s is as bad as t.
func (s Severity) AtLeast(t Severity) bool {
	return slices.Index(Severities(), s) >= slices.Index(Severities(), t)
}

// Evidence is where a fact was read.
type Evidence struct {
	What string    `json:"what"`
	From string    `json:"from,omitempty"` // ARM id, Kubernetes object, Activity Log record
	At   time.Time `json:"at,omitzero"`
}

// Finding is something wrong.
type Finding struct {
	Check    string     `json:"check"`
	Severity Severity   `json:"severity"`
	Cluster  string     `json:"cluster"`          // ARM id
	Object   string     `json:"object,omitempty"` // what is wrong within the cluster: ClusterRole/x; empty: the cluster
	What     string     `json:"what"`             // one sentence
	Evidence []Evidence `json:"evidence"`
	Remedy   string     `json:"remedy"`
	// Managed: the provider keeps the object so and puts it back when it is
	// changed. Such a finding is listed, and never counted against --fail-on.
	Managed bool    `json:"managed,omitempty"`
	Waiver  *Waiver `json:"waiver,omitempty"` // accepted by somebody, for now
}

// Counts reports whether a finding is to be acted upon.
func (f Finding) Counts() bool { return !f.Managed && f.Waiver == nil }

// Unknown is a check that could not be decided for a cluster.
type Unknown struct {
	Check    string   `json:"check"`
	Severity Severity `json:"severity"` // of what it might have found
	Cluster  string   `json:"cluster"`
	Why      string   `json:"why"`
}

// Waiver accepts findings of a check until a day. A waiver that is over accepts
// nothing.
type Waiver struct {
	Check    string    `json:"check"`
	Cluster  string    `json:"cluster,omitempty"` // ARM id or name; empty: every cluster
	Object   string    `json:"object,omitempty"`  // empty: every object
	Reason   string    `json:"reason"`
	Approver string    `json:"approver"`
	Expires  time.Time `json:"expires"` // the end of that day in UTC
}

// Covers reports whether the waiver accepts a finding at a time.
func (w Waiver) Covers(f Finding, now time.Time) bool {
	name := f.Cluster[strings.LastIndexByte(f.Cluster, '/')+1:]
	return w.Check == f.Check && now.Before(w.Expires) &&
		(w.Cluster == "" || strings.EqualFold(w.Cluster, f.Cluster) || strings.EqualFold(w.Cluster, name)) &&
		(w.Object == "" || w.Object == f.Object)
}

// Waive marks the findings that waivers accept, and returns the waivers that
// accept nothing, because they are over or because nothing is there to accept.
func Waive(findings []Finding, waivers []Waiver, now time.Time) (idle []Waiver) {
	for _, w := range waivers {
		used := false
		for i := range findings {
			if w.Covers(findings[i], now) {
				used = true
				if findings[i].Waiver == nil {
					findings[i].Waiver = &w
				}
			}
		}
		if !used {
			idle = append(idle, w)
		}
	}
	return idle
}
