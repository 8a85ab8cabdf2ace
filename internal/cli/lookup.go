package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/postern-dev/postern/internal/access"
	"github.com/postern-dev/postern/internal/azure"
	"github.com/postern-dev/postern/internal/cluster"
	"github.com/postern-dev/postern/internal/lookup"
	"github.com/postern-dev/postern/internal/report"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

type lookupOptions struct {
	pattern string
	not     bool
	names   string
}

func newLookupCmd(env *Env) *cobra.Command {
	var o lookupOptions
	cmd := &cobra.Command{
		Use:   "lookup [SUBJECT]",
		Short: "The bindings and roles of a user, group or service account",
		Long: `List the ClusterRoleBindings and RoleBindings of a SUBJECT with the roles they
grant, the groups every such subject is in, and the power that needs no binding
(system:masters); and the Azure role assignments of it at this cluster, above and
below, where they can be read. Without SUBJECT and -e: of everybody.

SUBJECT is user:NAME, group:NAME, sa:NAMESPACE/NAME, or a bare name of any kind;
a GUID is tried as group, user and service principal. -e matches the name of the
subject, NAMESPACE/NAME for a service account. With -n only that namespace's
bindings and the cluster-wide ones are listed. -o name prints the subjects.

Reads the cluster, or with -f manifests and snapshots, several at once. What could not be read makes the answer
incomplete (exit code 5); what was not looked at stands at its end.`,
		Example: `  postern lookup 66992c59-0f3b-4d6a-9c81-5e7b2a4d8f06
  postern lookup user:hshahin@contoso.example
  postern lookup sa:ci/deployer -n production
  postern lookup -e '^system:' --not
  helm template chart | postern lookup -f -`,
		Args: atMost(1, "SUBJECT"),
		RunE: func(cmd *cobra.Command, args []string) error { return runLookup(cmd, env, args, o) },
	}
	cmd.Flags().StringVarP(&o.pattern, "regex", "e", "", "subjects whose name matches this regular expression (RE2)")
	cmd.Flags().BoolVar(&o.not, "not", false, "subjects that SUBJECT or -e does not mean")
	namesFlag(cmd, &o.names)
	env.azureFlags(cmd)
	return uses(cmd, "kubeconfig", "context", "namespace", "all-namespaces", "filename")
}

func runLookup(cmd *cobra.Command, env *Env, args []string, o lookupOptions) error {
	format, err := env.format(cmd, "table", "wide", "json", "yaml", "csv", "name")
	if err != nil {
		return err
	}
	mode, err := env.namesMode(o.names)
	if err != nil {
		return err
	}
	question, err := o.question(cmd, args, env.Flags.Namespace)
	if err != nil {
		return err
	}
	snaps, err := env.snapshots(cmd.Context(), cluster.RBAC)
	if err != nil {
		return err
	}
	question.ObjectIDs = env.objectIDs(cmd.Context(), snaps, question, mode)
	var results []lookup.Result
	var refused []*snapshot.Snapshot
	for _, snap := range snaps {
		r := lookup.Answer(snap, question)
		results = append(results, r)
		if unanswered(snap, r) {
			refused = append(refused, snap)
		}
	}
	if len(refused) == len(snaps) {
		return refusedError(refused...)
	}
	doc := env.document(cmd.Context(), snaps, question, results, mode)
	if err := doc.print(env, format); err != nil {
		return err
	}
	return incomplete(snaps...)
}

// question settles SUBJECT, -e and --not.
func (o lookupOptions) question(cmd *cobra.Command, args []string, namespace string) (lookup.Question, error) {
	q := lookup.Question{Not: o.not, Namespace: namespace}
	withPattern := cmd.Flags().Changed("regex")
	switch {
	case withPattern && len(args) > 0:
		return q, usageError("a SUBJECT is an exact name, -e a pattern", "give SUBJECT or -e, not both")
	case o.not && !withPattern && len(args) == 0:
		return q, usageError("", "--not needs a SUBJECT or -e to exclude")
	case withPattern:
		pattern, err := regexp.Compile(o.pattern)
		if err != nil {
			return q, patternError(o.pattern, err)
		}
		q.Pattern = pattern
	case len(args) > 0:
		asked, err := parseSubject(args[0])
		if err != nil {
			return q, err
		}
		q.Subject = &asked
	}
	return q, nil
}

func fileError(err error) error {
	hint := ""
	if errors.Is(err, fs.ErrNotExist) {
		hint = "-f takes a directory, a file, or - for stdin"
	}
	return &ExitError{Code: ExitUsage, Err: err, Hint: hint}
}

// unanswered reports whether nothing could be told from a snapshot: what needs
// no binding is known whatever could be read.
func unanswered(snap *snapshot.Snapshot, result lookup.Result) bool {
	return noBindings(snap) && len(result.Azure) == 0 && !slices.ContainsFunc(result.Rows, func(r lookup.Row) bool { return r.Grant.Binding == nil })
}

