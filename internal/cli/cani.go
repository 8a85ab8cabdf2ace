package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/postern-dev/postern/internal/report"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac/azrbac"
)

type askOptions struct {
	asFlags
	subresource string
	names       string
}

func (o *askOptions) flags(cmd *cobra.Command) {
	o.asFlags.add(cmd)
	subresourceFlag(cmd, &o.subresource)
	namesFlag(cmd, &o.names)
}

func newCanICmd(env *Env) *cobra.Command {
	var o askOptions
	cmd := &cobra.Command{
		Use:   "can-i VERB RESOURCE[.GROUP][/NAME] | VERB /URL",
		Short: "Whether somebody may do something: yes, no or unknown",
		Long: `Answer whether you, or with --as somebody else, may do something, and by which
binding; where not, what nearly allows it. All authorizers that can be read are
asked: what one allows is allowed.

RESOURCE is what kubectl takes: pods, po, deployments.apps, pods/web for one
object, pods/log for a subresource. The namespace is -n's, the context's, or
default; -A asks about all namespaces at once.

Without --as-group, --as asks about a user's own name and the groups every user
is in: other groups come with the sign-in, and what they would allow is listed.
With --as-group the subject is in exactly these.

Exit code 0: yes; 3: no; 5: unknown, something that could allow it could not be
read; 4: nothing could be read. -q prints nothing.`,
		Example: `  postern can-i get pods
  postern can-i --as user:ann@contoso.example create deployments.apps -n dev
  postern can-i --as sa:ci/deployer get pods --subresource=exec -n dev
  postern can-i --as user:ann --as-group 66992c59-0f3b-4d6a-9c81-5e7b2a4d8f06 '*' '*' -A
  postern can-i --as group:dev-team get /healthz
  helm template chart | postern can-i --as sa:default/app list secrets -f -`,
		Args:              verbAndResource,
		ValidArgsFunction: env.completeQuestion,
		RunE:              func(cmd *cobra.Command, args []string) error { return runCanI(cmd, env, args, o) },
	}
	o.flags(cmd)
	env.azureFlags(cmd)
	assumeVersionFlag(cmd, env)
	return uses(cmd, "kubeconfig", "context", "namespace", "all-namespaces", "filename")
}

func runCanI(cmd *cobra.Command, env *Env, args []string, o askOptions) error {
	format, err := env.format(cmd, "table", "wide", "json", "yaml", "name")
	if err != nil {
		return err
	}
	doc, err := env.answer(cmd, args, o, "CanI")
	if err != nil {
		return err
	}
	if !env.Flags.Quiet {
		if err := doc.print(env, format, doc.brief); err != nil {
			return err
		}
	}
	return doc.end(env)
}

// answer settles flags, reads, and asks.
func (e *Env) answer(cmd *cobra.Command, args []string, o askOptions, kind string) (askDoc, error) {
	mode, err := e.namesMode(o.names)
	if err != nil {
		return askDoc{}, err
	}
	if err := o.check(e); err != nil {
		return askDoc{}, err
	}
	questions, err := e.ask(cmd, args, o.subresource)
	if err != nil {
		return askDoc{}, err
	}
	answers, err := e.answers(cmd.Context(), questions, o.asFlags, mode)
	if err != nil {
		return askDoc{}, err
	}
	doc := askDoc{Kind: kind, Allowed: together(answers), Answers: answers, namespaced: questions[0].namespaced}
	for _, q := range questions {
		doc.remarks = append(doc.remarks, q.snapshot().Remarks...)
	}
	return doc, nil
}

// print writes the answer in a format; text is how it reads in a terminal.
func (d askDoc) print(env *Env, format string, text func(*Env, bool) error) error {
	for _, r := range d.remarks {
		env.Say("%s", report.Clean(r.Text))
	}
	var warned []string
	for _, a := range d.Answers {
		for _, w := range a.Warnings {
			if !slices.Contains(warned, w) {
				warned = append(warned, w)
				env.Warn("%s", report.Clean(w))
			}
		}
	}
	switch format {
	case "json":
		return report.JSON(env.Stdout, d)
	case "yaml":
		return report.YAML(env.Stdout, d)
	case "name":
		_, err := fmt.Fprintln(env.Stdout, d.Allowed)
		return err
	}
	for _, a := range d.Answers {
		if a.nameless != "" {
			env.Say("name unknown: %s", a.nameless)
			break
		}
	}
	return text(env, format == "wide")
}

// brief is the answer as kubectl gives it, with a line for each reason.
func (d askDoc) brief(env *Env, wide bool) error {
	style := report.Style{Colour: env.Colour()}
	var b strings.Builder
	for _, a := range d.Answers {
		line := string(a.Allowed)
		if len(d.Answers) > 1 {
			line += "   " + a.label(d.severalClusters())
		}
		fmt.Fprintln(&b, style.Bold(report.Clean(line)))
		for _, reason := range d.reasons(a, wide) {
			fmt.Fprintln(&b, "  "+report.Clean(reason))
		}
		for _, n := range a.NotExamined {
			fmt.Fprintln(&b, style.Faint(report.Clean("  not examined: "+n)))
		}
	}
	_, err := fmt.Fprint(env.Stdout, b.String())
	return err
}

