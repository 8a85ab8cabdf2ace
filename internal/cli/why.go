package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/postern-dev/postern/internal/access"
	"github.com/postern-dev/postern/internal/report"
	"github.com/postern-dev/postern/internal/snapshot"
)

func newWhyCmd(env *Env) *cobra.Command {
	var o askOptions
	var escalation bool
	cmd := &cobra.Command{
		Use:   "why VERB RESOURCE[.GROUP][/NAME] | VERB /URL | --escalate",
		Short: "Why somebody may or may not do something",
		Long: `Answer what can-i answers, and explain it. A yes comes with every way that leads
to it: subject, binding, role, rule, and where a file says so. A no comes with
what nearly allows it and what would have to differ: the binding that names you
by object id or in other letters, the role in another namespace, the rule for
another API group, the binding whose role does not exist.

Arguments, flags and exit codes are those of can-i.

With --escalate, and without VERB and RESOURCE: what else one could come to with
the rights one has. Paths to cluster-admin, shortest first, each hop with the rules
that allow it, what it needs beyond RBAC, and what would take it away; then who
else is within reach. -o wide shows every path. Exit code 5 where something that
was not read could lead further, else 0.`,
		Example: `  postern why get secrets -n prod
  postern why --as user:test-user@contoso.example get pods -n default
  postern why --as sa:ci/deployer create pods/exec -n dev -f manifests/
  postern why --escalate --as sa:ci/deployer`,
		Args:              whyArguments,
		ValidArgsFunction: env.completeQuestion,
		RunE: func(cmd *cobra.Command, args []string) error {
			if escalation {
				return runEscalate(cmd, env, o.asFlags, o.names)
			}
			return runWhy(cmd, env, args, o)
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&escalation, escalateFlag, false, "what else one could come to with the rights one has")
	env.azureFlags(cmd)
	assumeVersionFlag(cmd, env)
	return uses(cmd, "kubeconfig", "context", "namespace", "all-namespaces", "filename")
}

func runWhy(cmd *cobra.Command, env *Env, args []string, o askOptions) error {
	format, err := env.format(cmd, "table", "wide", "json", "yaml", "name")
	if err != nil {
		return err
	}
	doc, err := env.answer(cmd, args, o, "Why")
	if err != nil {
		return err
	}
	if err := doc.print(env, format, doc.full); err != nil {
		return err
	}
	return doc.end(env)
}

// full explains each answer.
func (d askDoc) full(env *Env, wide bool) error {
	for i, a := range d.Answers {
		if i > 0 {
			if _, err := fmt.Fprintln(env.Stdout); err != nil {
				return err
			}
		}
		if err := d.explain(a, wide, report.Style{Colour: env.Colour()}).Write(env.Stdout); err != nil {
			return err
		}
	}
	return nil
}

func (d askDoc) explain(a askAnswer, wide bool, style report.Style) *report.Properties {
	p := &report.Properties{Style: style}
	add := func(label string, lines ...string) {
		var clean report.Lines
		for _, l := range lines {
			clean.Add(report.Clean(l))
		}
		p.AddLines(label, clean)
	}
	add("Question", fmt.Sprintf("may %s %s?", a.Subject, questionText(a.Request, d.namespaced)))
	if a.Source.Kind == snapshot.Cluster {
		add("Cluster", clusterLabel(a.Source)+", Kubernetes "+a.versionText())
	} else {
		add("Files", strings.Join(a.Source.Files, ", "))
	}
	add("Who", a.Who.line())
	add("Groups", a.Who.groupLines()...)
	answer := string(a.Allowed)
	if a.By != "" {
		answer += ", by " + byText[a.By]
	}
	add("Answer", answer)
	add("Basis", a.Basis)
	for i, g := range a.Grants {
		add(fmt.Sprintf("Way %d", i+1), chain(g)...)
	}
	if a.Azure != nil {
		add("Azure RBAC", a.Azure.lines()...)
	}
	for _, n := range a.NearMisses {
		add("Nearly", nearLines(n, wide)...)
	}
	add("If in group", groupLines(a)...)
	for _, o := range a.Also {
		add("Also", fmt.Sprintf("%s: %s", o.Request, o.Allowed), o.Why)
	}
	add("Unknown", a.Unknown...)
	add("Note", a.Notes...)
	add("Not examined", a.NotExamined...)
	return p
}

// byText is how an authorizer reads in a sentence.
var byText = map[access.By]string{
	access.ByKubernetes: "Kubernetes RBAC",
	access.ByAzure:      "Azure RBAC",
	access.ByBoth:       "Kubernetes RBAC and Azure RBAC, each by itself",
}

// groupsKnown is how far the groups of a subject are known, in a terminal.
var groupsKnown = map[access.Groups]string{
	access.GroupsTold:  "these are all: the API server tells",
	access.GroupsGiven: "exactly these: given with the question",
	access.GroupsFixed: "every such subject is in these",
	access.GroupsFound: "these are all: the directory tells",
	access.GroupsOpen:  "others come with the sign-in and are not known here",
	access.GroupsLocal: "the local account's certificate carries these",
}

func (w askWho) line() string {
	if w.Username.Name == "" {
		return "nobody by name"
	}
	line := withName(w.Username)
	if oid := w.Extra["oid"]; len(oid) > 0 && oid[0] != w.Username.Name {
		line += ", object id " + oid[0]
	}
	return line
}

func (w askWho) groupLines() (lines []string) {
	for _, g := range w.Groups {
		lines = append(lines, withName(g))
	}
	return append(lines, groupsKnown[w.GroupsKnown])
}

func withName(v namedValue) string {
	if text := v.text(); text != "" {
		return v.Name + " (" + text + ")"
	}
	return v.Name
}

// lines are Azure's verdict and what it rests on.
func (a askAzure) lines() []string {
	lines := []string{string(a.Verdict) + ": " + string(a.Code)}
	lines = append(lines, a.Reasons...)
	for _, b := range a.Basis {
		lines = append(lines, "rests on: "+b)
	}
	return lines
}

// chain is one way from the subject to the rule, a step a line.
func chain(g askGrant) []string {
	if g.Assignment != nil {
		return []string{
			subjectText(g.Subject),
			"→ Azure role assignment " + g.Assignment.short() + ", at " + g.Scope,
			"→ " + g.Assignment.Role,
			"→ " + g.Assignment.DataAction,
		}
	}
	if g.Binding == nil {
		return []string{subjectText(g.Subject), "→ " + g.Reason}
	}
	where := "everywhere"
	if g.Scope != clusterScope {
		where = "in namespace " + g.Scope
	}
	aggregated := ""
	if g.Role.Aggregated {
		aggregated = ", aggregated"
	}
	return []string{
		subjectText(g.Subject),
		"→ " + g.Binding.title() + ", " + where + place(g.Binding.At),
		"→ " + g.Role.title() + aggregated + place(g.Role.At),
		fmt.Sprintf("→ rule %d: %s%s", g.Index+1, ruleText(*g.Rule), place(g.At)),
	}
}

func nearLines(n askNear, wide bool) []string {
	lines := []string{n.Text}
	if n.Remedy != "" {
		lines = append(lines, "to allow it: "+n.Remedy)
	}
	if n.Binding == nil {
		return lines
	}
	through := n.Binding.title() + place(n.Binding.At)
	if n.Role != nil {
		through += " → " + n.Role.title() + place(n.Role.At)
	}
	if wide && n.Rule != nil {
		through += " → " + ruleText(*n.Rule)
	}
	return append(lines, "("+string(n.Kind)+") "+through)
}
