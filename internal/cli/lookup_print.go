package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/lookup"
	"github.com/postern-dev/postern/internal/report"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

// lookupDoc is the answer as docs/schema/lookup.json describes it.
type lookupDoc struct {
	Kind        string             `json:"kind"`
	Source      snapshot.Source    `json:"source"`
	Question    lookupAsked        `json:"question"`
	Grants      []lookupGrant      `json:"grants"`
	Warnings    []string           `json:"warnings"`
	Unknown     []snapshot.Unknown `json:"unknown"`
	NotExamined []string           `json:"notExamined"`

	near      []rbac.Subject
	remarks   []snapshot.Remark
	nameless  string
	singleOne bool
}

type lookupAsked struct {
	Subject string `json:"subject,omitempty"`
	Regex   string `json:"regex,omitempty"`
	Not     bool   `json:"not,omitempty"`
}

type lookupGrant struct {
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
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

type lookupRole struct {
	rbac.RoleRef
	State lookup.RoleState `json:"state"`
	Rules []rbac.Rule      `json:"rules,omitempty"`
}

// clusterScope is how JSON and tables say "everywhere".
const clusterScope = "cluster"

func (e *Env) document(ctx context.Context, snap *snapshot.Snapshot, q lookup.Question, r lookup.Result, mode, tenant string) lookupDoc {
	known := e.resolveNames(ctx, mode, tenant, everyID(r.Rows))
	doc := lookupDoc{
		Kind: "Lookup", Source: snap.Source, Question: lookupAsked{Not: q.Not},
		Grants: []lookupGrant{}, Warnings: append([]string{}, r.Warnings...),
		Unknown: append([]snapshot.Unknown{}, snap.Unknown...), NotExamined: append([]string{}, r.NotExamined...),
		near: r.Near, remarks: snap.Remarks, singleOne: q.Subject != nil && !q.Not,
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
	for _, row := range r.Rows {
		doc.add(row, known)
	}
	return doc
}

func (d *lookupDoc) add(row lookup.Row, known names) {
	g := lookupGrant{Subject: namedSubject{row.Subject, known.of(row.Subject.Name)}, Basis: row.Basis, Reason: row.Grant.Reason, Scope: clusterScope}
	if row.Group != "" {
		g.Group = &namedValue{row.Group, known.of(row.Group)}
	}
	if b := row.Grant.Binding; b != nil {
		g.Binding = &lookupBinding{b.Kind(), b.Namespace, b.Name}
		g.Role = &lookupRole{b.Role, row.State, row.Role.Rules}
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
	for _, g := range d.Grants {
		if s := g.Subject.String(); !seen[s] {
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
	if len(d.Grants) == 0 {
		d.sayNothing(env)
	} else if err := d.table().Text(env.Stdout, style); err != nil {
		return err
	}
	var footer []string
	for _, u := range d.Unknown {
		footer = append(footer, "unknown: "+u.What+" could not be read")
	}
	for _, n := range d.NotExamined {
		footer = append(footer, "not examined: "+n)
	}
	for i, line := range slices.Compact(footer) {
		if i == 0 && len(d.Grants) > 0 {
			fmt.Fprintln(env.Stdout)
		}
		if _, err := fmt.Fprintln(env.Stdout, style.Faint(report.Clean(line))); err != nil {
			return err
		}
	}
	return nil
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
	t := report.Table{Columns: report.Columns("KIND", "SUBJECT", "NAME", "ROLE", "SCOPE", "BINDING", "+THROUGH", "+BASIS", "+RULES")}
	named := false
	for _, g := range d.Grants {
		row := g.row()
		named = named || row[2] != ""
		t.Rows = append(t.Rows, row)
	}
	if !named {
		t.Columns[2].Wide = true // nothing to show: leave the room to the others
	}
	return t
}

// row shows whom the binding names; through which Subject it concerns the one
// asked for is in the wide columns.
func (g lookupGrant) row() []string {
	kind, label, through, n := string(g.Subject.Kind), g.Subject.Label(), "", g.Subject.name
	if g.Group != nil {
		kind, label, through, n = string(rbac.GroupKind), g.Group.Name, g.Subject.String(), g.Group.name
	}
	row := []string{kind, label, n.text(), "everything", g.Scope, "none needed", through, string(g.Basis), ""}
	if g.Binding != nil {
		row[3] = g.roleText()
		row[5] = g.Binding.Kind + "/" + g.Binding.Name
		row[8] = g.rulesText()
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