// refusedError is the error of snapshots from which nothing can be told.
func refusedError(snaps ...*snapshot.Snapshot) error {
	hint := []string{hints(snaps...)}
	what := "no RBAC object could be read:\n"
	for _, s := range snaps {
		if s.Source.Kind == snapshot.Files {
			continue
		}
		what = "no binding could be read:\n"
		ask := "ask for get and list on the rbac.authorization.k8s.io resources (ClusterRole view does not include them)"
		if s.Source.Namespace == "" {
			ask += "; with -n NAMESPACE rights in that namespace suffice for its RoleBindings"
		}
		hint = append(hint, ask)
	}
	return &ExitError{Code: ExitRefused, Err: errors.New(what + reasons(snaps...)), Hint: joined(hint)}
}

// incomplete says after the answer that a part of it is missing.
func incomplete(snaps ...*snapshot.Snapshot) error {
	if reasons(snaps...) == "" {
		return nil
	}
	return &ExitError{Code: ExitUnknown, Err: errors.New("the answer is incomplete, this could not be read:\n" + reasons(snaps...)), Hint: hints(snaps...)}
}

// bears reports whether a part bears on who is bound to what.
func bears(what string) bool {
	return !slices.Contains([]string{snapshot.Discovery, snapshot.ServerVersion, snapshot.Namespaces}, what)
}

// reasons are the parts that could not be read, each with why and, among several
// snapshots, where.
func reasons(snaps ...*snapshot.Snapshot) string {
	var lines []string
	for _, s := range snaps {
		for _, u := range s.Unknown {
			line := u.Why
			if u.What != snapshot.Manifest {
				line = u.What + ": " + u.Why
			}
			if len(snaps) > 1 {
				line = s.Name + ": " + line
			}
			if bears(u.What) {
				lines = append(lines, report.Clean(line))
			}
		}
		for _, u := range access.AzureUnread(s.Azure) {
			if len(snaps) > 1 {
				u = s.Name + ": " + u
			}
			lines = append(lines, report.Clean(u))
		}
	}
	return strings.Join(lines, "\n")
}

func hints(snaps ...*snapshot.Snapshot) string {
	var all []string
	for _, s := range snaps {
		for _, u := range s.Unknown {
			if u.Hint != "" && !slices.Contains(all, u.Hint) {
				all = append(all, u.Hint)
			}
		}
	}
	return report.Clean(strings.Join(all, "; "))
}

// objectIDs asks the directory who the principals of role assignments are, where
// the question is about a user by name.
func (e *Env) objectIDs(ctx context.Context, snaps []*snapshot.Snapshot, q lookup.Question, mode string) func(string) []string {
	var ids []string
	for _, s := range snaps {
		ids = append(ids, azureIDs(s.Azure)...)
	}
	if q.Subject == nil || guid.MatchString(q.Subject.Text) || q.Subject.Subject.Kind == rbac.GroupKind || len(ids) == 0 {
		return nil
	}
	known := e.resolveNames(ctx, mode, snaps[0].Tenant, ids)
	return func(user string) (found []string) {
		for _, id := range unique(ids) {
			if n := known.of(id); n.UPN != "" && strings.EqualFold(n.UPN, user) {
				found = append(found, id)
			}
		}
		return found
	}
}

// everyID gathers what may have a name in the directory.
func everyID(rows []lookup.Row) []string {
	var ids []string
	for _, row := range rows {
		ids = append(ids, row.Subject.Name, row.Group)
	}
	return ids
}

// misnamed warns of bindings whose Subject is of another kind in the directory
// than the binding says: such a binding grants nothing.
func misnamed(row lookup.Row, n name) string {
	if row.Grant.Binding == nil || row.Group != "" {
		return ""
	}
	binding := row.Grant.Binding.Kind() + " " + row.Grant.Binding.Name
	switch {
	case guid.MatchString(row.Subject.Name) && row.Subject.Name != strings.ToLower(row.Subject.Name):
		return fmt.Sprintf("%s names %s in upper case; Entra sends object ids in lower case: it grants nothing", binding, row.Subject.Name)
	case row.Subject.Kind == rbac.UserKind && n.Type == string(azure.User):
		return fmt.Sprintf("%s names user %s by object id; AKS knows users by UPN (%s), guests excepted: it may grant nothing", binding, row.Subject.Name, n.UPN)
	case row.Subject.Kind == rbac.UserKind && n.Type == string(azure.Group):
		return fmt.Sprintf("%s names %s as a User, but in the directory it is the group %s: it grants nothing", binding, row.Subject.Name, n.Display)
	case row.Subject.Kind == rbac.GroupKind && n.Type != "" && n.Type != string(azure.Group):
		return fmt.Sprintf("%s names %s as a Group, but in the directory it is the %s %s: it grants nothing", binding, row.Subject.Name, n.Type, n.Display)
	}
	return ""
}
