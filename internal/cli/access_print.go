package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/access"
	"github.com/postern-dev/postern/internal/report"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac/resource"
)

// accessDoc is the answer as docs/schema/access.json describes it.
type accessDoc struct {
	Kind     string         `json:"kind"`
	Question accessAsked    `json:"question"`
	Answers  []accessAnswer `json:"answers"`

	refused []*snapshot.Snapshot
}

type accessAsked struct {
	aboutSubject
	Diff      string   `json:"diff,omitempty"`
	Verbs     []string `json:"verbs,omitempty"`     // --verbs
	Resources []string `json:"resources,omitempty"` // --resource
}

// accessAnswer is one subject's matrix in one cluster.
type accessAnswer struct {
	aboutAnswer
	ResourcesFrom string      `json:"resourcesFrom"` // server, or built-in
	Rows          []accessRow `json:"rows"`
	Others        accessRest  `json:"others"` // resources without a row

	verbs []string
}

// accessRest are the resources on which nothing is known to be allowed.
type accessRest struct {
	Count   int             `json:"count"`
	Allowed snapshot.Answer `json:"allowed"` // no, or unknown
}

// accessRow is one resource in one scope.
type accessRow struct {
	Scope    string                 `json:"scope"`
	APIGroup *string                `json:"apiGroup,omitempty"`
	Resource string                 `json:"resource,omitempty"`
	URL      string                 `json:"url,omitempty"`
	Listed   bool                   `json:"listed"` // false: only a rule names it
	Verbs    map[string]access.Cell `json:"verbs"`  // those the resource has
	Names    map[string][]string    `json:"names,omitempty"`
	Other    []accessOther          `json:"other,omitempty"`

	row access.MatrixRow
}

// accessOther is a verb without a column.
type accessOther struct {
	Verb    string      `json:"verb"`
	Allowed access.Cell `json:"allowed"`
	Names   []string    `json:"names,omitempty"`
}

const (
	fromServer  = "server"
	fromBuiltin = "built-in"
)

func (d *accessDoc) add(s askedSubject, m access.Matrix, table *resource.Table, all bool, known names) {
	a := accessAnswer{aboutAnswer: about(s, known), ResourcesFrom: fromBuiltin, Rows: []accessRow{}, verbs: m.Verbs, Others: accessRest{Allowed: snapshot.No}}
	if table.Live {
		a.ResourcesFrom = fromServer
	}
	a.Unknown, a.Notes, a.NotExamined = listed(m.Unknown), append(listed(s.notes), m.Notes...), listed(m.Limits)
	a.Unknown = append(a.Unknown, undiscovered(a.snapshot)...)
	a.Warnings = listed(s.asker.Warnings(s.info))
	for _, r := range m.Rows {
		if all || r.Any() {
			a.Rows = append(a.Rows, describeRow(r, m.Verbs))
			continue
		}
		a.Others.Count++
		if slices.Contains(r.Cells, access.CellUnknown) {
			a.Others.Allowed = snapshot.Unclear
		}
	}
	d.Answers = append(d.Answers, a)
}

// undiscovered says that the server did not tell its resources.
func undiscovered(s *snapshot.Snapshot) (unknown []string) {
	for _, u := range s.Unknown {
		if u.What == snapshot.Discovery {
			unknown = append(unknown, "resources the server has beside those of Kubernetes itself: "+u.Why)
		}
	}
	return unknown
}

func describeRow(r access.MatrixRow, verbs []string) accessRow {
	d := accessRow{Scope: cmp.Or(r.Scope, clusterScope), Resource: r.Resource, URL: r.URL, Listed: r.Listed, Verbs: map[string]access.Cell{}, Names: r.Names, row: r}
	if r.URL == "" {
		d.APIGroup = &r.APIGroup
	}
	for i, verb := range verbs {
		if r.Cells[i] != access.CellNone {
			d.Verbs[verb] = r.Cells[i]
		}
	}
	for _, s := range r.Special {
		d.Other = append(d.Other, accessOther{s.Verb, s.Cell, s.Names})
	}
	return d
}

func (d accessDoc) heads() (heads []aboutAnswer) {
	for _, a := range d.Answers {
		heads = append(heads, a.aboutAnswer)
	}
	return heads
}

