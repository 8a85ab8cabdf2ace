package cli

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/postern-dev/postern/internal/doors"
	"github.com/postern-dev/postern/internal/finding"
	"github.com/postern-dev/postern/internal/posture"
	"github.com/postern-dev/postern/internal/report"
	"github.com/postern-dev/postern/internal/snapshot"
)

type scanOptions struct {
	checks       []string
	cluster      string
	list         bool
	failOn       string
	allowUnknown bool
	waivers      string
	evidence     string
	since        string
	tenant       tenantOptions
}

// scanFormats are those of scan.
var scanFormats = []string{"table", "wide", "json", "yaml", "csv", "name", "sarif", "html"}

func newScanCmd(env *Env) *cobra.Command {
	var o scanOptions
	cmd := &cobra.Command{
		Use:   "scan [CHECK...]",
		Short: "What is wrong with who gets in: findings with evidence and remedy",
		Long: `Run checks over every AKS cluster that can be seen: settings, who holds which
key, Kubernetes Roles and bindings, what is logged. Each finding says where it was
read and what to do; what could not be read is unknown, never passed.

--fail-on makes it a gate: exit 3 where a finding of that severity or worse is
neither waived nor kept so by the provider, exit 5 where a check of that severity
could not be decided (--allow-unknown lets that pass).

--waivers FILE accepts findings, for a reason and until a day:

  - check: run-command
    cluster: aks-lab          # name or ARM id; left out: every cluster
    object: ClusterRole/x     # left out: every object
    reason: break-glass of the platform team, TICKET-1
    approver: hshahin@example.com
    expires: 2026-12-31

With -f it reads files of postern snapshot --all-clusters instead of Azure.

Who uses certificates and the shared account is asked of the audit log in the
store (--store, --since): unknown where it does not cover the time.`,
		Example: `  postern scan
  postern scan --list
  postern scan local-accounts run-command --cluster aks-lab
  postern scan --fail-on high --waivers waivers.yaml -o sarif > scan.sarif`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.checks = args
			return runScan(cmd, env, o)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) (ids []string, _ cobra.ShellCompDirective) {
			for _, c := range posture.Checks() {
				ids = append(ids, c.ID+"\t"+c.Title)
			}
			return ids, cobra.ShellCompDirectiveNoFileComp
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.cluster, "cluster", "", "only this cluster, by ARM id or name")
	f.BoolVar(&o.list, "list", false, "list the checks instead of running them")
	f.StringVar(&o.failOn, "fail-on", "", "exit 3 at findings of this severity or worse: info, low, medium, high or critical")
	f.BoolVar(&o.allowUnknown, "allow-unknown", false, "with --fail-on: what could not be decided does not fail")
	f.StringVar(&o.waivers, "waivers", "", "a YAML file of findings that are accepted until a day")
	f.StringVar(&o.evidence, "evidence", "", "write evidence.html and evidence.csv for auditors into this directory")
	words := make([]string, 0, 5)
	for _, s := range finding.Severities() {
		words = append(words, string(s))
	}
	_ = cmd.RegisterFlagCompletionFunc("fail-on", cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	f.StringVar(&o.since, "since", "30d", "how far back the audit log is asked, from now or from when the file was made: 30d, 12h, 2w")
	o.tenant.flags(cmd)
	env.completeClusters(cmd)
	return uses(cmd, "kubeconfig", "filename", "store")
}

// scanView is what scan answers.
type scanView struct {
	Taken    time.Time         `json:"taken"`
	Reader   snapshot.Asker    `json:"reader"`
	TenantID string            `json:"tenantId"`
	Tenant   string            `json:"tenantName,omitempty"`
	Lab      bool              `json:"lab,omitempty"`
	Clusters []string          `json:"clusters"`
	Findings []finding.Finding `json:"findings"`
	Unknown  []finding.Unknown `json:"unknown"`
	Waivers  []finding.Waiver  `json:"idleWaivers"` // accept nothing: over, or nothing is there
}

func runScan(cmd *cobra.Command, env *Env, o scanOptions) error {
	format, err := env.format(cmd, scanFormats...)
	if err != nil {
		return err
	}
	fail := finding.Severity("")
	if cmd.Flags().Changed("fail-on") {
		if fail, err = finding.ParseSeverity(o.failOn); err != nil {
			return usageError("", "--fail-on: %w", err)
		}
	} else if o.allowUnknown {
		return usageError("", "--allow-unknown has a meaning with --fail-on alone")
	}
	checks, err := pickChecks(o.checks)
	if err != nil {
		return err
	}
	if o.list {
		return env.listChecks(checks, format)
	}
	window, err := sinceDuration(o.since)
	if err != nil {
		return usageError("a number with d, h, m or w: --since 30d", "--since: %w", err)
	}
	waivers, err := readWaivers(o.waivers)
	if err != nil {
		return err
	}
	t, err := env.doorsTenant(cmd, doorsOptions{cluster: o.cluster, tenant: o.tenant})
	if err != nil {
		return err
	}
	if err := oneOf(t, o.cluster); err != nil {
		return err
	}
	r := doors.Find(t, doors.Options{Now: env.Now(), Cluster: o.cluster})
	options := posture.Options{Now: env.Now(), Checks: o.checks}
	if posture.NeedsLog(o.checks) {
		options.Log = env.scanLog(cmd.Context(), t.Taken.Add(-window), t.Taken)
	}
	res := posture.Scan(t, r, options)
	view := scanView{Taken: t.Taken, Reader: t.Reader, TenantID: t.ID, Tenant: t.Name, Lab: t.Lab, Clusters: res.Clusters, Findings: res.Findings, Unknown: res.Unknown}
	for i, u := range t.Unread { // clusters that nobody could list may have findings
		if u.Piece == snapshot.PieceClusters || u.Piece == snapshot.PieceSubscriptions {
			view.Unknown = append(view.Unknown, finding.Unknown{Severity: finding.Critical, Cluster: u.Scope, Why: fmt.Sprintf("%s could not be read: %s", t.Unread[i].Piece, u.Why)})
		}
	}
	if view.Waivers = finding.Waive(view.Findings, waivers, env.Now()); view.Waivers == nil {
		view.Waivers = []finding.Waiver{}
	}
	for _, w := range view.Waivers {
		why := "nothing is there to accept"
		if !env.Now().Before(w.Expires) {
			why = "it ended on " + w.Expires.Add(-time.Second).UTC().Format(time.DateOnly)
		}
		env.Warn("waiver of %s by %s accepts nothing: %s", report.Clean(w.Check), report.Clean(w.Approver), why)
	}
	if o.evidence != "" || format == "html" {
		ev, err := newEvidence(view, checks, t, env.Now())
		if err != nil {
			return err
		}
		if o.evidence != "" {
			if err := env.writeEvidence(o.evidence, ev); err != nil {
				return err
			}
		}
		if format == "html" {
			page, err := ev.html()
			if err != nil {
				return err
			}
			if _, err := env.Stdout.Write(page); err != nil {
				return fmt.Errorf("write html: %w", err)
			}
			return verdict(view, fail, o.allowUnknown)
		}
	}
	if err := env.writeScan(view, checks, format); err != nil {
		return err
	}
	return verdict(view, fail, o.allowUnknown)
}

// pickChecks are the checks of ids; none: all.
func pickChecks(ids []string) ([]posture.Check, error) {
	all := posture.Checks()
	if len(ids) == 0 {
		return all, nil
	}
	var picked []posture.Check
	for _, id := range ids {
		i := slices.IndexFunc(all, func(c posture.Check) bool { return c.ID == id })
		if i < 0 {
			hint := "postern scan --list tells them"
			for _, c := range all {
				if strings.Contains(c.ID, strings.ToLower(strings.TrimSpace(id))) || strings.Contains(strings.ToLower(id), c.ID) {
					hint = "did you mean " + c.ID + "? " + hint
					break
				}
			}
			return nil, usageError(hint, "there is no check %s", report.Clean(id))
		}
		picked = append(picked, all[i])
	}
	return picked, nil
}

// verdict is how the command ends.
func verdict(v scanView, fail finding.Severity, allowUnknown bool) error {
	if fail == "" {
		return nil
	}
	counting, undecided := 0, 0
	for _, f := range v.Findings {
		if f.Counts() && f.Severity.AtLeast(fail) {
			counting++
		}
	}
	for _, u := range v.Unknown {
		if u.Severity.AtLeast(fail) {
			undecided++
		}
	}
	switch {
	case counting > 0:
		return &ExitError{Code: ExitFindings, Err: fmt.Errorf("%s of severity %s or worse", count(counting, "finding"), fail)}
	case undecided > 0 && !allowUnknown:
		return &ExitError{Code: ExitUnknown, Err: fmt.Errorf("%s of severity %s or worse could not be decided", count(undecided, "check"), fail), Hint: "--allow-unknown lets that pass"}
	}
	return nil
}

func (e *Env) writeScan(v scanView, checks []posture.Check, format string) error {
	switch format {
	case "json":
		return report.JSON(e.Stdout, v)
	case "yaml":
		return report.YAML(e.Stdout, v)
	case "sarif":
		return finding.Sarif(e.Stdout, v.Findings, sarifRules(checks), "postern", buildVersion())
	case "csv":
		t := report.Table{Columns: report.Columns("SEVERITY", "CHECK", "CLUSTER", "OBJECT", "WHAT", "STATE", "REMEDY")}
		for _, f := range v.Findings {
			t.Rows = append(t.Rows, []string{string(f.Severity), f.Check, f.Cluster, f.Object, f.What, findingState(f), f.Remedy})
		}
		for _, u := range v.Unknown {
			t.Rows = append(t.Rows, []string{string(u.Severity), u.Check, u.Cluster, "", u.Why, "unknown", ""})
		}
		return t.CSV(e.Stdout)
	case "name":
		for _, f := range v.Findings {
			fmt.Fprintln(e.Stdout, report.Clean(strings.TrimRight(f.Check+" "+f.Cluster+" "+f.Object, " ")))
		}
		return nil
	}
	return e.printScan(v, format == "wide")
}

// findingState says what becomes of a finding.
func findingState(f finding.Finding) string {
	switch {
	case f.Waiver != nil:
		return "waived"
	case f.Managed:
		return "managed"
	}
	return "open"
}

func (e *Env) printScan(v scanView, wide bool) error {
	p := doorsPrinter{w: &errWriter{w: e.Stdout}, style: report.Style{Wide: wide, Colour: e.Colour()}}
	name := cmp.Or(strings.TrimPrefix(v.Tenant, "LAB "), v.TenantID)
	if v.Lab {
		name = "LAB " + name
	}
	p.line("%s, as of %s: %s", name, v.Taken.UTC().Format(time.RFC3339), count(len(v.Clusters), "cluster"))
	for _, id := range v.Clusters {
		fmt.Fprintln(p.w)
		fmt.Fprintln(p.w, p.style.Bold(report.Clean(lastName(id))))
		p.line("  %s", id)
		open, unknown := 0, []finding.Unknown{}
		for _, f := range v.Findings {
			if f.Cluster != id {
				continue
			}
			open++
			mark := string(f.Severity)
			if s := findingState(f); s != "open" {
				mark += ", " + s
			}
			if f.Severity.AtLeast(finding.High) && f.Counts() {
				mark = p.style.Alarm(mark)
			}
			fmt.Fprintf(p.w, "  %s  %s: %s\n", mark, f.Check, report.Clean(strings.TrimSpace(f.Object+" "+f.What)))
			if w := f.Waiver; w != nil {
				p.line("      accepted by %s until %s: %s", w.Approver, w.Expires.Add(-time.Second).UTC().Format(time.DateOnly), w.Reason)
			}
			for i, ev := range f.Evidence {
				if i == 3 && !wide {
					p.line("      and %d more (-o wide)", len(f.Evidence)-i)
					break
				}
				p.line("      %s", ev.What)
			}
			p.line("      fix: %s", f.Remedy)
		}
		for _, u := range v.Unknown {
			if u.Cluster == id {
				unknown = append(unknown, u)
			}
		}
		if open == 0 {
			p.line("  nothing found")
		}
		for _, u := range unknown {
			fmt.Fprintf(p.w, "  %s  %s: %s\n", p.style.Doubt("unknown"), u.Check, report.Clean(u.Why))
		}
	}
	for _, u := range v.Unknown {
		if !slices.Contains(v.Clusters, u.Cluster) {
			fmt.Fprintf(p.w, "\n%s  %s %s\n", p.style.Doubt("unknown"), report.Clean(u.Cluster), report.Clean(u.Why))
		}
	}
	if p.w.err != nil {
		return fmt.Errorf("write findings: %w", p.w.err)
	}
	return nil
}

// listChecks prints checks.
func (e *Env) listChecks(checks []posture.Check, format string) error {
	switch format {
	case "json":
		return report.JSON(e.Stdout, checks)
	case "yaml":
		return report.YAML(e.Stdout, checks)
	case "sarif", "html":
		return usageError("-o json", "--list has no %s form", format)
	}
	t := report.Table{Columns: report.Columns("ID", "SEVERITY", "HARDEN", "WHAT SHOULD HOLD", "ALSO ASKED BY")}
	for _, c := range checks {
		var refs []string
		for _, r := range c.References {
			refs = append(refs, r.Scheme+" "+r.ID)
		}
		harden := ""
		if c.Harden != "" {
			harden = "yes"
		}
		t.Rows = append(t.Rows, []string{c.ID, string(c.Severity), harden, c.Title, strings.Join(refs, ", ")})
	}
	switch format {
	case "csv":
		return t.CSV(e.Stdout)
	case "name":
		for _, c := range checks {
			fmt.Fprintln(e.Stdout, c.ID)
		}
		return nil
	}
	return t.Text(e.Stdout, report.Style{Wide: format == "wide", Colour: e.Colour()})
}

func sarifRules(checks []posture.Check) (rules []finding.Rule) {
	for _, c := range checks {
		r := finding.Rule{ID: c.ID, Title: c.Title, Why: c.Why, Remedy: c.Remedy, Doc: c.Doc, Severity: c.Severity}
		for _, ref := range c.References {
			r.Tags = append(r.Tags, ref.Scheme+" "+ref.ID)
		}
		rules = append(rules, r)
	}
	return rules
}

// errWaiver: what a waiver lacks.
var errWaiver = errors.New("check, reason, approver and expires are needed")
