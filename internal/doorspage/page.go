// Package doorspage writes a report of doors as one HTML page: it opens from a
// disk, asks no network for anything, and prints.
//
// It owns the page's structure, style and little script; what a door is and who
// holds it comes from internal/doors. Every text is escaped, and characters that
// turn or hide text are shown as escapes, for names come from whoever made them.
package doorspage

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed" // the page's parts
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/postern-dev/postern/internal/doors"
	"github.com/postern-dev/postern/internal/report"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

//go:embed page.js
var pageJS string

// Page is what is written.
type Page struct {
	*doors.Report
	Principal *doors.Principal  // whom it is about, nil for everybody
	Becomes   []doors.Principal // whom that one can become
}

// Write writes the page. Its policy allows its own script and style by their
// hashes and nothing else.
func Write(w io.Writer, p Page) error {
	parsed, err := template.New("doors").Funcs(functions()).Parse(pageHTML)
	if err != nil {
		return fmt.Errorf("write html: %w", err)
	}
	data := struct {
		Page
		Title, CSP    string
		Style, Script template.HTML
	}{p, p.title(), "default-src 'none'; script-src " + hash(pageJS) + "; style-src " + hash(pageCSS) + "; base-uri 'none'; form-action 'none'",
		template.HTML("<style>" + pageCSS + "</style>"), template.HTML("<script>" + pageJS + "</script>")} //nolint:gosec // constants of this package
	var text bytes.Buffer // whole or not at all
	if err := parsed.Execute(&text, data); err != nil {
		return fmt.Errorf("write html: %w", err)
	}
	if _, err := w.Write(text.Bytes()); err != nil {
		return fmt.Errorf("write html: %w", err)
	}
	return nil
}

// hash is how a Content-Security-Policy names one inline element.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func (p Page) title() string {
	name := cmp.Or(strings.TrimPrefix(p.TenantName, "LAB "), p.TenantID, "unknown tenant")
	if p.Lab {
		name = "LAB " + name
	}
	if p.Principal != nil {
		return "Doors of " + report.Clean(label(*p.Principal)) + " · " + report.Clean(name)
	}
	return "Doors · " + report.Clean(name)
}

func functions() template.FuncMap {
	return template.FuncMap{
		"clean": func(v any) string { return report.Clean(fmt.Sprint(v)) },
		"label": func(p doors.Principal) string { return report.Clean(label(p)) },
		"when":  when,
		"deref": func(p *doors.Principal) doors.Principal { return *p },
		"ways":  func(all []doors.Door) []doors.Door { return order(all, false) },
		"again": func(all []doors.Door) []doors.Door { return order(all, true) },
		"count": count,
		"anchor": func(id string) string {
			return "c-" + strings.Trim(strings.NewReplacer("/", "-").Replace(strings.ToLower(report.Clean(id))), "-")
		},
		"people":   people,
		"examined": func(g doors.Gap) string { return report.Clean(gapText(g)) },
		"keys":     func(p Page) []doors.Key { return p.keys() },
	}
}

func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

func label(p doors.Principal) string {
	text := cmp.Or(p.Name, p.ID)
	switch {
	case p.Deleted:
		text += " (deleted)"
	case p.Disabled:
		text += " (disabled)"
	case p.Guest:
		text += " (guest)"
	}
	return text
}

// order puts open doors first, then unknown ones.
func order(all []doors.Door, reopens bool) (list []doors.Door) {
	for _, d := range all {
		if d.Reopens == reopens {
			list = append(list, d)
		}
	}
	rank := []doors.State{doors.Open, doors.Unknown, doors.Closed, doors.Proved}
	slices.SortStableFunc(list, func(a, b doors.Door) int { return slices.Index(rank, a.State) - slices.Index(rank, b.State) })
	return list
}

// count is how many doors of a state there are.
func count(all []doors.Door, state string) (n int) {
	for _, d := range all {
		if string(d.State) == state {
			n++
		}
	}
	return n
}

// people says in a few words who holds a door.
func people(d doors.Door) string {
	seen := map[string]bool{}
	for _, h := range d.Holders {
		seen[strings.ToLower(h.Principal.ID)] = true
	}
	text := fmt.Sprintf("%d holders", len(seen))
	switch len(seen) {
	case 0:
		text = d.Nobody()
		if len(d.HoldersUnknown) > 0 {
			return "unknown"
		}
	case 1:
		text = report.Clean(label(d.Holders[0].Principal))
	}
	if len(d.HoldersUnknown) > 0 {
		text += ", others unknown"
	}
	return text
}

func gapText(g doors.Gap) string {
	text := g.What + ": " + g.Why
	if g.Needs != "" {
		text += " (needs " + g.Needs + ")"
	}
	return text
}

// keys are those of service principals that hold a door of the page, or all of
// them where the page is about one principal.
func (p Page) keys() (list []doors.Key) {
	holding := map[string]bool{}
	note := func(all []doors.Door) {
		for _, d := range all {
			for _, h := range d.Holders {
				holding[strings.ToLower(h.Principal.ID)] = true
			}
		}
	}
	for _, c := range p.Clusters {
		note(c.Doors)
	}
	note(p.Tenant)
	for _, k := range p.Keys {
		if p.Principal != nil || holding[strings.ToLower(k.Of.ID)] {
			list = append(list, k)
		}
	}
	return list
}
