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
	cmd := &cobra.Command{
		Use:   "why VERB RESOURCE[.GROUP][/NAME] | VERB /URL",
		Short: "Why somebody may or may not do something",
		Long: `Answer what can-i answers, and explain it. A yes comes with every way that leads
to it: subject, binding, role, rule, and where a file says so. A no comes with
what nearly allows it and what would have to differ: the binding that names you
by object id or in other letters, the role in another namespace, the rule for
another API group, the binding whose role does not exist.

Arguments, flags and exit codes are those of can-i.`,
		Example: `  postern why get secrets -n prod
  postern why --as user:test-user@contoso.example get pods -n default
  postern why --as sa:ci/deployer create pods/exec -n dev -f manifests/`,
		Args:              verbAndResource,
		ValidArgsFunction: env.completeQuestion,
		RunE:              func(cmd *cobra.Command, args []string) error { return runWhy(cmd, env, args, o) },
	}
	o.flags(cmd)
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
	add("Who", whoLines(a.Who)...)
	answer := string(a.Allowed)
	if a.By != "" {
		answer += ", by " + byText[a.By]
	}
	add("Answer", answer)
	add("Basis", a.Basis)
	for i, g := range a.Grants {
		add(fmt.Sprintf("Way %d", i+1), chain(g)...)
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

func whoLines(w askWho) []string {
	first := "nobody by name"
	if w.Username.Name != "" {
		first = strings.Join(w.Username.line(), " ")
	}
	if oid := w.Extra["oid"]; len(oid) > 0 && oid[0] != w.Username.Name {
		first += ", object id " + oid[0]
	}
	lines := []string{first}
	for _, g := range w.Groups {
		lines = append(lines, "in group "+strings.Join(g.line(), " "))
	}
	return append(lines, "groups: "+string(w.GroupsKnown))
}

// chain is one way from the subject to the rule, a step a line.
func chain(g askGrant) []string {
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
