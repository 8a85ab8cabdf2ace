package cli

import (
	"fmt"
	"strings"

	"github.com/postern-dev/postern/internal/report"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/escalate"
)

// escalationDoc is the answer as docs/schema/escalation.json describes it.
type escalationDoc struct {
	Kind    string             `json:"kind"`
	Answers []escalationAnswer `json:"answers"`
}

// escalationAnswer is what one subject could come to in one cluster.
type escalationAnswer struct {
	aboutAnswer
	Version    string           `json:"version"`
	Assumed    bool             `json:"versionAssumed"`
	Already    bool             `json:"already"` // it is cluster-admin as it is
	Paths      []escalationPath `json:"paths"`   // to cluster-admin
	Others     []escalationPath `json:"others"`  // to everybody and everything else within reach
	More       int              `json:"morePaths"`
	MoreOthers int              `json:"moreOthers"`
}

type escalationPath struct {
	To    escalationNode  `json:"to"`
	Sure  bool            `json:"sure"` // no hop depends on what RBAC does not say
	Alike int             `json:"alike"`
	Hops  []escalationHop `json:"hops"`
}

type escalationHop struct {
	From      escalationNode     `json:"from"`
	To        escalationNode     `json:"to"`
	Kind      escalate.Kind      `json:"kind"`
	Text      string             `json:"text"`
	Certainty escalate.Certainty `json:"certainty"`
	Needs     []string           `json:"needs"`
	Through   string             `json:"appliesTo,omitempty"`
	Evidence  []askGrant         `json:"evidence"` // the rules it takes, all of them
	Remedy    string             `json:"remedy"`
}

type escalationNode struct {
	Kind      escalate.NodeKind `json:"kind"`
	Title     string            `json:"title"`
	Subject   *namedSubject     `json:"subject,omitempty"`
	Role      *rbac.RoleRef     `json:"role,omitempty"`
	Namespace string            `json:"namespace,omitempty"` // "*": every one
}

func (a escalationAnswer) explain(wide bool, style report.Style) *report.Properties {
	p := &report.Properties{Style: style}
	add := func(label string, lines ...string) {
		var clean report.Lines
		for _, l := range lines {
			clean.Add(report.Clean(l))
		}
		p.AddLines(label, clean)
	}
	add("Question", fmt.Sprintf("what could %s become?", a.Subject))
	if a.Source.Kind == snapshot.Cluster {
		add("Cluster", clusterLabel(a.Source)+", Kubernetes "+a.versionText())
	} else {
		add("Files", strings.Join(a.Source.Files, ", "))
	}
	add("Who", a.Who.line())
	add("Groups", a.Who.groupLines()...)
	add("Answer", a.summary())
	for i, path := range a.Paths {
		add(fmt.Sprintf("Path %d", i+1), path.lines(wide)...)
	}
	if a.More > 0 {
		add("", fmt.Sprintf("and %d more paths", a.More))
	}
	add("Within reach", a.within(wide)...)
	add("Unknown", a.Unknown...)
	add("Note", a.Notes...)
	add("Not examined", a.NotExamined...)
	return p
}

func (a escalationAnswer) versionText() string {
	if a.Assumed {
		return a.Version + " (assumed)"
	}
	return a.Version
}

// summary is the answer in one line.
func (a escalationAnswer) summary() string {
	sure := 0
	for _, p := range a.Paths {
		if p.Sure {
			sure++
		}
	}
	n := len(a.Paths) + a.More
	switch {
	case a.Already:
		return "cluster-admin (everything): it is that already"
	case n == 0 && len(a.Unknown) > 0:
		return "no path to cluster-admin in what was read; what was not could hold one"
	case n == 0:
		return "no path to cluster-admin"
	case n == 1:
		return "cluster-admin (everything), by one path" + map[bool]string{true: " that RBAC alone settles", false: " that needs more than RBAC"}[sure == 1]
	}
	settled := fmt.Sprintf("RBAC alone settles %d", sure)
	if sure == 0 {
		settled = "each needs more than RBAC"
	}
	return fmt.Sprintf("cluster-admin (everything), by %d paths; %s", n, settled)
}

// lines is a path, a hop after the other with what allows it.
func (p escalationPath) lines(wide bool) []string {
	lines := []string{p.Hops[0].From.text()}
	for _, h := range p.Hops {
		lines = append(lines, "→ "+h.To.text()+", by "+string(h.Kind))
		lines = append(lines, "    "+h.Text)
		for _, g := range h.Evidence {
			lines = append(lines, "    "+evidenceText(g))
		}
		for _, n := range h.Needs {
			lines = append(lines, "    needs: "+n)
		}
		if wide {
			lines = append(lines, "    remedy: "+h.Remedy)
		}
	}
	if !wide {
		lines = append(lines, "remedy: "+p.Hops[0].Remedy)
	}
	if p.Alike > 0 {
		lines = append(lines, fmt.Sprintf("(and %d alike, through others)", p.Alike))
	}
	return lines
}

// evidenceText is one rule and whence it comes.
func evidenceText(g askGrant) string {
	switch {
	case g.Role == nil:
		return g.Reason
	case g.Binding == nil:
		return fmt.Sprintf("%s, rule %d: %s%s (%s)", g.Role.title(), g.Index+1, ruleText(*g.Rule), place(g.At), g.Reason)
	}
	return fmt.Sprintf("%s to %s, %s, rule %d: %s%s", g.Binding.title(), subjectText(g.Subject), g.Role.title(), g.Index+1, ruleText(*g.Rule), place(g.At))
}

// within is who else can be reached; those reached together stand together,
// unless every detail is wanted.
func (a escalationAnswer) within(wide bool) (lines []string) {
	at := map[string]int{}
	var members [][]string
	var heads []string
	for _, p := range a.Others {
		last := p.Hops[len(p.Hops)-1]
		via := ""
		if len(p.Hops) > 1 {
			via = " after " + last.From.text()
		}
		if wide || last.Through == "" {
			heads, members = append(heads, p.To.text()+", by "+string(last.Kind)+via), append(members, nil)
			continue
		}
		key := last.Through + ", by " + string(last.Kind) + via
		if _, seen := at[key]; !seen {
			at[key] = len(heads)
			heads, members = append(heads, key), append(members, nil)
		}
		members[at[key]] = append(members[at[key]], p.To.text())
	}
	for i, h := range heads {
		if len(members[i]) > 0 {
			h += ": " + few(members[i], ", ")
		}
		lines = append(lines, h)
	}
	if a.MoreOthers > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", a.MoreOthers))
	}
	return lines
}