// label tells answers apart.
func (a askAnswer) label(clusters bool) string {
	if clusters {
		return a.Cluster + ": " + a.Subject
	}
	return a.Subject
}

func (d askDoc) severalClusters() bool {
	for _, a := range d.Answers {
		if a.Cluster != d.Answers[0].Cluster {
			return true
		}
	}
	return false
}

// reasons are the lines under a brief answer.
func (d askDoc) reasons(a askAnswer, wide bool) (lines []string) {
	for _, g := range a.Grants {
		lines = append(lines, "by "+grantText(g))
	}
	if a.Azure != nil && len(a.Azure.Reasons) > 0 && a.Allowed != snapshot.Yes && (wide || a.Azure.Code == azrbac.Denied) {
		lines = append(lines, "Azure RBAC: "+strings.Join(a.Azure.Reasons, "; "))
	}
	if a.Azure != nil && a.Azure.Code == azrbac.Discovery {
		lines = append(lines, "by Azure RBAC: discovery paths are open to whoever signs in through Entra")
	}
	const most = 3
	for i, n := range a.NearMisses {
		if i == most && !wide && len(a.NearMisses) > most+1 {
			lines = append(lines, fmt.Sprintf("nearly: %d more, see `postern why`", len(a.NearMisses)-most))
			break
		}
		lines = append(lines, "nearly: "+n.Text)
	}
	lines = append(lines, groupLines(a)...)
	for _, o := range a.Also {
		lines = append(lines, fmt.Sprintf("%s: %s (%s)", o.Request, o.Allowed, o.Why))
	}
	for _, n := range a.Notes {
		lines = append(lines, "note: "+n)
	}
	if wide {
		lines = append(lines, "basis: "+a.Basis, "server version: "+a.versionText())
	}
	return lines
}

func groupLines(a askAnswer) (lines []string) {
	for _, g := range a.IfInGroup {
		way := ""
		switch {
		case g.Assignment != nil:
			way = fmt.Sprintf("Azure role assignment %s of %s at %s", g.Assignment.short(), g.Assignment.Role, g.Scope)
		default:
			way = g.Binding.title() + " of " + g.Role.title()
		}
		lines = append(lines, "yes, if in "+subjectText(g.Subject)+": "+way)
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

func (a askAnswer) versionText() string {
	if a.Assumed {
		return a.Version + " (assumed)"
	}
	return a.Version
}

// end is the exit code, and what to say of an answer that is unknown.
func (d askDoc) end(env *Env) error {
	switch d.Allowed {
	case snapshot.Yes:
		return nil
	case snapshot.No:
		return &ExitError{Code: ExitFindings}
	}
	code, what := ExitRefused, "nothing could be read that tells:"
	var why, hint []string
	for _, a := range d.Answers {
		if a.Allowed != snapshot.Unclear || !noBindings(a.snapshot) {
			code, what = ExitUnknown, "the answer is unknown:"
		}
		why = append(why, a.Unknown...)
		hint = append(hint, hints(a.snapshot))
		if unreadRBAC(a.snapshot) {
			hint = append(hint, readHint(a.Request.Namespace))
		}
	}
	why = unique(why)
	if env.Flags.Quiet && code == ExitUnknown {
		return &ExitError{Code: code}
	}
	return &ExitError{Code: code, Err: errors.New(what + "\n" + cleanLines(why)), Hint: joined(hint)}
}

func unique(list []string) (kept []string) {
	for _, s := range list {
		if !slices.Contains(kept, s) {
			kept = append(kept, s)
		}
	}
	return kept
}

// noBindings reports whether a snapshot holds no binding because none could be
// read.
func noBindings(s *snapshot.Snapshot) bool {
	if s.Source.Kind == snapshot.Files {
		return s.Missing(snapshot.Manifest) && len(s.RBAC.Bindings)+len(s.RBAC.Roles) == 0
	}
	return s.Missing(snapshot.ClusterRoleBindings) && s.Missing(snapshot.RoleBindings)
}

// unreadRBAC reports whether the cluster refused a list of RBAC objects.
func unreadRBAC(s *snapshot.Snapshot) bool {
	return slices.ContainsFunc([]string{snapshot.ClusterRoles, snapshot.ClusterRoleBindings, snapshot.Roles, snapshot.RoleBindings}, s.Missing)
}

func readHint(namespace string) string {
	hint := "ask for get and list on the rbac.authorization.k8s.io resources (ClusterRole view does not include them)"
	if namespace == "" {
		return hint
	}
	return hint + "; a RoleBinding in " + namespace + " suffices for its rolebindings and roles, not for the cluster-wide ones"
}

// cleanLines joins lines each of which may hold untrusted text.
func cleanLines(lines []string) string {
	var clean []string
	for _, l := range lines {
		clean = append(clean, report.Clean(l))
	}
	return strings.Join(clean, "\n")
}
