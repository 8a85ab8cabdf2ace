package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/postern-dev/postern/internal/access"
	"github.com/postern-dev/postern/internal/cluster"
	"github.com/postern-dev/postern/internal/report"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/escalate"
)

const escalateFlag = "escalate"

// whyArguments wants VERB and RESOURCE, or --escalate without.
func whyArguments(cmd *cobra.Command, args []string) error {
	if escalation, err := cmd.Flags().GetBool(escalateFlag); err != nil || !escalation {
		return verbAndResource(cmd, args)
	}
	switch {
	case len(args) > 0:
		return usageError("postern why --escalate [--as SUBJECT]", "--escalate takes no VERB and RESOURCE, got %q", args[0])
	case cmd.Flags().Changed("subresource"):
		return usageError("", "--subresource has no meaning with --escalate")
	}
	return nil
}

// runEscalate is why --escalate: what somebody could come to, instead of why
// they may do one thing.
func runEscalate(cmd *cobra.Command, env *Env, as asFlags, names string) error {
	format, err := env.format(cmd, "table", "wide", "json", "yaml")
	if err != nil {
		return err
	}
	mode, err := env.namesMode(names)
	if err != nil {
		return err
	}
	if err := as.check(env); err != nil {
		return err
	}
	snaps, err := env.escalationSnapshots(cmd.Context())
	if err != nil {
		return err
	}
	subjects, err := env.subjects(cmd.Context(), snaps, as, mode)
	if err != nil {
		return err
	}
	doc := escalationDoc{Kind: "Escalation"}
	var refused []*snapshot.Snapshot
	var results []escalate.Result
	var ids []string
	for _, s := range subjects {
		r := escalate.New(s.asker.Index(), escalationOptions(s.asker.Snapshot(), env.Flags.Namespace, format == "wide")).Paths(s.info)
		results = append(results, r)
		ids = append(append(ids, s.ids()...), reached(r)...)
	}
	known := env.resolveNames(cmd.Context(), mode, snaps[0].Tenant, ids)
	for i, s := range subjects {
		if !already(results[i].Paths) && noBindings(s.asker.Snapshot()) {
			refused = append(refused, s.asker.Snapshot())
		}
		doc.add(s, results[i], env.Flags.Namespace, known)
	}
	if len(refused) == len(subjects) {
		return refusedError(refused...)
	}
	if err := doc.print(env, format); err != nil {
		return err
	}
	return doc.end()
}

// escalationSnapshots reads all namespaces, because paths cross them; where that
// is refused, the one of -n.
func (e *Env) escalationSnapshots(ctx context.Context) ([]*snapshot.Snapshot, error) {
	parts := []cluster.Part{cluster.RBAC, cluster.Version, cluster.Namespaces}
	asked := e.Flags.Namespace
	if len(e.Flags.Filename) > 0 || asked == "" {
		return e.snapshots(ctx, parts...)
	}
	e.Flags.Namespace = ""
	snaps, err := e.snapshots(ctx, parts...)
	e.Flags.Namespace = asked
	if err != nil || !snaps[0].Missing(snapshot.Roles) && !snaps[0].Missing(snapshot.RoleBindings) {
		return snaps, err
	}
	return e.snapshots(ctx, parts...)
}

func escalationOptions(s *snapshot.Snapshot, namespace string, all bool) escalate.Options {
	v, _ := rbac.ParseVersion(s.Version)
	o := escalate.Options{Version: v, Namespace: namespace, All: all}
	for _, n := range s.Namespaces {
		if o.Labels == nil {
			o.Labels = map[string]map[string]string{}
		}
		o.Labels[n.Name] = n.Labels
	}
	return o
}

// reached are the names of everybody on the paths.
func reached(r escalate.Result) (ids []string) {
	for _, list := range [][]escalate.Path{r.Paths, r.Others} {
		for _, p := range list {
			for _, e := range p.Edges {
				if n := e.To.Subject.Name; n != "" && !slices.Contains(ids, n) {
					ids = append(ids, n)
				}
			}
		}
	}
	return ids
}

// already reports whether the first path is no escalation: everything is held.
func already(paths []escalate.Path) bool {
	return len(paths) > 0 && len(paths[0].Edges) == 1 && (paths[0].Edges[0].Kind == escalate.Holds || paths[0].Edges[0].Kind == escalate.Masters)
}

