package cli

import (
	"cmp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/postern-dev/postern/internal/access"
	"github.com/postern-dev/postern/internal/cluster"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac/resource"
)

type accessOptions struct {
	who       asFlags
	diff      string
	verbs     []string
	resources []string
	ascii     bool
	all       bool
	names     string
}

func newAccessCmd(env *Env) *cobra.Command {
	var o accessOptions
	cmd := &cobra.Command{
		Use:   "access [SUBJECT]",
		Short: "What a subject may do with each resource: a matrix of resources and verbs",
		Long: `Show which verbs a SUBJECT may use on which resources: in the cluster, that is in
all namespaces, and in each namespace where it may do more. Without SUBJECT: of
whoever asks, with the groups the server tells.

Resources are those the server serves; offline, those of Kubernetes itself and
those the rules name. Resources on which the subject may do nothing are counted,
not listed; --all lists them. Verbs without a column (bind, escalate, impersonate,
approve, …) stand behind them.

--diff SUBJECT shows only what two subjects differ in, both ways: each mark is the
first one's and the second one's. -n looks at one namespace.

Reads the cluster, or with -f manifests and snapshots. What could not be read makes
the answer incomplete (exit code 5).`,
		Example: `  postern access
  postern access user:hshahin@contoso.example --as-group 66992c59-0f3b-4d6a-9c81-5e7b2a4d8f06
  postern access sa:ci/deployer -n production --verbs get,list,create
  postern access group:dev-team --resource pods,pods/exec,secrets --all
  postern access user:ann --diff user:bob -f snapshot.json`,
		Args:              atMost(1, "SUBJECT"),
		RunE:              func(cmd *cobra.Command, args []string) error { return runAccess(cmd, env, args, o) },
		ValidArgsFunction: completeSubject,
	}
	groupFlag(cmd, &o.who)
	f := cmd.Flags()
	f.StringVar(&o.diff, "diff", "", "show what SUBJECT and this one differ in; --as-group is for the first")
	f.StringSliceVar(&o.verbs, "verbs", nil, "these columns only, e.g. get,list,impersonate")
	f.StringSliceVar(&o.resources, "resource", nil, "these resources only: RESOURCE[.GROUP][/SUBRESOURCE], as kubectl names them; with one named, its subresources too")
	f.BoolVar(&o.all, "all", false, "also resources on which nothing is allowed")
	f.BoolVar(&o.ascii, "ascii", false, "marks a plain terminal can show")
	namesFlag(cmd, &o.names)
	env.azureFlags(cmd)
	completeList(cmd, "verbs", func() []string { return verbsOf(resource.Builtin()) })
	completeList(cmd, "resource", func() []string { return resourcesFor(resource.Builtin(), "*") })
	completeList(cmd, "diff", func() []string { return []string{"user:", "group:", "sa:"} })
	return uses(cmd, "kubeconfig", "context", "namespace", "all-namespaces", "filename")
}

// completeList offers values for a flag that takes one or, behind commas, more.
func completeList(cmd *cobra.Command, flag string, values func() []string) {
	err := cmd.RegisterFlagCompletionFunc(flag, func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
		before := begun[:strings.LastIndex(begun, ",")+1]
		var offered []string
		for _, v := range values() {
			if strings.HasPrefix(before+v, begun) {
				offered = append(offered, before+v)
			}
		}
		return offered, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	})
	if err != nil {
		panic("BUG: complete --" + flag + ": " + err.Error())
	}
}

func runAccess(cmd *cobra.Command, env *Env, args []string, o accessOptions) error {
	format, err := env.format(cmd, "table", "wide", "json", "yaml", "csv")
	if err != nil {
		return err
	}
	mode, err := env.namesMode(o.names)
	if err != nil {
		return err
	}
	if err := o.check(env, args); err != nil {
		return err
	}
	snaps, err := env.snapshots(cmd.Context(), cluster.RBAC, cluster.Discovery)
	if err != nil {
		return err
	}
	subjects, err := env.subjects(cmd.Context(), snaps, o.who, mode)
	if err != nil {
		return err
	}
	var others []askedSubject
	if o.diff != "" {
		if others, err = env.subjects(cmd.Context(), snaps, asFlags{as: o.diff}, mode); err != nil {
			return err
		}
		if err := cmp.Or(one(o.who.as, subjects), one(o.diff, others)); err != nil {
			return err
		}
	}
	var ids []string
	for _, s := range slices.Concat(subjects, others) {
		ids = append(ids, s.ids()...)
	}
	known := env.resolveNames(cmd.Context(), mode, snaps[0].Tenant, ids)
	if o.diff != "" {
		return env.accessDiff(o, subjects, others, known, format)
	}
	doc := accessDoc{Kind: "Access", Question: o.question(env)}
	for _, s := range subjects {
		m, table, err := env.matrix(s, o)
		if err != nil {
			return err
		}
		if refusedMatrix(s, m) {
			doc.refused = append(doc.refused, s.asker.Snapshot())
		}
		doc.add(s, m, table, o.all || len(o.resources) > 0, known)
	}
	if len(doc.refused) == len(subjects) {
		return refusedError(doc.refused...)
	}
	if err := doc.print(env, format, marks(o.ascii)); err != nil {
		return err
	}
	return endAbout(doc.heads())
}

