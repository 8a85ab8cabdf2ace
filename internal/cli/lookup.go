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

	"github.com/postern-dev/postern/internal/azure"
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
(system:masters). Without SUBJECT and -e: of everybody.

SUBJECT is user:NAME, group:NAME, sa:NAMESPACE/NAME, or a bare name of any kind;
a GUID is tried as group, user and service principal. -e matches the name of the
subject, NAMESPACE/NAME for a service account. With -n only that namespace's
bindings and the cluster-wide ones are listed. -o name prints the subjects.

Reads the cluster, or with -f manifests. What could not be read makes the answer
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
	snap, tenant, err := env.read(cmd.Context(), question.Namespace)
	if err != nil {
		return err
	}
	result := lookup.Answer(snap, question)
	if err := unanswered(snap, result); err != nil {
		return err
	}
	doc := env.document(cmd.Context(), snap, question, result, mode, tenant)
	if err := doc.print(env, format); err != nil {
		return err
	}
	return incomplete(snap)
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

// read takes the snapshot from manifests or from the cluster.
func (e *Env) read(ctx context.Context, namespace string) (*snapshot.Snapshot, string, error) {
	if len(e.Flags.Filename) > 0 {
		for flag, value := range map[string]string{"--context": e.Flags.Context, "--kubeconfig": e.Flags.Kubeconfig} {
			if value != "" {
				return nil, "", usageError("", "-f reads manifests: %s has no meaning with it", flag)
			}
		}
		snap, err := snapshot.Reader{Stdin: e.Stdin, Namespace: namespace}.Read(ctx, e.Flags.Filename, e.Now())
		if err != nil && ctx.Err() == nil {
			return nil, "", fileError(err)
		}
		return snap, "", err
	}
	client, err := e.connect()
	if err != nil {
		return nil, "", err
	}
	snap, err := client.Snapshot(ctx, namespace, e.Now())
	if err != nil {
		return nil, "", clusterError(err)
	}
	snap.Source = e.source(client)
	snap.Source.Namespace = namespace
	return snap, tenant(client.Credentials()), nil
}

func fileError(err error) error {
	hint := ""
	if errors.Is(err, fs.ErrNotExist) {
		hint = "-f takes a directory, a file, or - for stdin"
	}
	return &ExitError{Code: ExitUsage, Err: err, Hint: hint}
}

// unanswered is the error of a snapshot from which nothing could be told.
func unanswered(snap *snapshot.Snapshot, result lookup.Result) error {
	nothing := snap.Missing(snapshot.ClusterRoleBindings) && snap.Missing(snapshot.RoleBindings)
	if snap.Source.Kind == snapshot.Files {
		nothing = snap.Missing(snapshot.Manifest) && len(snap.RBAC.Bindings)+len(snap.RBAC.Roles) == 0
	}
	for _, row := range result.Rows {
		if row.Grant.Binding == nil {
			nothing = false // what needs no binding is known whatever could be read
		}
	}
	if !nothing {
		return nil
	}
	if snap.Source.Kind == snapshot.Files {
		return &ExitError{Code: ExitRefused, Err: errors.New("no RBAC object could be read:\n" + reasons(snap)), Hint: hints(snap)}
	}
	hint := "ask for get and list on the rbac.authorization.k8s.io resources (ClusterRole view does not include them)"
	if snap.Source.Namespace == "" {
		hint += "; with -n NAMESPACE rights in that namespace suffice for its RoleBindings"
	}
	return &ExitError{Code: ExitRefused, Err: errors.New("no binding could be read:\n" + reasons(snap)), Hint: hint}
}

// incomplete says after the answer that a part of it is missing.
func incomplete(snap *snapshot.Snapshot) error {
	if len(snap.Unknown) == 0 {
		return nil
	}
	return &ExitError{Code: ExitUnknown, Err: errors.New("the answer is incomplete, this could not be read:\n" + reasons(snap)), Hint: hints(snap)}
}

func reasons(snap *snapshot.Snapshot) string {
	var lines []string
	for _, u := range snap.Unknown {
		line := u.Why
		if u.What != snapshot.Manifest {
			line = u.What + ": " + u.Why
		}
		lines = append(lines, report.Clean(line))
	}
	return strings.Join(lines, "\n")
}

func hints(snap *snapshot.Snapshot) string {
	var all []string
	for _, u := range snap.Unknown {
		if u.Hint != "" && !slices.Contains(all, u.Hint) {
			all = append(all, u.Hint)
		}
	}
	return report.Clean(strings.Join(all, "; "))
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
