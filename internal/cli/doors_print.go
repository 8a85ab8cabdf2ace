package cli

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/postern-dev/postern/internal/doors"
	"github.com/postern-dev/postern/internal/doorspage"
	"github.com/postern-dev/postern/internal/report"
	"github.com/postern-dev/postern/internal/snapshot"
)

func (e *Env) writeDoors(v doorsView, format string) error {
	switch format {
	case "json":
		return report.JSON(e.Stdout, v)
	case "yaml":
		return report.YAML(e.Stdout, v)
	case "csv":
		return holderTable(v).CSV(e.Stdout)
	case "name":
		return doorNames(e.Stdout, v)
	case "html":
		return doorspage.Write(e.Stdout, doorspage.Page{Report: v.Report, Principal: v.Principal, Becomes: v.Becomes})
	}
	p := doorsPrinter{w: &errWriter{w: e.Stdout}, style: report.Style{Wide: format == "wide", Colour: e.Colour()}}
	p.all(v)
	if p.w.err != nil {
		return fmt.Errorf("write table: %w", p.w.err)
	}
	return nil
}

// errWriter keeps the first error, so that printing need not ask at every line.
type errWriter struct {
	w   io.Writer
	err error
}

func (w *errWriter) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	n, err := w.w.Write(p)
	w.err = err
	return n, err
}

type doorsPrinter struct {
	w     *errWriter
	style report.Style
}

// line prints one line; every argument is made safe for a terminal.
func (p doorsPrinter) line(format string, args ...any) {
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = report.Clean(s)
		}
	}
	fmt.Fprintf(p.w, format+"\n", args...)
}

func (p doorsPrinter) table(t report.Table) {
	if p.w.err == nil {
		p.w.err = t.Text(p.w, p.style)
	}
}

func (p doorsPrinter) all(v doorsView) {
	p.head(v.Report)
	if v.Principal != nil {
		p.principal(v)
	}
	for _, c := range v.Clusters {
		fmt.Fprintln(p.w)
		p.cluster(c, v.Principal != nil)
	}
	if len(v.Clusters) == 0 && v.Principal == nil {
		fmt.Fprintln(p.w)
		p.line("no cluster was seen")
	}
	if len(v.Tenant) > 0 {
		fmt.Fprintln(p.w)
		fmt.Fprintln(p.w, p.style.Bold("tenant"))
		p.doors(v.Tenant)
	}
	if v.Principal == nil {
		p.keys("who can become a service principal that holds a key", keysToHolders(v.Report))
	}
	fmt.Fprintln(p.w)
	p.gaps("", v.NotExamined)
}

// head says who looked at what, and when.
func (p doorsPrinter) head(r *doors.Report) {
	name := cmp.Or(strings.TrimPrefix(r.TenantName, "LAB "), r.TenantID, "unknown tenant")
	if r.TenantName != "" {
		name += " (" + r.TenantID + ")"
	}
	if r.Lab {
		name = "LAB " + name
	}
	reader := cmp.Or(r.Reader.Name, "unknown")
	if r.Reader.App {
		reader = "application " + reader
	}
	if r.Reader.ObjectID != "" {
		reader += " (" + r.Reader.ObjectID + ")"
	}
	var subs []string
	for _, s := range r.Subscriptions {
		if s.Name != "" {
			subs = append(subs, s.Name+" ("+s.ID+")")
		} else {
			subs = append(subs, s.ID)
		}
	}
	text := strings.Join(subs, ", ")
	if !p.style.Wide {
		text = few(subs, ", ")
	}
	p.line("Tenant          %s", name)
	p.line("Read as         %s", reader)
	p.line("Subscriptions   %d: %s", len(subs), cmp.Or(text, "none"))
	p.line("Taken           %s", r.Taken.UTC().Format(time.RFC3339))
}

func (p doorsPrinter) cluster(c doors.Cluster, one bool) {
	facts := []string{c.ResourceGroup, c.Location, "subscription " + c.Subscription}
	for _, f := range []struct {
		is   bool
		text string
	}{{c.SKU != "" && c.SKU != "Base", c.SKU}, {c.Private, "private"}, {c.Entra, "Entra"}, {c.AzureRBAC, "Azure RBAC"}} {
		if f.is {
			facts = append(facts, f.text)
		}
	}
	facts = slices.DeleteFunc(facts, func(s string) bool { return s == "" })
	p.line("%s   %s", p.style.Bold(report.Clean(c.Name)), strings.Join(facts, ", "))
	in, reopen := splitDoors(c.Doors)
	if len(in) > 0 {
		p.doors(in)
	}
	if len(reopen) > 0 {
		p.line("who can open again")
		p.doors(reopen)
	}
	p.breaks(c)
	if !one || len(c.NotExamined) > 0 {
		p.gaps("  ", c.NotExamined)
	}
}

