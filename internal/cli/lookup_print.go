package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/access"
	"github.com/postern-dev/postern/internal/lookup"
	"github.com/postern-dev/postern/internal/report"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

// lookupDoc is the answer as docs/schema/lookup.json describes it.
type lookupDoc struct {
	Kind        string             `json:"kind"`
	Source      *snapshot.Source   `json:"source,omitempty"` // where there is only one cluster
	Clusters    []lookupCluster    `json:"clusters"`
	Question    lookupAsked        `json:"question"`
	Grants      []lookupGrant      `json:"grants"`
	Azure       []lookupAssignment `json:"azure"`
	Warnings    []string           `json:"warnings"`
	Unknown     []snapshot.Unknown `json:"unknown"`
	NotExamined []string           `json:"notExamined"`

	near      []rbac.Subject
	remarks   []snapshot.Remark
	nameless  string
	singleOne bool
}

// lookupCluster is one snapshot and what could not be told from it.
type lookupCluster struct {
	Cluster     string             `json:"cluster"`
	Source      snapshot.Source    `json:"source"`
	Unknown     []snapshot.Unknown `json:"unknown"`
	NotExamined []string           `json:"notExamined"`
}

// lookupAssignment is one Azure role assignment of one Subject.
type lookupAssignment struct {
	azureGrant
	Subject namedSubject `json:"subject"`
	Group   *namedValue  `json:"group,omitempty"`
	Basis   lookup.Basis `json:"basis"`
}

type lookupAsked struct {
	Subject string `json:"subject,omitempty"`
	Regex   string `json:"regex,omitempty"`
	Not     bool   `json:"not,omitempty"`
}

type lookupGrant struct {
	Cluster string         `json:"cluster"`
	Subject namedSubject   `json:"subject"`
	Group   *namedValue    `json:"group,omitempty"` // the grant comes through this group
	Basis   lookup.Basis   `json:"basis"`
	Binding *lookupBinding `json:"binding"` // null: no binding is needed, see reason
	Reason  string         `json:"reason,omitempty"`
	Role    *lookupRole    `json:"role"` // null where there is no binding
	Scope   string         `json:"scope"`
	All     bool           `json:"everything"` // every verb on every resource in the scope
}

type namedSubject struct {
	rbac.Subject
	name
}

type lookupBinding struct {
	Kind      string        `json:"kind"`
	Namespace string        `json:"namespace,omitempty"`
	Name      string        `json:"name"`
	At        rbac.Position `json:"at,omitzero"` // where a file says so
}

type lookupRole struct {
	rbac.RoleRef
	State lookup.RoleState `json:"state"`
	At    rbac.Position    `json:"at,omitzero"`
	Rules []rbac.Rule      `json:"rules,omitempty"`
}

// clusterScope is how JSON and tables say "everywhere".
const clusterScope = "cluster"

func (e *Env) document(ctx context.Context, snaps []*snapshot.Snapshot, q lookup.Question, results []lookup.Result, mode string) lookupDoc {
	var ids []string
	for _, r := range results {
		ids = append(ids, everyID(r.Rows)...)
		for _, row := range r.Azure {
			ids = append(ids, row.Grant.Principal)
		}
	}
	known := e.resolveNames(ctx, mode, snaps[0].Tenant, ids)
	doc := lookupDoc{
		Kind: "Lookup", Clusters: []lookupCluster{}, Question: lookupAsked{Not: q.Not}, Grants: []lookupGrant{}, Azure: []lookupAssignment{},
		Warnings: []string{}, Unknown: []snapshot.Unknown{}, NotExamined: []string{}, singleOne: q.Subject != nil && !q.Not,
	}
	if len(snaps) == 1 {
		doc.Source = &snaps[0].Source
	}
	if q.Pattern != nil {
		doc.Question.Regex = q.Pattern.String()
	}
	if q.Subject != nil {
		doc.Question.Subject = q.Subject.Text
		if q.Subject.Subject.Kind != "" {
			doc.Question.Subject = q.Subject.Subject.String()
		}
	}
	for i, r := range results {
		doc.join(snaps[i], r, known, len(snaps) > 1)
	}
	return doc
}

