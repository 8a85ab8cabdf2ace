package cli

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/access"
	"github.com/postern-dev/postern/internal/lookup"
	"github.com/postern-dev/postern/internal/report"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

// rulesDoc is the answer as docs/schema/rules.json describes it.
type rulesDoc struct {
	Kind     string        `json:"kind"`
	Question aboutSubject  `json:"question"`
	Answers  []rulesAnswer `json:"answers"`
	refused  []*snapshot.Snapshot
}

// aboutSubject is what was asked.
type aboutSubject struct {
	Subject   string   `json:"subject,omitempty"` // empty: whoever asks
	AsGroups  []string `json:"asGroups,omitempty"`
	Namespace string   `json:"namespace,omitempty"`
}

func subjectQuestion(as asFlags, namespace string) aboutSubject {
	return aboutSubject{Subject: as.as, AsGroups: as.groups, Namespace: namespace}
}

// aboutAnswer is what every answer about a subject says beside the answer.
type aboutAnswer struct {
	Cluster     string          `json:"cluster,omitempty"`
	Source      snapshot.Source `json:"source"`
	Subject     string          `json:"subject"`
	Who         askWho          `json:"who"`
	Unknown     []string        `json:"unknown"`
	Notes       []string        `json:"notes"`
	Warnings    []string        `json:"warnings"`
	NotExamined []string        `json:"notExamined"`

	snapshot *snapshot.Snapshot
	nameless string
}

// rulesAnswer is everything one subject may do in one cluster.
type rulesAnswer struct {
	aboutAnswer
	Rules  []rulesEntry `json:"rules"`  // without repetition
	Grants []rulesGrant `json:"grants"` // every rule by every way
	Azure  []azureGrant `json:"azure"`  // role assignments that reach into the cluster
}

// rulesEntry is what holds for one resource or URL in one scope.
type rulesEntry struct {
	Scope         string   `json:"scope"`
	Verbs         []string `json:"verbs"`
	APIGroup      *string  `json:"apiGroup,omitempty"`
	Resource      string   `json:"resource,omitempty"`
	ResourceNames []string `json:"resourceNames,omitempty"`
	URL           string   `json:"url,omitempty"`
	By            []int    `json:"by"` // which of the grants
}

// rulesGrant is one rule and how it reaches the subject.
type rulesGrant struct {
	Scope   string           `json:"scope"`
	Subject namedSubject     `json:"subject"`           // whom the binding names
	Through *namedValue      `json:"through,omitempty"` // the group it comes through
	Binding *askBinding      `json:"binding"`           // null: none is needed, see reason
	Reason  string           `json:"reason,omitempty"`
	Role    *rulesRole       `json:"role"` // null where there is no binding
	Rule    *rbac.Rule       `json:"rule"` // null: the role's rules are not known, or it does not exist
	Index   int              `json:"ruleIndex"`
	At      rbac.Position    `json:"at,omitzero"`
	by      access.RuleGrant // what it was made of
}

type rulesRole struct {
	Kind      rbac.RoleKind    `json:"kind"`
	Namespace string           `json:"namespace,omitempty"`
	Name      string           `json:"name"`
	State     access.RoleState `json:"state"`
	At        rbac.Position    `json:"at,omitzero"`
}

func about(s askedSubject, known names) aboutAnswer {
	snap := s.asker.Snapshot()
	a := aboutAnswer{
		Cluster: snap.Name, Source: snap.Source, Subject: s.text, snapshot: snap,
		Who: askWho{Username: namedValue{s.info.Username, known.of(s.info.Username)}, UID: s.info.UID, Groups: []namedValue{}, Extra: s.info.Extra, GroupsKnown: s.groups},
	}
	for _, g := range s.info.Groups {
		a.Who.Groups = append(a.Who.Groups, namedValue{g, known.of(g)})
	}
	for _, v := range append([]namedValue{a.Who.Username}, a.Who.Groups...) {
		if v.Unknown != "" && v.Unknown != notInDirectory {
			a.nameless = v.Unknown
		}
	}
	return a
}