// splitDoors puts what matters first: open, unknown, closed; ways in apart from
// what opens them again.
func splitDoors(all []doors.Door) (in, reopen []doors.Door) {
	sorted := slices.Clone(all)
	rank := map[doors.State]int{doors.Open: 0, doors.Unknown: 1, doors.Closed: 2, doors.Proved: 3}
	slices.SortStableFunc(sorted, func(a, b doors.Door) int { return rank[a.State] - rank[b.State] })
	for _, d := range sorted {
		if d.Reopens {
			reopen = append(reopen, d)
		} else {
			in = append(in, d)
		}
	}
	return in, reopen
}

func (p doorsPrinter) doors(all []doors.Door) {
	t := report.Table{Columns: report.Columns("DOOR", "STATE", "OPENS", "WHO", "WHY"), Paint: paintState(1)}
	for _, d := range all {
		t.Rows = append(t.Rows, []string{"  " + string(d.Kind), string(d.State), d.Power, holderSummary(d), d.Why})
	}
	t.Columns[0].Name = "  DOOR"
	p.table(t)
	if !p.style.Wide {
		return
	}
	for _, d := range all {
		p.paths(d)
	}
}

func paintState(column int) func(report.Style, int, int, string) string {
	return func(s report.Style, _, at int, cell string) string {
		if at != column {
			return cell
		}
		switch doors.State(cell) {
		case doors.Open:
			return s.Alarm(cell)
		case doors.Unknown:
			return s.Doubt(cell)
		case doors.Closed, doors.Proved:
			return s.Good(cell)
		}
		return cell
	}
}

// paths print a door with all its evidence and the path of each holder.
func (p doorsPrinter) paths(d doors.Door) {
	if len(d.Evidence)+len(d.Holders)+len(d.HoldersUnknown) == 0 && d.Fix == "" {
		return
	}
	p.line("\n  %s", string(d.Kind))
	for _, e := range d.Evidence {
		text := e.What
		if e.From != "" {
			text += "  [" + e.From + "]"
		}
		if !e.At.IsZero() {
			text += "  " + e.At.UTC().Format(time.RFC3339)
		}
		p.line("    evidence: %s", text)
	}
	for _, h := range d.Holders {
		p.line("    %s", holderText(h))
		for _, s := range h.Path {
			text := s.What
			if s.From != "" && !strings.Contains(s.What, s.From) {
				text += "  [" + s.From + "]"
			}
			p.line("      %s", text)
		}
	}
	for _, u := range d.HoldersUnknown {
		p.line("    holders unknown: %s", u)
	}
	if d.Fix != "" {
		p.line("    to close it: %s", d.Fix)
	}
}

// holderText is a holder in one line.
func holderText(h doors.Holder) string {
	text := principalText(h.Principal)
	if h.Principal.Name != "" && h.Principal.ID != h.Principal.Name {
		text += " (" + h.Principal.ID + ")"
	}
	text += ", " + h.Principal.Kind + ": " + string(h.How)
	if h.Power != "" {
		text += ", " + h.Power
	}
	if h.Scope != "" {
		text += ", at " + h.Scope
	}
	if !h.Until.IsZero() {
		text += ", until " + h.Until.UTC().Format(time.RFC3339)
	}
	if h.Unsure != "" {
		text += ", not sure: " + h.Unsure
	}
	return text
}

// holderSummary names who holds a door: those who hold it now by name, the
// others after how they would.
func holderSummary(d doors.Door) string {
	const most = 3
	var parts []string
	named := map[string]bool{}
	for _, how := range []doors.How{doors.Active, doors.Source, doors.Pulled, doors.Eligible, doors.Owner, doors.Editor} {
		var names []string
		for _, h := range d.Holders {
			key := strings.ToLower(h.Principal.ID)
			if h.How != how || named[key] {
				continue
			}
			named[key] = true
			name := principalText(h.Principal)
			if h.Unsure != "" {
				name += " (not sure)"
			}
			names = append(names, name)
		}
		if len(names) == 0 {
			continue
		}
		text := strings.Join(names[:min(most, len(names))], ", ")
		if len(names) > most {
			text += fmt.Sprintf(" and %d more", len(names)-most)
		}
		if how != doors.Active && how != doors.Source {
			text = string(how) + ": " + text
		}
		parts = append(parts, text)
	}
	if len(d.HoldersUnknown) > 0 {
		parts = append(parts, "others unknown")
	}
	if len(parts) == 0 && d.State == doors.Unknown {
		return "unknown"
	}
	return cmp.Or(strings.Join(parts, "; "), d.Nobody())
}

func (p doorsPrinter) breaks(c doors.Cluster) {
	if len(c.Breaks) == 0 {
		return
	}
	p.line("who breaks if this closes (seen since %s)", c.BreaksSince.UTC().Format(time.DateOnly))
	t := report.Table{Columns: report.Columns("  WHO", "WHAT", "KIND", "TIMES", "LAST", "FROM", "AGENT", "+WHY")}
	for _, u := range c.Breaks {
		t.Rows = append(t.Rows, []string{"  " + u.Name, u.What, u.Kind, fmt.Sprint(u.Count), u.Last.UTC().Format(time.RFC3339), u.Address, u.Agent, u.KindWhy})
	}
	p.table(t)
}

