package cli

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/postern-dev/postern/internal/access"
	"github.com/postern-dev/postern/internal/report"
)

// accessDiffDoc is what two subjects differ in, as docs/schema/access.json
// describes it.
type accessDiffDoc struct {
	Kind        string             `json:"kind"`
	Question    accessAsked        `json:"question"`
	Comparisons []accessComparison `json:"comparisons"`
}

// accessComparison is the difference in one cluster.
type accessComparison struct {
	First  accessSide      `json:"first"`
	Second accessSide      `json:"second"`
	Rows   []accessDiffRow `json:"rows"`

	verbs []string
}

// accessSide is one of the two subjects.
type accessSide struct{ aboutAnswer }

// accessDiffRow is one resource in one scope, as each of them has it.
type accessDiffRow struct {
	Scope    string               `json:"scope"`
	APIGroup *string              `json:"apiGroup,omitempty"`
	Resource string               `json:"resource,omitempty"`
	URL      string               `json:"url,omitempty"`
	Listed   bool                 `json:"listed"`
	Verbs    map[string]accessTwo `json:"verbs"` // those that differ
	Other    *accessOthers        `json:"other,omitempty"`

	difference access.Difference
	first      accessRow
	second     accessRow
}

// accessTwo is a verb on both sides.
type accessTwo struct {
	First       access.Cell `json:"first"`
	Second      access.Cell `json:"second"`
	FirstNames  []string    `json:"firstNames,omitempty"`
	SecondNames []string    `json:"secondNames,omitempty"`
}

// accessOthers are the verbs without a column, where they differ.
type accessOthers struct {
	First  []accessOther `json:"first"`
	Second []accessOther `json:"second"`
}

func (d *accessDiffDoc) add(first, second askedSubject, a, b access.Matrix, known names) {
	c := accessComparison{First: side(first, a, known), Second: side(second, b, known), Rows: []accessDiffRow{}, verbs: a.Verbs}
	for _, x := range access.Compare(a, b) {
		c.Rows = append(c.Rows, describeDifference(x, a.Verbs))
	}
	d.Comparisons = append(d.Comparisons, c)
}

func side(s askedSubject, m access.Matrix, known names) accessSide {
	a := about(s, known)
	a.Unknown, a.Notes, a.NotExamined = append(listed(m.Unknown), undiscovered(a.snapshot)...), append(listed(s.notes), m.Notes...), listed(m.Limits)
	a.Warnings = listed(s.asker.Warnings(s.info))
	return accessSide{a}
}

func describeDifference(x access.Difference, verbs []string) accessDiffRow {
	first, second := describeRow(x.First, verbs), describeRow(x.Second, verbs)
	d := accessDiffRow{
		Scope: first.Scope, APIGroup: first.APIGroup, Resource: first.Resource, URL: first.URL, Listed: first.Listed || second.Listed,
		Verbs: map[string]accessTwo{}, difference: x, first: first, second: second,
	}
	for i, verb := range verbs {
		if x.Differs[i] {
			d.Verbs[verb] = accessTwo{x.First.Cells[i], x.Second.Cells[i], x.First.Names[verb], x.Second.Names[verb]}
		}
	}
	if first.otherText() != second.otherText() {
		d.Other = &accessOthers{append([]accessOther{}, first.Other...), append([]accessOther{}, second.Other...)}
	}
	return d
}

// heads are both sides, for what is said beside the answer.
func (d accessDiffDoc) heads() (heads []aboutAnswer) {
	for _, c := range d.Comparisons {
		heads = append(heads, c.First.aboutAnswer, c.Second.aboutAnswer)
	}
	return heads
}

func (d accessDiffDoc) print(env *Env, format string, m markSet) error {
	sayAbout(env, d.heads(), format)
	switch format {
	case "json":
		return report.JSON(env.Stdout, d)
	case "yaml":
		return report.YAML(env.Stdout, d)
	case "csv":
		sayFooter(env, d.heads())
		return d.table(words(), true).CSV(env.Stdout)
	}
	t := d.table(m, false)
	style := report.Style{Wide: format == "wide", Colour: env.Colour()}
	first, second := d.Comparisons[0].First.Subject, d.Comparisons[0].Second.Subject
	if len(t.Rows) == 0 {
		env.Say("%s and %s may do the same, as far as is known", report.Clean(first), report.Clean(second))
		return printFooter(env, style, footerOf(d.heads()), false)
	}
	if err := m.print(env, t, style, len(d.Comparisons[0].verbs)); err != nil {
		return err
	}
	lines := []string{"each mark: " + first + ", then " + second + "; blank: the same"}
	return printFooter(env, style, append(lines, footerOf(d.heads())...), false)
}

func (d accessDiffDoc) table(m markSet, programs bool) report.Table {
	columns := append([]string{"CLUSTER", "SCOPE", "RESOURCE"}, verbColumns(d.Comparisons[0].verbs, programs)...)
	t := report.Table{Columns: report.Columns(append(columns, "OTHER", "NAMES", "LISTED")...)}
	for _, c := range d.Comparisons {
		for _, r := range c.Rows {
			t.Rows = append(t.Rows, append([]string{c.First.Cluster}, r.cells(m, programs)...))
		}
	}
	if len(d.Comparisons) < 2 {
		drop(&t, "CLUSTER")
	}
	hideEmpty(&t, "OTHER")
	hideEmpty(&t, "NAMES")
	if !programs {
		drop(&t, "LISTED")
	}
	return t
}

func (r accessDiffRow) cells(m markSet, programs bool) []string {
	between := ""
	if programs {
		between = "/"
	}
	text := r.first
	text.Listed = r.Listed
	row := []string{r.Scope, text.resourceText(!programs)}
	for i, differs := range r.difference.Differs {
		cell := ""
		if differs {
			cell = cmp.Or(m[r.difference.First.Cells[i]], m[access.CellNo]) + between + cmp.Or(m[r.difference.Second.Cells[i]], m[access.CellNo])
		}
		row = append(row, cell)
	}
	return append(row, twoTexts(r.first.otherText(), r.second.otherText()), twoTexts(r.first.namesText(), r.second.namesText()), fmt.Sprint(r.Listed))
}

// twoTexts shows both sides where they differ.
func twoTexts(first, second string) string {
	if first == second {
		return ""
	}
	return strings.Join([]string{cmp.Or(first, "none"), cmp.Or(second, "none")}, " | ")
}