func (d *rulesDoc) add(s askedSubject, r access.Rules, known names) {
	a := rulesAnswer{aboutAnswer: about(s, known), Rules: []rulesEntry{}, Grants: []rulesGrant{}, Azure: []azureGrant{}}
	a.Unknown, a.Notes, a.Warnings, a.NotExamined = listed(r.Unknown), append(listed(s.notes), r.Notes...), listed(r.Warnings), listed(r.Limits)
	for _, g := range r.Grants {
		a.Grants = append(a.Grants, describeGrant(g, s.info, known))
		if warning := misnamed(lookup.Row{Subject: g.Subject, Grant: g.Grant}, known.of(g.Subject.Name)); warning != "" && !slices.Contains(a.Warnings, warning) {
			a.Warnings = append(a.Warnings, warning)
		}
	}
	for _, g := range r.Azure {
		if g.Role == nil || len(g.Data) > 0 {
			a.Azure = append(a.Azure, describeAzure("", s.asker.Snapshot().Azure, g, known))
		}
	}
	for _, e := range r.Effective {
		entry := rulesEntry{Scope: cmp.Or(e.Scope, clusterScope), Verbs: e.Verbs, Resource: e.Resource, ResourceNames: e.Names, URL: e.URL, By: e.By}
		if e.URL == "" {
			entry.APIGroup = &e.APIGroup
		}
		a.Rules = append(a.Rules, entry)
	}
	d.Answers = append(d.Answers, a)
}

func describeGrant(g access.RuleGrant, u rbac.UserInfo, known names) rulesGrant {
	d := rulesGrant{
		Scope: cmp.Or(g.Scope, clusterScope), Subject: namedSubject{g.Subject, known.of(g.Subject.Name)}, Binding: bindingDoc(g.Binding),
		Reason: g.Reason, Index: g.Index, At: g.At, by: g,
	}
	if group := g.Through(u); group != "" {
		d.Through = &namedValue{group, known.of(group)}
	}
	if g.State == access.RoleFound {
		d.Rule = &g.Rule
	}
	if g.Binding == nil {
		return d
	}
	d.Role = &rulesRole{Kind: g.Binding.Role.Kind, Name: g.Binding.Role.Name, State: g.State}
	if g.Role != nil {
		d.Role.Namespace, d.Role.At = g.Role.Namespace, g.Role.At
	} else if g.Binding.Role.Kind == rbac.RoleRoleKind {
		d.Role.Namespace = g.Binding.Namespace
	}
	return d
}

// print writes the answer to stdout and what must be said beside it to stderr.
func (d rulesDoc) print(env *Env, format string, every bool) error {
	heads := d.heads()
	sayAbout(env, heads, format)
	switch format {
	case "json":
		return report.JSON(env.Stdout, d)
	case "yaml":
		return report.YAML(env.Stdout, d)
	case "csv":
		sayFooter(env, heads)
		return d.table(every, false).CSV(env.Stdout)
	}
	wide := format == "wide"
	t := d.table(every || wide, true)
	style := report.Style{Wide: wide, Colour: env.Colour()}
	if len(t.Rows) == 0 {
		env.Say("no rule is known of %s", report.Clean(cmp.Or(d.Question.Subject, "you")))
	} else if err := placed(t).Text(env.Stdout, style); err != nil {
		return err
	}
	return printFooter(env, style, append(footerOf(heads), d.repeats(every || wide)...), len(t.Rows) > 0)
}

// sayAbout says on stderr what concerns the subject more than the answer.
func sayAbout(env *Env, heads []aboutAnswer, format string) {
	said := map[string]bool{}
	once := func(say func(string, ...any), text string) {
		if !said[text] {
			said[text] = true
			say("%s", report.Clean(text))
		}
	}
	nameless := ""
	for _, a := range heads {
		for _, r := range a.snapshot.Remarks {
			once(env.Say, r.Text)
		}
		for _, w := range a.Warnings {
			once(env.Warn, w)
		}
		nameless = cmp.Or(nameless, a.nameless)
	}
	if nameless != "" && format != "json" && format != "yaml" {
		env.Say("name unknown: %s", nameless)
	}
}

// footerOf is what stands below a table.
func footerOf(heads []aboutAnswer) (lines []string) {
	for _, a := range heads {
		prefix := ""
		if len(heads) > 1 {
			prefix = a.label(heads) + ": "
		}
		for _, n := range a.Notes {
			lines = append(lines, prefix+"note: "+n)
		}
		for _, u := range a.Unknown {
			lines = append(lines, prefix+"unknown: "+u)
		}
		for _, n := range a.NotExamined {
			lines = append(lines, prefix+"not examined: "+n)
		}
	}
	return unique(lines)
}