func (p doorsPrinter) gaps(indent string, all []doors.Gap) {
	if len(all) == 0 {
		return
	}
	for _, g := range all {
		text := g.What + ": " + g.Why
		if g.Needs != "" {
			text += " (needs " + g.Needs + ")"
		}
		fmt.Fprintln(p.w, p.style.Faint(indent+"not examined: "+report.Clean(text)))
	}
}

// keysToHolders are the keys to service principals that hold a door.
func keysToHolders(r *doors.Report) (keys []doors.Key) {
	holding := map[string]bool{}
	for _, d := range allDoors(r) {
		for _, h := range d.Holders {
			holding[strings.ToLower(h.Principal.ID)] = true
		}
	}
	for _, k := range r.Keys {
		if holding[strings.ToLower(k.Of.ID)] {
			keys = append(keys, k)
		}
	}
	return keys
}

func (p doorsPrinter) keys(title string, keys []doors.Key) {
	if len(keys) == 0 {
		return
	}
	fmt.Fprintln(p.w)
	p.line("%s", title)
	t := report.Table{Columns: report.Columns("  WHO", "BECOMES", "HOW", "VIA", "+NOT SURE")}
	for _, k := range keys {
		t.Rows = append(t.Rows, []string{"  " + principalText(k.Who), principalText(k.Of), string(k.How), k.Via, k.Unsure})
	}
	p.table(t)
}

// principal says who was asked for, and who stands behind and before them.
func (p doorsPrinter) principal(v doorsView) {
	who := *v.Principal
	p.line("Principal       %s, %s %s", principalText(who), who.Kind, who.ID)
	n := 0
	for _, d := range allDoors(v.Report) {
		if d.State != doors.Closed && d.State != doors.Proved {
			n++
		}
	}
	p.line("Holds           %s", count(n, "door")+" that may be open, of "+count(len(allDoors(v.Report)), "door")+" in all")
	var become, becomes []doors.Key
	for _, k := range v.Keys {
		if strings.EqualFold(k.Of.ID, who.ID) {
			become = append(become, k)
		} else {
			becomes = append(becomes, k)
		}
	}
	p.keys("who can become it", become)
	p.keys("what it can become", becomes)
	if who.Kind == string(snapshot.ServicePrincipal) {
		if len(become) == 0 && len(v.unread) == 0 {
			fmt.Fprintln(p.w)
			p.line("nobody was found who can become it")
		}
		for _, u := range v.unread {
			fmt.Fprintln(p.w, p.style.Doubt("who else can become it is unknown: "+report.Clean(u)))
		}
	}
}

// holderTable has a row for each holder, and one for a door without any.
func holderTable(v doorsView) report.Table {
	t := report.Table{Columns: report.Columns("CLUSTER", "CLUSTER_ID", "DOOR", "STATE", "OPENS", "HOW", "PRINCIPAL", "PRINCIPAL_KIND", "PRINCIPAL_ID", "SCOPE", "UNTIL", "UNSURE", "PATH", "WHY", "HOLDERS_UNKNOWN")}
	add := func(name, id string, d doors.Door) {
		unknown := strings.Join(d.HoldersUnknown, "; ")
		if len(d.Holders) == 0 {
			t.Rows = append(t.Rows, []string{name, id, string(d.Kind), string(d.State), d.Power, "", "", "", "", "", "", "", "", d.Why, unknown})
		}
		for _, h := range d.Holders {
			var path []string
			for _, s := range h.Path {
				path = append(path, s.What)
			}
			until := ""
			if !h.Until.IsZero() {
				until = h.Until.UTC().Format(time.RFC3339)
			}
			t.Rows = append(t.Rows, []string{name, id, string(d.Kind), string(d.State), cmp.Or(h.Power, d.Power), string(h.How), cmp.Or(h.Principal.Name, h.Principal.ID), h.Principal.Kind, h.Principal.ID, h.Scope, until, h.Unsure, strings.Join(path, " → "), d.Why, unknown})
		}
	}
	for _, c := range v.Clusters {
		for _, d := range c.Doors {
			add(c.Name, c.ID, d)
		}
	}
	for _, d := range v.Tenant {
		add("", "", d)
	}
	return t
}

// doorNames prints the doors that may be open, one a line.
func doorNames(w io.Writer, v doorsView) error {
	one := func(of string, d doors.Door) error {
		if d.State != doors.Open && d.State != doors.Unknown {
			return nil
		}
		if _, err := fmt.Fprintln(w, report.Clean(of+"/"+string(d.Kind))); err != nil {
			return fmt.Errorf("write names: %w", err)
		}
		return nil
	}
	for _, c := range v.Clusters {
		for _, d := range c.Doors {
			if err := one(c.Name, d); err != nil {
				return err
			}
		}
	}
	for _, d := range v.Tenant {
		if err := one("tenant", d); err != nil {
			return err
		}
	}
	return nil
}
