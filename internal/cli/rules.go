package cli

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/postern-dev/postern/internal/access"
	"github.com/postern-dev/postern/internal/cluster"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

type rulesOptions struct {
	who     asFlags
	names   string
	noMerge bool
}

func newRulesCmd(env *Env) *cobra.Command {
	var o rulesOptions
	cmd := &cobra.Command{
		Use:   "rules [SUBJECT]",
		Short: "Everything a subject may do, where, and by which role and binding",
		Long: `List the rules a SUBJECT has: scope, verbs, resources with subresources and names,
or URLs, each with the role and binding that give it. Without SUBJECT: of whoever
asks, with the groups the server tells.

SUBJECT is user:NAME, group:NAME, sa:NAMESPACE/NAME, or bare. The groups every such
subject is in are followed; give those its sign-in carries with --as-group.

Rules that say the same, or that a wider one includes, are one line; -o wide and
--no-merge show every rule of every grant. With -n only what holds in that
namespace is shown, cluster-wide grants included.

Reads the cluster, or with -f manifests and snapshots. What could not be read
makes the answer incomplete (exit code 5).`,
		Example: `  postern rules
  postern rules user:hshahin@contoso.example --as-group 66992c59-0f3b-4d6a-9c81-5e7b2a4d8f06
  postern rules sa:ci/deployer -n production -o wide
  kubectl get clusterroles,clusterrolebindings,roles,rolebindings -A -o yaml | postern rules user:ann -f -`,
		Args:              atMost(1, "SUBJECT"),
		RunE:              func(cmd *cobra.Command, args []string) error { return runRules(cmd, env, args, o) },
		ValidArgsFunction: completeSubject,
	}
	groupFlag(cmd, &o.who)
	cmd.Flags().BoolVar(&o.noMerge, "no-merge", false, "every rule of every grant, also those that others include")
	namesFlag(cmd, &o.names)
	env.azureFlags(cmd)
	return uses(cmd, "kubeconfig", "context", "namespace", "all-namespaces", "filename")
}

// groupFlag adds --as-group to a command whose SUBJECT is an argument.
func groupFlag(cmd *cobra.Command, into *asFlags) {
	cmd.Flags().StringArrayVar(&into.groups, "as-group", nil, "a group the subject is in, and with it exactly these; may be repeated")
}

// completeSubject offers the kinds: names would have to be asked for.
func completeSubject(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return []string{"user:", "group:", "sa:"}, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
}

func runRules(cmd *cobra.Command, env *Env, args []string, o rulesOptions) error {
	format, err := env.format(cmd, "table", "wide", "json", "yaml", "csv")
	if err != nil {
		return err
	}
	mode, err := env.namesMode(o.names)
	if err != nil {
		return err
	}
	if err := o.who.argument(env, args); err != nil {
		return err
	}
	snaps, err := env.snapshots(cmd.Context(), cluster.RBAC)
	if err != nil {
		return err
	}
	subjects, err := env.subjects(cmd.Context(), snaps, o.who, mode)
	if err != nil {
		return err
	}
	var ids []string
	var all []access.Rules
	for _, s := range subjects {
		r := s.asker.Rules(s.info, s.groups, env.Flags.Namespace)
		all = append(all, r)
		ids = append(append(ids, s.ids()...), grantedTo(r.Grants)...)
		ids = append(ids, access.ObjectIDs(s.info)...)
	}
	known := env.resolveNames(cmd.Context(), mode, snaps[0].Tenant, ids)
	doc := rulesDoc{Kind: "Rules", Question: subjectQuestion(o.who, env.Flags.Namespace)}
	for i, s := range subjects {
		r := all[i]
		if len(r.Grants) == 0 && noBindings(s.asker.Snapshot()) {
			doc.refused = append(doc.refused, s.asker.Snapshot())
		}
		doc.add(s, r, known)
	}
	if len(doc.refused) == len(subjects) {
		return refusedError(doc.refused...)
	}
	if err := doc.print(env, format, o.noMerge); err != nil {
		return err
	}
	return doc.end()
}

// argument takes SUBJECT for what other commands call --as.
func (a *asFlags) argument(env *Env, args []string) error {
	if len(args) > 0 {
		a.as = args[0]
		if a.as == "" {
			return usageError(subjectHint, "SUBJECT is empty")
		}
	}
	switch {
	case a.as == "" && len(a.groups) > 0:
		return usageError("group:NAME asks about the group itself", "--as-group needs a SUBJECT: groups of whom?")
	case a.as == "" && len(env.Flags.Filename) > 0:
		return usageError(subjectHint, "files do not know who asks: -f needs a SUBJECT")
	}
	return a.check(env)
}

// askedSubject is one reading of SUBJECT in one snapshot.
type askedSubject struct {
	who
	asker *access.Asker
}

// ids is what of a subject may have a name in the directory.
func (s askedSubject) ids() []string { return append([]string{s.info.Username}, s.info.Groups...) }

// subjects are all readings of SUBJECT in all snapshots. A bare object id is
// what the directory says it is.
func (e *Env) subjects(ctx context.Context, snaps []*snapshot.Snapshot, as asFlags, mode string) (all []askedSubject, err error) {
	ids := []string{bareName(as.as)}
	for _, s := range snaps {
		ids = append(ids, azureIDs(s.Azure)...)
	}
	known := e.resolveNames(ctx, mode, snaps[0].Tenant, ids)
	for _, s := range snaps {
		asker := access.New(s)
		readings, err := as.readings(e, asker, known)
		if err != nil {
			return nil, err
		}
		for _, w := range readings {
			w.info.Extra = objectID(w.info, azureIDs(s.Azure), known)
			all = append(all, askedSubject{w, asker})
		}
	}
	return all, nil
}

// objectID adds the object id of a user known by name, where the directory says
// that one of these ids is theirs; a name that is an object id is its own.
func objectID(u rbac.UserInfo, ids []string, known names) map[string][]string {
	if len(u.Extra["oid"]) > 0 || u.Username == "" {
		return u.Extra
	}
	extra := maps.Clone(u.Extra)
	if extra == nil {
		extra = map[string][]string{}
	}
	if guid.MatchString(u.Username) {
		extra["oid"] = []string{strings.ToLower(u.Username)}
		return extra
	}
	for _, id := range ids {
		if n := known.of(id); n.UPN != "" && strings.EqualFold(n.UPN, u.Username) {
			extra["oid"] = []string{id}
			return extra
		}
	}
	return u.Extra
}

// bareName is a SUBJECT without its kind.
func bareName(subject string) string {
	asked, err := parseSubject(subject)
	if err != nil {
		return ""
	}
	return asked.Text
}

// grantedTo is whom the bindings name.
func grantedTo(grants []access.RuleGrant) (ids []string) {
	for _, g := range grants {
		if !slices.Contains(ids, g.Subject.Name) {
			ids = append(ids, g.Subject.Name)
		}
	}
	return ids
}