// label tells answers apart: by cluster, by subject, or by both.
func (a aboutAnswer) label(heads []aboutAnswer) string {
	clusters, subjects := false, false
	for _, h := range heads {
		clusters = clusters || h.Cluster != a.Cluster
		subjects = subjects || h.Subject != a.Subject
	}
	switch {
	case clusters && subjects:
		return a.Cluster + ": " + a.Subject
	case clusters:
		return a.Cluster
	}
	return a.Subject
}

func sayFooter(env *Env, heads []aboutAnswer) {
	for _, line := range footerOf(heads) {
		env.Say("%s", report.Clean(line))
	}
}

func printFooter(env *Env, style report.Style, lines []string, gap bool) error {
	var b strings.Builder
	for i, line := range lines {
		if i == 0 && gap {
			fmt.Fprintln(&b)
		}
		fmt.Fprintln(&b, style.Faint(report.Clean(line)))
	}
	_, err := fmt.Fprint(env.Stdout, b.String())
	return err
}

// repeats says that the table is shorter than what was granted.
func (d rulesDoc) repeats(every bool) []string {
	used, all := 0, 0
	for _, a := range d.Answers {
		by := map[int]bool{}
		for _, r := range a.Rules {
			for _, i := range r.By {
				by[i] = true
			}
		}
		for i, g := range a.Grants {
			if g.Rule != nil {
				all++
				if by[i] {
					used++
				}
			}
		}
	}
	if every || used == all {
		return nil
	}
	return []string{fmt.Sprintf("%d of %d granted rules add nothing to these: -o wide shows each", all-used, all)}
}

// table is one row a resource and scope, or with every one a granted rule.
// Resources that have all the same are joined where eyes read it.
func (d rulesDoc) table(every, join bool) report.Table {
	columns := []string{"CLUSTER", "SUBJECT", "SCOPE", "VERBS", "RESOURCE", "NAMES", "ROLE", "BINDING", "+THROUGH", "+NAME", "+RULE", "+AT"}
	t := report.Table{Columns: report.Columns(columns...)}
	for _, a := range d.Answers {
		lines := a.merged(join)
		if every {
			lines = a.every()
		} else {
			lines = append(lines, a.unread()...)
		}
		for _, g := range a.Azure {
			lines = append(lines, g.dataRow(a.aboutAnswer, every || !join))
		}
		for _, l := range lines {
			t.Rows = append(t.Rows, append([]string{a.Cluster, a.Subject}, l...))
		}
	}
	tellApart(&t, d.heads())
	hideEmpty(&t, "NAMES")
	return t
}

// hideEmpty leaves a column without anything to wide tables.
func hideEmpty(t *report.Table, name string) {
	i := slices.IndexFunc(t.Columns, titled(name))
	if !slices.ContainsFunc(t.Rows, func(row []string) bool { return row[i] != "" }) {
		t.Columns[i].Wide = true
	}
}

func titled(name string) func(report.Column) bool {
	return func(c report.Column) bool { return c.Name == name }
}

// drop removes a column.
func drop(t *report.Table, name string) {
	i := slices.IndexFunc(t.Columns, titled(name))
	t.Columns = slices.Delete(t.Columns, i, i+1)
	for n := range t.Rows {
		t.Rows[n] = slices.Delete(t.Rows[n], i, i+1)
	}
}

// tellApart drops the columns CLUSTER and SUBJECT where all answers are of the same.
func tellApart(t *report.Table, heads []aboutAnswer) {
	if !slices.ContainsFunc(heads, func(a aboutAnswer) bool { return a.Cluster != heads[0].Cluster }) {
		drop(t, "CLUSTER")
	}
	if !slices.ContainsFunc(heads, func(a aboutAnswer) bool { return a.Subject != heads[0].Subject }) {
		drop(t, "SUBJECT")
	}
}

const joinWidth = 56 // of the resources in one cell

// merged are the rows without repetition.
func (a rulesAnswer) merged(join bool) (rows [][]string) {
	at := map[string]int{} // rows that another resource may join
	for _, e := range a.Rules {
		roles, bindings, through, named := a.ways(e.By)
		row := []string{e.Scope, verbsText(e.Verbs), resourceText(e), strings.Join(e.ResourceNames, ","), roles, bindings, through, named, "", ""}
		key := strings.Join(slices.Concat(row[:2], row[3:], []string{e.URL[:min(1, len(e.URL))]}), "\x00")
		i, found := at[key]
		if join && found && report.Width(rows[i][2]+row[2]) < joinWidth {
			rows[i][2] += "," + row[2]
			continue
		}
		at[key] = len(rows)
		rows = append(rows, row)
	}
	return rows
}