// join adds the answer from one snapshot; among several it is named everywhere.
func (d *lookupDoc) join(snap *snapshot.Snapshot, r lookup.Result, known names, several bool) {
	prefix := ""
	if several {
		prefix = snap.Name + ": "
	}
	c := lookupCluster{Cluster: snap.Name, Source: snap.Source, Unknown: []snapshot.Unknown{}, NotExamined: listed(r.NotExamined)}
	for _, u := range snap.Unknown {
		if bears(u.What) {
			c.Unknown = append(c.Unknown, u)
			d.Unknown = append(d.Unknown, snapshot.Unknown{What: u.What, Why: prefix + u.Why, Hint: u.Hint})
		}
	}
	for _, why := range access.AzureUnread(snap.Azure) {
		c.Unknown = append(c.Unknown, snapshot.Unknown{What: snapshot.Azure, Why: why})
		d.Unknown = append(d.Unknown, snapshot.Unknown{What: snapshot.Azure, Why: prefix + why})
	}
	for _, w := range r.Warnings {
		d.Warnings = append(d.Warnings, prefix+w)
	}
	for _, n := range r.NotExamined {
		d.NotExamined = append(d.NotExamined, prefix+n)
	}
	d.Clusters = append(d.Clusters, c)
	d.remarks = append(d.remarks, snap.Remarks...)
	d.near = append(d.near, r.Near...)
	for _, row := range r.Rows {
		d.add(snap.Name, row, known)
	}
	for _, row := range r.Azure {
		a := lookupAssignment{azureGrant: describeAzure(snap.Name, snap.Azure, row.Grant, known), Subject: namedSubject{row.Subject, known.of(row.Subject.Name)}, Basis: row.Basis}
		if row.Group != "" {
			a.Group = &namedValue{row.Group, known.of(row.Group)}
		}
		if u := a.Principal.Unknown; u != "" && u != notInDirectory {
			d.nameless = u
		}
		d.Azure = append(d.Azure, a)
	}
}

func (d *lookupDoc) add(cluster string, row lookup.Row, known names) {
	g := lookupGrant{Cluster: cluster, Subject: namedSubject{row.Subject, known.of(row.Subject.Name)}, Basis: row.Basis, Reason: row.Grant.Reason, Scope: clusterScope}
	if row.Group != "" {
		g.Group = &namedValue{row.Group, known.of(row.Group)}
	}
	if b := row.Grant.Binding; b != nil {
		g.Binding = &lookupBinding{b.Kind(), b.Namespace, b.Name, b.At}
		g.Role = &lookupRole{b.Role, row.State, row.Role.At, row.Role.Rules}
		g.All = rbac.Everything(row.Role.Rules)
		if b.Namespace != "" {
			g.Scope = b.Namespace
		}
	} else {
		g.All = true
	}
	if warning := misnamed(row, g.Subject.name); warning != "" && !slices.Contains(d.Warnings, warning) {
		d.Warnings = append(d.Warnings, warning)
	}
	for _, n := range []name{g.Subject.name, g.groupName()} {
		if n.Unknown != "" && n.Unknown != notInDirectory {
			d.nameless = n.Unknown
		}
	}
	d.Grants = append(d.Grants, g)
}

func (g lookupGrant) groupName() name {
	if g.Group == nil {
		return name{}
	}
	return g.Group.name
}

// print writes the answer to stdout and what must be said beside it to stderr.
func (d lookupDoc) print(env *Env, format string) error {
	for _, r := range d.remarks {
		env.Say("%s", report.Clean(r.Text))
	}
	for _, w := range d.Warnings {
		env.Warn("%s", report.Clean(w))
	}
	if d.nameless != "" && format != "json" && format != "yaml" {
		env.Say("name unknown: %s", d.nameless)
	}
	switch format {
	case "json":
		return report.JSON(env.Stdout, d)
	case "yaml":
		return report.YAML(env.Stdout, d)
	case "csv":
		d.sayLimits(env)
		return d.table().CSV(env.Stdout)
	case "name":
		d.sayLimits(env)
		return d.printNames(env)
	}
	return d.printTable(env, format == "wide")
}