// refusedMatrix: nobody could be asked, and nothing is known without asking.
func refusedMatrix(s askedSubject, m access.Matrix) bool {
	return noBindings(s.asker.Snapshot()) && !slices.ContainsFunc(m.Rows, access.MatrixRow.Any)
}

// accessDiff is what two subjects differ in, snapshot by snapshot.
func (e *Env) accessDiff(o accessOptions, subjects, others []askedSubject, known names, format string) error {
	doc := accessDiffDoc{Kind: "AccessDiff", Question: o.question(e)}
	var refused []*snapshot.Snapshot
	for i, first := range subjects {
		a, _, err := e.matrix(first, o)
		if err != nil {
			return err
		}
		b, _, err := e.matrix(others[i], o)
		if err != nil {
			return err
		}
		if refusedMatrix(first, a) && refusedMatrix(others[i], b) {
			refused = append(refused, first.asker.Snapshot())
		}
		doc.add(first, others[i], a, b, known)
	}
	if len(refused) == len(subjects) {
		return refusedError(refused...)
	}
	if err := doc.print(e, format, marks(o.ascii)); err != nil {
		return err
	}
	return endAbout(doc.heads())
}

func (o accessOptions) question(env *Env) accessAsked {
	return accessAsked{aboutSubject: subjectQuestion(o.who, env.Flags.Namespace), Diff: o.diff, Verbs: o.columns(), Resources: o.resources}
}

// check refuses what makes no sense whatever the cluster says.
func (o *accessOptions) check(env *Env, args []string) error {
	if err := o.who.argument(env, args); err != nil {
		return err
	}
	for flag, list := range map[string][]string{"--verbs": o.verbs, "--resource": o.resources} {
		if slices.Contains(list, "") {
			return usageError("", "%s has an empty value", flag)
		}
	}
	if i := slices.IndexFunc(o.verbs, func(v string) bool { return v != strings.ToLower(v) || strings.ContainsAny(v, " *") }); i >= 0 {
		return usageError("verbs are words in lower case: "+strings.Join(access.Verbs, ", ")+", impersonate, …", "--verbs: %q is not a verb", o.verbs[i])
	}
	if o.diff == "" {
		return nil
	}
	if o.diff == o.who.as {
		return usageError("", "--diff %s is the subject itself", o.diff)
	}
	_, err := parseSubject(o.diff)
	return err
}

// one refuses a SUBJECT of several meanings: what two differ in can be shown
// where both are one.
func one(text string, readings []askedSubject) error {
	for i := 1; i < len(readings); i++ {
		if readings[i].asker == readings[i-1].asker {
			return usageError("say which: "+readings[i-1].text+" or "+readings[i].text, "SUBJECT %q has several meanings", text)
		}
	}
	return nil
}

// columns are the verbs with a column; nil: the usual ones, with others beside.
func (o accessOptions) columns() []string { return unique(o.verbs) }

// matrix is one subject's, over the resources of its snapshot.
func (e *Env) matrix(s askedSubject, o accessOptions) (access.Matrix, *resource.Table, error) {
	table := e.table(s.asker.Snapshot())
	only, err := only(table, o.resources)
	if err != nil {
		return access.Matrix{}, nil, err
	}
	m := s.asker.Matrix(s.info, s.groups, access.MatrixOptions{Table: table, Namespace: e.Flags.Namespace, Verbs: o.columns(), Only: only})
	if len(m.Rows) == 0 && e.Flags.Namespace != "" && len(o.resources) > 0 {
		return m, nil, usageError("leave out -n", "%s: not in namespaces", strings.Join(o.resources, ", "))
	}
	return m, table, nil
}

// only is the choice of --resource; nil: all. A resource means its subresources
// too, R/S only itself.
func only(table *resource.Table, texts []string) (func(group, name, sub string) bool, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	type pick struct{ group, name, sub string }
	picks := map[pick]bool{}
	for _, text := range texts {
		target, err := resource.Parse(table, text, resource.Options{})
		switch {
		case err != nil:
			return nil, resourceError(err)
		case target.Path != "" || target.Name != "" || target.Resource.Name == "*":
			return nil, usageError("RESOURCE[.GROUP] or RESOURCE[.GROUP]/SUBRESOURCE", "--resource %q is not one resource", text)
		}
		picks[pick{target.Resource.Group, target.Resource.Name, target.Sub}] = true
	}
	return func(group, name, sub string) bool {
		return picks[pick{group, name, sub}] || picks[pick{group, name, ""}]
	}, nil
}