// ways are the roles and bindings of some grants, each once.
func (a rulesAnswer) ways(by []int) (roles, bindings, through, named string) {
	var r, b, t, n []string
	for _, i := range by {
		g := a.Grants[i]
		r, b = append(r, g.roleText()), append(b, g.bindingText())
		if g.Through != nil {
			t, n = append(t, g.Through.Name), append(n, g.Through.text())
		}
	}
	n = slices.DeleteFunc(n, func(s string) bool { return s == "" })
	return strings.Join(unique(r), ","), strings.Join(unique(b), ","), strings.Join(unique(t), ","), strings.Join(unique(n), ",")
}

// unread are the rows of bindings whose rules are not known.
func (a rulesAnswer) unread() (rows [][]string) {
	for _, g := range a.Grants {
		if g.Rule == nil {
			rows = append(rows, g.row())
		}
	}
	return rows
}

func (a rulesAnswer) every() (rows [][]string) {
	for _, g := range a.Grants {
		rows = append(rows, g.row())
	}
	return rows
}

func (g rulesGrant) row() []string {
	row := []string{g.Scope, "unknown", "unknown", "", g.roleText(), g.bindingText(), "", "", "", ""}
	if g.Role != nil && g.Role.State == access.RoleMissing {
		row[1], row[2] = "none", "none"
	}
	if g.Rule != nil {
		row[1], row[2], row[3] = verbsText(g.Rule.Verbs), ruleResources(*g.Rule), strings.Join(g.Rule.ResourceNames, ",")
		row[8] = fmt.Sprint(g.Index + 1)
		if g.Binding == nil {
			row[8] = ""
		}
		row[9] = strings.Trim(place(g.At), " ()")
	}
	if g.Through != nil {
		row[6], row[7] = g.Through.Name, g.Through.text()
	}
	return row
}

func (g rulesGrant) roleText() string {
	if g.Role == nil {
		return "everything"
	}
	text := string(g.Role.Kind) + "/" + g.Role.Name
	if g.Role.State == access.RoleMissing {
		text += " (does not exist)"
	}
	return text
}

func (g rulesGrant) bindingText() string {
	if g.Binding == nil {
		return "none needed"
	}
	return g.Binding.Kind + "/" + g.Binding.Name
}

// verbsText is verbs in the order people read them.
func verbsText(verbs []string) string {
	if slices.Contains(verbs, "*") {
		return "*"
	}
	return strings.Join(verbs, ",")
}

// resourceText is RESOURCE.GROUP as the command line takes it, or the URL.
func resourceText(e rulesEntry) string {
	if e.URL != "" {
		return urlText(e.URL)
	}
	return groupedResource(*e.APIGroup, e.Resource)
}

// groupedResource is pods, deployments.apps, *.*: the API group behind the
// resource, before a subresource.
func groupedResource(group, resource string) string {
	switch {
	case group == "":
		return resource
	case group == "*" && resource == "*":
		return "all resources"
	}
	name, sub, found := strings.Cut(resource, "/")
	if found {
		return name + "." + group + "/" + sub
	}
	return name + "." + group
}

// ruleResources is what a rule is about, as the command line takes it.
func ruleResources(r rbac.Rule) string {
	var all []string
	for _, group := range r.APIGroups {
		for _, resource := range r.Resources {
			all = append(all, groupedResource(group, resource))
		}
	}
	for _, url := range r.NonResourceURLs {
		all = append(all, urlText(url))
	}
	return strings.Join(all, ",")
}

// urlText tells the asterisk of URLs from that of resources.
func urlText(url string) string {
	if url == "*" {
		return "all URLs"
	}
	return url
}

// end is the exit code: rules that are not known make the answer incomplete.
func (d rulesDoc) end() error {
	return endAbout(d.heads())
}

func (d rulesDoc) heads() (heads []aboutAnswer) {
	for _, a := range d.Answers {
		heads = append(heads, a.aboutAnswer)
	}
	return heads
}

func endAbout(heads []aboutAnswer) error {
	var why, hint []string
	for _, a := range heads {
		why = append(why, a.Unknown...)
		if len(a.Unknown) > 0 {
			hint = append(hint, hints(a.snapshot))
		}
	}
	if len(why) == 0 {
		return nil
	}
	return &ExitError{Code: ExitUnknown, Err: errors.New("the answer is incomplete:\n" + cleanLines(unique(why))), Hint: joined(hint)}
}