// print writes the answer to stdout and what must be said beside it to stderr.
func (d accessDoc) print(env *Env, format string, m markSet) error {
	sayAbout(env, d.heads(), format)
	switch format {
	case "json":
		return report.JSON(env.Stdout, d)
	case "yaml":
		return report.YAML(env.Stdout, d)
	case "csv":
		for _, line := range d.footer() {
			env.Say("%s", report.Clean(line))
		}
		return d.table(words(), true).CSV(env.Stdout)
	}
	t := d.table(m, false)
	style := report.Style{Wide: format == "wide", Colour: env.Colour()}
	if len(t.Rows) == 0 {
		env.Say("nothing is known to be allowed to %s", report.Clean(cmp.Or(d.Question.Subject, "you")))
	} else if err := m.print(env, t, style, len(d.Answers[0].verbs)); err != nil {
		return err
	}
	return printFooter(env, style, d.footer(), len(t.Rows) > 0)
}

func (d accessDoc) footer() (lines []string) {
	for _, a := range d.Answers {
		prefix := ""
		if len(d.Answers) > 1 {
			prefix = a.label(d.heads()) + ": "
		}
		if a.Others.Count > 0 {
			what := "nothing"
			if a.Others.Allowed == snapshot.Unclear {
				what = "unknown"
			}
			others := "the other "
			if len(a.Rows) == 0 {
				others = ""
			}
			lines = append(lines, fmt.Sprintf("%s%s on %s%d resources: --all lists them", prefix, what, others, a.Others.Count))
		}
		if slices.ContainsFunc(a.Rows, func(r accessRow) bool { return !r.Listed }) {
			has := "the server does not have it"
			if a.ResourcesFrom == fromBuiltin {
				has = "Kubernetes itself does not have it"
			}
			lines = append(lines, prefix+unlisted+": a rule names it, "+has)
		}
	}
	return append(lines, footerOf(d.heads())...)
}

const unlisted = "(unlisted)"

func (d accessDoc) table(m markSet, programs bool) report.Table {
	columns := append([]string{"CLUSTER", "SUBJECT", "SCOPE", "RESOURCE"}, verbColumns(d.Answers[0].verbs, programs)...)
	t := report.Table{Columns: report.Columns(append(columns, "OTHER", "NAMES", "LISTED")...)}
	for _, a := range d.Answers {
		for _, r := range a.Rows {
			row := []string{a.Cluster, a.Subject, r.Scope, r.resourceText(!programs)}
			for _, c := range r.row.Cells {
				row = append(row, m[c])
			}
			t.Rows = append(t.Rows, append(row, r.otherText(), r.namesText(), fmt.Sprint(r.Listed)))
		}
	}
	tellApart(&t, d.heads())
	hideEmpty(&t, "OTHER")
	hideEmpty(&t, "NAMES")
	if !programs {
		drop(&t, "LISTED")
	}
	return t
}

// verbColumns are the titles; the longest verb is cut, it is twice as wide as
// any other.
func verbColumns(verbs []string, whole bool) (titles []string) {
	for _, v := range verbs {
		title := strings.ToUpper(v)
		if !whole {
			title = strings.Replace(title, "DELETECOLLECTION", "DELETECOLL", 1)
		}
		titles = append(titles, title)
	}
	return titles
}

func (r accessRow) resourceText(mark bool) string {
	text := urlText(r.URL)
	if r.APIGroup != nil {
		text = groupedResource(*r.APIGroup, r.Resource)
	}
	if mark && !r.Listed {
		text += " " + unlisted
	}
	return text
}

func (r accessRow) otherText() string {
	var all []string
	for _, o := range r.Other {
		text := o.Verb
		if o.Allowed == access.CellNames {
			text += " " + strings.Join(o.Names, "|")
		}
		all = append(all, text)
	}
	return strings.Join(all, ",")
}

// namesText is the names that verbs are limited to: verbs with the same names
// are told together.
func (r accessRow) namesText() string {
	var order []string
	verbs := map[string][]string{}
	for _, verb := range sortedKeys(r.Names) {
		names := strings.Join(r.Names[verb], ",")
		if verbs[names] == nil {
			order = append(order, names)
		}
		verbs[names] = append(verbs[names], verb)
	}
	if len(order) == 1 {
		return order[0]
	}
	var all []string
	for _, names := range order {
		all = append(all, strings.Join(verbs[names], ",")+": "+names)
	}
	return strings.Join(all, "; ")
}