func (d lookupDoc) printNames(env *Env) error {
	seen := map[string]bool{}
	var subjects []rbac.Subject
	for _, g := range d.Grants {
		subjects = append(subjects, g.Subject.Subject)
	}
	for _, a := range d.Azure {
		subjects = append(subjects, a.Subject.Subject)
	}
	for _, subject := range subjects {
		if s := subject.String(); !seen[s] {
			seen[s] = true
			if _, err := fmt.Fprintln(env.Stdout, report.Clean(s)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d lookupDoc) printTable(env *Env, wide bool) error {
	style := report.Style{Wide: wide, Colour: env.Colour()}
	if len(d.Grants)+len(d.Azure) == 0 {
		d.sayNothing(env)
	} else if err := placed(d.table()).Text(env.Stdout, style); err != nil {
		return err
	}
	var footer []string
	for _, c := range d.Clusters {
		prefix := ""
		if len(d.Clusters) > 1 {
			prefix = c.Cluster + ": "
		}
		for _, u := range c.Unknown {
			footer = append(footer, prefix+"unknown: "+u.What+" could not be read")
		}
		for _, n := range c.NotExamined {
			footer = append(footer, prefix+"not examined: "+n)
		}
	}
	for i, line := range unique(footer) {
		if i == 0 && len(d.Grants)+len(d.Azure) > 0 {
			fmt.Fprintln(env.Stdout)
		}
		if _, err := fmt.Fprintln(env.Stdout, style.Faint(report.Clean(line))); err != nil {
			return err
		}
	}
	return nil
}

// placed drops the column of places where nothing has one: what a cluster holds
// stands in no file.
func placed(t report.Table) report.Table {
	i := slices.IndexFunc(t.Columns, titled("AT"))
	if !slices.ContainsFunc(t.Rows, func(row []string) bool { return row[i] != "" }) {
		drop(&t, "AT")
	}
	return t
}

// sayNothing tells that no binding was found, and what may have been meant.
func (d lookupDoc) sayNothing(env *Env) {
	switch {
	case d.singleOne:
		env.Say("no binding names %s", report.Clean(d.Question.Subject))
	default:
		env.Say("no subject matches")
	}
	var near []string
	for _, s := range d.near {
		near = append(near, s.String())
	}
	if len(near) > 0 && !env.Flags.Quiet {
		env.Hint("bound are %s", report.Clean(strings.Join(near, ", ")))
	}
}

// sayLimits is the table's footer where stdout is for programs.
func (d lookupDoc) sayLimits(env *Env) {
	for _, n := range d.NotExamined {
		env.Say("not examined: %s", report.Clean(n))
	}
}

func (d lookupDoc) table() report.Table {
	t := report.Table{Columns: report.Columns("CLUSTER", "KIND", "SUBJECT", "NAME", "ROLE", "SCOPE", "BINDING", "+THROUGH", "+BASIS", "+RULES", "+AT")}
	for _, g := range d.Grants {
		t.Rows = append(t.Rows, append([]string{g.Cluster}, g.row()...))
	}
	for _, a := range d.Azure {
		t.Rows = append(t.Rows, append([]string{a.Cluster}, a.row()...))
	}
	slices.SortStableFunc(t.Rows, func(a, b []string) int { return d.order(a[0]) - d.order(b[0]) })
	if len(d.Clusters) < 2 {
		drop(&t, "CLUSTER")
	}
	hideEmpty(&t, "NAME")
	return t
}

// order is a cluster's place in the question.
func (d lookupDoc) order(cluster string) int {
	return slices.IndexFunc(d.Clusters, func(c lookupCluster) bool { return c.Cluster == cluster })
}

// row of an assignment: the principal is whom Azure knows by an object id.
func (a lookupAssignment) row() []string {
	s, n, through := a.Subject, a.Principal.name, ""
	if a.Group != nil {
		s, through = namedSubject{Subject: rbac.Group(a.Group.Name)}, a.Subject.String()
	}
	return []string{string(s.Kind), s.Label(), n.text(), a.roleText(), a.Scope, a.assignmentText(), through, string(a.Basis), "", ""}
}

// row shows whom the binding names; through which Subject it concerns the one
// asked for is in the wide columns.
func (g lookupGrant) row() []string {
	kind, label, through, n := string(g.Subject.Kind), g.Subject.Label(), "", g.Subject.name
	if g.Group != nil {
		kind, label, through, n = string(rbac.GroupKind), g.Group.Name, g.Subject.String(), g.Group.name
	}
	row := []string{kind, label, n.text(), "everything", g.Scope, "none needed", through, string(g.Basis), "", ""}
	if g.Binding != nil {
		row[3] = g.roleText()
		row[5] = g.Binding.Kind + "/" + g.Binding.Name
		row[8] = g.rulesText()
		row[9] = strings.Trim(place(g.Binding.At), " ()")
	}
	return row
}

func (g lookupGrant) roleText() string {
	text := string(g.Role.Kind) + "/" + g.Role.Name
	switch {
	case g.Role.State == lookup.Missing:
		return text + " (does not exist)"
	case g.All:
		return text + " (everything)"
	}
	return text
}

func (g lookupGrant) rulesText() string {
	if g.Role.State != lookup.Found {
		return string(g.Role.State)
	}
	return fmt.Sprint(len(g.Role.Rules))
}