// unfollowed are what could lead further but was not read: of the subject, and
// of everybody it reaches.
func unfollowed(s askedSubject, r escalate.Result, namespace string) (unknown []string) {
	if already(r.Paths) {
		return nil
	}
	unknown = s.asker.Rules(s.info, s.groups, namespace).Unknown
	seen := map[rbac.Subject]bool{}
	for _, p := range r.Others {
		if who := p.To(); who.Kind == escalate.Identity && !seen[who.Subject] {
			seen[who.Subject] = true
			unknown = append(unknown, s.asker.Rules(who.Subject.UserInfo(), access.GroupsFixed, "").Unknown...)
		}
	}
	return unique(unknown)
}

// outside is what no path goes through, because it is not in RBAC.
var outside = []string{
	"what admission policies, webhooks and Pod Security refuse; what a hop needs stands with it",
	"which pods run, as which service account, on which node, and what runs in them",
	"custom resources whose controllers act for others (GitOps, operators), and files on nodes",
	"powers that come together only when two of the identities act as one",
	"Azure: role assignments, owners of Entra groups, the virtual machines of nodes",
}

func (d *escalationDoc) add(s askedSubject, r escalate.Result, namespace string, known names) {
	snap := s.asker.Snapshot()
	rules := s.asker.Rules(s.info, s.groups, namespace)
	a := escalationAnswer{aboutAnswer: about(s, known), Paths: []escalationPath{}, Others: []escalationPath{}, Already: already(r.Paths), More: r.More, MoreOthers: r.MoreOthers}
	v, ok := rbac.ParseVersion(snap.Version)
	if a.Assumed = !ok || snap.VersionAssumed; !ok {
		v = rbac.Newest()
	}
	a.Version = v.String()
	a.Unknown, a.Notes, a.Warnings = listed(unfollowed(s, r, namespace)), append(listed(s.notes), r.Notes...), listed(rules.Warnings)
	a.NotExamined = append(listed(rules.Limits), outside...)
	if snap.Namespaces == nil {
		a.NotExamined = append(a.NotExamined, "labels of namespaces, by which Pod Security goes")
	}
	for _, p := range r.Paths {
		a.Paths = append(a.Paths, describePath(p, known))
	}
	for _, p := range r.Others {
		a.Others = append(a.Others, describePath(p, known))
	}
	d.Answers = append(d.Answers, a)
}

func describePath(p escalate.Path, known names) escalationPath {
	d := escalationPath{To: describeNode(p.To(), known), Sure: p.Sure(), Alike: p.Alike, Hops: []escalationHop{}}
	for _, e := range p.Edges {
		h := escalationHop{From: describeNode(e.From, known), To: describeNode(e.To, known), Kind: e.Kind, Text: e.Text, Certainty: e.Certainty, Needs: listed(e.Needs), Through: e.Through, Remedy: e.Kind.Remedy(), Evidence: []askGrant{}}
		for _, allow := range e.Allows {
			h.Evidence = append(h.Evidence, kubernetesGrant(allow, known))
		}
		d.Hops = append(d.Hops, h)
	}
	return d
}

func describeNode(n escalate.Node, known names) escalationNode {
	d := escalationNode{Kind: n.Kind, Title: n.String(), Namespace: n.Namespace}
	if n.Subject.Kind != "" {
		d.Subject = &namedSubject{n.Subject, known.of(n.Subject.Name)}
	}
	if n.Role.Name != "" {
		d.Role = &n.Role
	}
	return d
}

// end is 5 where something unread could lead further, else 0: the question is
// answered whether there are paths or not.
func (d escalationDoc) end() error {
	for _, a := range d.Answers {
		if len(a.Unknown) > 0 {
			return &ExitError{Code: ExitUnknown}
		}
	}
	return nil
}

func (d escalationDoc) print(env *Env, format string) error {
	var heads []aboutAnswer
	for _, a := range d.Answers {
		heads = append(heads, a.aboutAnswer)
	}
	sayAbout(env, heads, format)
	switch format {
	case "json":
		return report.JSON(env.Stdout, d)
	case "yaml":
		return report.YAML(env.Stdout, d)
	}
	for i, a := range d.Answers {
		if i > 0 {
			if _, err := fmt.Fprintln(env.Stdout); err != nil {
				return err
			}
		}
		if err := a.explain(format == "wide", report.Style{Colour: env.Colour()}).Write(env.Stdout); err != nil {
			return err
		}
	}
	return nil
}

// text is a node with the directory's name for it.
func (n escalationNode) text() string {
	if n.Subject != nil {
		if name := n.Subject.text(); name != "" {
			return strings.Replace(n.Title, n.Subject.Subject.String(), n.Subject.Subject.String()+" ("+name+")", 1)
		}
	}
	return n.Title
}
