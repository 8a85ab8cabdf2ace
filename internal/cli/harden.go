package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/postern-dev/postern/internal/azure"
	"github.com/postern-dev/postern/internal/cluster"
	"github.com/postern-dev/postern/internal/doors"
	"github.com/postern-dev/postern/internal/failpoint"
	"github.com/postern-dev/postern/internal/harden"
	"github.com/postern-dev/postern/internal/posture"
	"github.com/postern-dev/postern/internal/report"
	"github.com/postern-dev/postern/internal/snapshot"
)

type hardenOptions struct {
	checks         []string
	cluster        string
	apply          bool
	as             string
	confirm        string
	acceptUnproved bool
	removing       []string
	undo           string
	since          string
	tenant         tenantOptions

	restore *harden.UndoFile // of a binding
}

func newHardenCmd(env *Env) *cobra.Command {
	var o hardenOptions
	cmd := &cobra.Command{
		Use:   "harden [CHECK...]",
		Short: "Close what scan found: the plan, the change, the proof",
		Long: `Show what would have to be changed so that the findings of scan go away: each
setting before and after, who breaks, and what speaks against it. Nothing is
changed without --apply.

--apply changes one cluster: it reads its settings, alters the planned ones and
puts everything back with its etag, so that somebody else's change in between is
noticed and kept. The cluster's name must be typed first (or given by --confirm).
An undo file is written before anything is sent; --undo FILE puts back what it
says. Interrupted or killed, the same command goes on from what it finds.

Local accounts are disabled only where a member of the admin group is proved to
reach cluster-admin: the API server allows * on * to the Entra token of whoever
runs this. Without that, what Azure says of the group is not proof, and
--accept-unproved is needed. Where nobody would be left, it is refused. Afterwards
the admin credential is asked for once, and must be refused.

--as writes the change as code instead, for clusters that are kept by Terraform
or Bicep: a change made past them is undone by their next run. --as policy writes
assignments of Azure Policy that keep closed what was closed.`,
		Example: `  postern harden
  postern harden local-accounts --cluster aks-lab --apply
  postern harden --cluster aks-lab --as terraform > harden.tf
  postern harden --undo ~/.local/state/postern/undo/aks-lab-20261124T080000Z.json --apply`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.checks = args
			return runHarden(cmd, env, o)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) (ids []string, _ cobra.ShellCompDirective) {
			for _, r := range hardenRemedies() {
				ids = append(ids, r.Check+"\t"+r.Title)
			}
			return ids, cobra.ShellCompDirectiveNoFileComp
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.cluster, "cluster", "", "only this cluster, by ARM id or name")
	f.BoolVar(&o.apply, "apply", false, "make the change")
	f.StringVar(&o.as, "as", "", "write the change as code: az, bicep, terraform or policy")
	f.StringVar(&o.confirm, "confirm", "", "the cluster's name, instead of typing it")
	f.BoolVar(&o.acceptUnproved, "accept-unproved", false, "go on where it is not proved that anybody still reaches cluster-admin")
	f.StringArrayVar(&o.removing, "removing", nil, "a principal (object id or UPN) that another plan takes away, who does not count as left over; may be repeated")
	f.StringVar(&o.undo, "undo", "", "put back what this undo file says")
	f.StringVar(&o.since, "since", "30d", "how far to look back for who uses the shared account: 30d, 12h, 2w")
	_ = cmd.RegisterFlagCompletionFunc("as", cobra.FixedCompletions(harden.Forms(), cobra.ShellCompDirectiveNoFileComp))
	o.tenant.flags(cmd)
	env.completeClusters(cmd)
	return uses(cmd, "kubeconfig", "filename", "store")
}

// hardenView is what harden answers, one entry a cluster.
type hardenView struct {
	TenantID string        `json:"tenantId"`
	Tenant   string        `json:"tenantName,omitempty"`
	Lab      bool          `json:"lab,omitempty"`
	Clusters []hardenEntry `json:"clusters"`
}

type hardenEntry struct {
	ID           string              `json:"id"`
	Name         string              `json:"name"`
	Subscription string              `json:"subscription"`
	Differences  []harden.Difference `json:"differences"`
	Notes        []string            `json:"notes"`
	Breaks       []doors.User        `json:"breaks"` // who uses the local account
	Remain       []string            `json:"remain"` // who reaches cluster-admin without it
	Refused      string              `json:"refused,omitempty"`
	Proved       string              `json:"proved,omitempty"`
	Wanting      string              `json:"wanting,omitempty"` // why it is not proved
	Unknown      string              `json:"unknown,omitempty"` // why there is no plan
	Changed      bool                `json:"changed,omitempty"`
	Undo         string              `json:"undo,omitempty"` // file
	Proof        *harden.Proof       `json:"proof,omitempty"`

	found    *doors.Cluster
	azure    *snapshot.AzureCluster
	remedies []harden.Remedy
	bindings []harden.Binding
	dangling []string // bindings, as scan names them
	unread   string   // why bindings could not be examined
}

func runHarden(cmd *cobra.Command, env *Env, o hardenOptions) error {
	format, err := env.format(cmd, "table", "json", "yaml")
	if err != nil {
		return err
	}
	remedies, err := o.remedies(env)
	if err != nil {
		return err
	}
	view, tenant, err := env.hardenPlan(cmd, &o, remedies)
	if err != nil {
		return err
	}
	if o.as != "" {
		return env.emit(view, o)
	}
	if !o.apply {
		if err := env.writeHarden(view, format, false); err != nil {
			return err
		}
		return planned(view)
	}
	if len(view.Clusters) != 1 {
		return usageError("--cluster NAME", "--apply changes one cluster, and here are %d", len(view.Clusters))
	}
	return env.applyHarden(cmd.Context(), &view, tenant, o, format)
}

// remedies are those asked for, checked together with the flags.
func (o *hardenOptions) remedies(env *Env) ([]harden.Remedy, error) {
	if o.as != "" && !slices.Contains(harden.Forms(), o.as) {
		return nil, usageError("az, bicep, terraform or policy", "--as %s is no form", o.as)
	}
	for _, bad := range []struct {
		wrong bool
		text  string
	}{
		{o.as != "" && o.apply, "--as writes code and --apply makes the change: one of them"},
		{o.apply && len(env.Flags.Filename) > 0, "--apply changes a live cluster: -f has no meaning with it"},
		{o.confirm != "" && !o.apply, "--confirm has a meaning with --apply alone"},
		{o.undo != "" && (len(o.checks) > 0 || o.as != "" || len(env.Flags.Filename) > 0), "--undo puts back what its file says: CHECK, --as and -f have no meaning with it"},
	} {
		if bad.wrong {
			return nil, usageError("", "%s", bad.text)
		}
	}
	if o.undo != "" {
		u, err := harden.ReadUndo(o.undo)
		if err != nil {
			return nil, usageError("", "%w", err)
		}
		if o.cluster != "" && !strings.EqualFold(o.cluster, u.Cluster) && !strings.EqualFold(o.cluster, lastName(u.Cluster)) {
			return nil, usageError("", "--undo %s is of %s, not of %s", o.undo, u.Cluster, o.cluster)
		}
		o.cluster = u.Cluster
		if u.Object != "" {
			o.restore = &u
			return nil, nil
		}
		return []harden.Remedy{u.Remedy()}, nil
	}
	var known, picked []string
	var all []harden.Remedy
	for _, r := range hardenRemedies() {
		known = append(known, r.Check)
		if len(o.checks) == 0 || slices.Contains(o.checks, r.Check) {
			picked, all = append(picked, r.Check), append(all, r)
		}
	}
	for _, c := range o.checks {
		if !slices.Contains(picked, c) {
			return nil, usageError("there are "+strings.Join(known, ", ")+"; postern scan tells the remedy of other checks", "%s has no remedy that harden makes", report.Clean(c))
		}
	}
	return all, nil
}

// hardenRemedies are all: bindings first, which grant nothing to anybody.
func hardenRemedies() []harden.Remedy {
	return slices.Concat(harden.ObjectRemedies(), harden.Remedies())
}

func lastName(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

// hardenPlan reads what there is and says what would be changed.
func (e *Env) hardenPlan(cmd *cobra.Command, o *hardenOptions, remedies []harden.Remedy) (view hardenView, tenant *snapshot.Tenant, err error) {
	window, err := sinceDuration(o.since)
	if err != nil {
		return view, nil, usageError("a number with d, h, m or w: --since 30d", "--since: %w", err)
	}
	tenant, err = e.doorsTenant(cmd, doorsOptions{cluster: o.cluster, tenant: o.tenant})
	if err != nil {
		return view, nil, err
	}
	if err := oneOf(tenant, o.cluster); err != nil {
		return view, nil, err
	}
	r := doors.Find(tenant, doors.Options{Now: e.Now(), Cluster: o.cluster})
	since := tenant.Taken.Add(-window)
	uses, _ := e.sharedUses(cmd.Context(), r, since)
	r.Breaks(tenant, uses, since)
	view = hardenView{TenantID: tenant.ID, Tenant: tenant.Name, Lab: tenant.Lab, Clusters: []hardenEntry{}}
	for i := range r.Clusters {
		c := &r.Clusters[i]
		at := slices.IndexFunc(tenant.Clusters, func(a snapshot.AzureCluster) bool { return strings.EqualFold(a.ID, c.ID) })
		entry := hardenEntry{ID: c.ID, Name: c.Name, Subscription: c.Subscription, Differences: []harden.Difference{}, Notes: []string{}, Breaks: []doors.User{}, Remain: []string{}, found: c, azure: &tenant.Clusters[at]}
		entry.scanned(posture.Scan(tenant, r, posture.Options{Now: e.Now(), Checks: []string{"dangling-bindings"}}))
		entry.plan(tenant, remedies, o, nil)
		view.Clusters = append(view.Clusters, entry)
	}
	return view, tenant, nil
}

// scanned keeps what scan says of the bindings of the cluster.
func (h *hardenEntry) scanned(res posture.Result) {
	for _, f := range res.Findings {
		if strings.EqualFold(f.Cluster, h.ID) && !f.Managed {
			h.dangling = append(h.dangling, f.Object)
		}
	}
	for _, u := range res.Unknown {
		if strings.EqualFold(u.Cluster, h.ID) {
			h.unread = u.Why
		}
	}
}

// planBindings fills in which bindings change.
func (h *hardenEntry) planBindings(t *snapshot.Tenant, remedies []harden.Remedy, o *hardenOptions) {
	objects := slices.DeleteFunc(slices.Clone(remedies), func(r harden.Remedy) bool { return !r.Objects })
	if h.bindings = nil; o.restore != nil {
		for _, d := range o.restore.Differences {
			h.Differences = append(h.Differences, harden.Difference{Check: "undo", Path: d.Path, Before: d.After, After: d.Before})
		}
		return
	}
	if len(objects) == 0 {
		return
	}
	if h.unread != "" {
		if len(o.checks) > 0 {
			h.Unknown = "bindings were not examined: " + h.unread
			return
		}
		h.Notes = append(h.Notes, "bindings were not examined: "+h.unread)
		return
	}
	h.bindings = harden.Bindings(h.azure.Kubernetes, objects, h.dangling, func(name string) bool {
		return slices.ContainsFunc(t.Principals, func(p snapshot.Principal) bool { return p.Deleted && strings.EqualFold(p.ID, name) })
	})
	for _, r := range objects {
		if slices.ContainsFunc(h.bindings, func(b harden.Binding) bool { return b.Check == r.Check }) {
			h.Notes = append(h.Notes, r.Notes...)
		}
	}
	h.Notes = slices.Compact(h.Notes)
	for _, b := range h.bindings {
		h.Differences = append(h.Differences, b.Difference())
	}
}

// plan fills in what remedies change, and what the guards say.
func (h *hardenEntry) plan(t *snapshot.Tenant, remedies []harden.Remedy, o *hardenOptions, reach *harden.Reach) {
	h.remedies, h.Differences, h.Notes = nil, []harden.Difference{}, []string{}
	h.Breaks, h.Remain = []doors.User{}, []string{} // planned anew from what is true now
	if u := slices.IndexFunc(t.Unread, func(u snapshot.Unread) bool {
		return u.Piece == snapshot.PieceCluster && strings.EqualFold(u.Scope, h.ID)
	}); u >= 0 || len(h.azure.Raw) == 0 {
		h.Unknown = "its settings could not be read"
		return
	}
	if h.planBindings(t, remedies, o); h.Unknown != "" {
		return
	}
	for _, r := range remedies {
		found, err := harden.Differences(h.azure.Raw, []harden.Remedy{r})
		if err != nil {
			h.Unknown = err.Error()
			return
		}
		if len(found) == 0 {
			continue
		}
		h.remedies = append(h.remedies, r)
		h.Differences = append(h.Differences, found...)
		h.Notes = append(h.Notes, r.Notes...)
		if r.LocalAccounts {
			h.Breaks = append(h.Breaks, h.found.Breaks...)
			v := harden.GuardLocalAccounts(*h.found, harden.AdminGroups(h.azure.Raw), o.removing, reach)
			h.Refused, h.Proved, h.Wanting = v.Refused, v.Proved, v.Wanting
			h.Remain = append(h.Remain, v.Remain...)
		}
	}
}

// planned is how a command ends that only planned.
func planned(view hardenView) error {
	for _, c := range view.Clusters {
		if c.Unknown != "" {
			return &ExitError{Code: ExitUnknown, Err: fmt.Errorf("no plan for %s: %s", c.Name, c.Unknown)}
		}
	}
	return nil
}

func (e *Env) emit(view hardenView, o hardenOptions) error {
	if err := planned(view); err != nil {
		return err
	}
	written := 0
	for _, c := range view.Clusters {
		if o.as == "policy" {
			c.bindings = nil
			c.remedies = slices.DeleteFunc(slices.Clone(c.remedies), func(r harden.Remedy) bool { return r.Policy == "" })
		}
		if len(c.remedies)+len(c.bindings) == 0 {
			continue
		}
		if c.Refused != "" {
			return &ExitError{Code: ExitRefused, Err: fmt.Errorf("write the change of %s: refused: %s", c.Name, c.Refused)}
		}
		if written > 0 && o.as != "az" && o.as != "terraform" {
			return usageError("--cluster NAME", "--as %s writes one cluster, and here are several", o.as)
		}
		text, err := harden.Emit(o.as, harden.Target{ID: c.ID, Name: c.Name, ResourceGroup: c.found.ResourceGroup, Subscription: c.Subscription}, c.remedies, c.bindings)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprint(e.Stdout, text); err != nil {
			return err
		}
		written++
	}
	switch {
	case written == 0 && o.as == "policy":
		e.Say("there is nothing to change that a built-in policy would keep so")
	case written == 0:
		e.Say("there is nothing to change")
	}
	return nil
}

// applyHarden changes the one cluster of a view.
func (e *Env) applyHarden(ctx context.Context, view *hardenView, tenant *snapshot.Tenant, o hardenOptions, format string) error {
	fail, err := failpoint.Parse(e.Getenv(failpoint.Variable))
	if err != nil {
		return usageError("unset "+failpoint.Variable+"; it is for tests", "%w", err)
	}
	c := &view.Clusters[0]
	options := azure.TenantOptions{Getenv: e.Getenv, Version: buildVersion(), Now: e.Now}
	changer, err := azure.NewChanger(options)
	if err != nil {
		return signedOut(err)
	}
	written := 0
	undo := func(object string, before []byte, d []harden.Difference) error {
		name := c.Name + "-" + e.Now().UTC().Format("20060102T150405.000Z")
		if written++; written > 1 {
			name += fmt.Sprintf("-%d", written)
		}
		path := filepath.Join(e.xdg("XDG_STATE_HOME", ".local/state"), "postern", "undo", name+".json")
		c.Undo = path
		if err := harden.WriteUndo(path, harden.UndoFile{Cluster: c.ID, Object: object, Made: e.Now().UTC(), By: tenant.Reader.Name, Differences: d, Before: before}); err != nil {
			return err
		}
		e.Say("how to undo it: postern harden --undo %s --apply", report.Clean(path))
		return nil
	}
	a := harden.Applier{Azure: changer, ID: c.ID, Say: e.Say, Fail: fail, Pause: wait, Tries: 6, Polls: 1800,
		Undo: func(before []byte, d []harden.Difference) error { return undo("", before, d) }}
	all, err := o.remedies(e)
	if err != nil {
		return err
	}
	base, err := a.Settled(ctx)
	if err != nil {
		return hardenFailed(err)
	}
	c.azure.Raw = base // what is true now, not what a listing said
	closing := slices.ContainsFunc(all, func(r harden.Remedy) bool { return r.LocalAccounts })
	var reach *harden.Reach
	if closing {
		reach = e.reach(ctx, o, options, c.azure)
	}
	c.plan(tenant, all, &o, reach)
	if err := e.printPlan(e.Stderr, *view, false); err != nil {
		return err
	}
	if len(c.Differences) > 0 {
		if err := e.allowed(c, o); err != nil {
			return err
		}
		if err := e.confirmed(c, view, o.confirm); err != nil {
			return err
		}
		if c.Changed, err = e.applyBindings(ctx, c, o, options, undo, fail); err != nil {
			return hardenFailed(err)
		}
		if len(c.remedies) > 0 {
			changed, err := a.Apply(ctx, base, c.remedies)
			if err != nil {
				return hardenFailed(err)
			}
			c.Changed = c.Changed || changed
		}
	}
	if closing {
		proof, err := a.ProveRefused(ctx)
		if err != nil {
			return &ExitError{Code: ExitUnknown, Err: fmt.Errorf("the change is made; its proof is wanting: %w", err), Hint: "run the command again"}
		}
		c.Proof = &proof
	}
	if err := e.writeHarden(*view, format, true); err != nil {
		return err
	}
	switch p := c.Proof; {
	case p != nil && p.Status == 200:
		return fmt.Errorf("local accounts are disabled by the cluster's settings, and the admin credential was handed out all the same")
	case p != nil && !p.Proved:
		return &ExitError{Code: ExitUnknown, Err: fmt.Errorf("the change is made and not proved: asking for the admin credential was answered %d %s, which says nothing of local accounts", p.Status, p.Words)}
	}
	return nil
}

// wait pauses, or ends with the context.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// apiServer is the cluster's API server, spoken to with the caller's Entra token.
func (e *Env) apiServer(o hardenOptions, options azure.TenantOptions, c *snapshot.AzureCluster) (*cluster.Client, error) {
	given, err := o.tenant.given()
	if err != nil {
		return nil, err
	}
	server, ca, _, err := e.trust(given).of(c)
	if err != nil {
		return nil, err
	}
	return cluster.ConnectEntra(cluster.EntraOptions{
		Server: server, CA: ca, Token: azure.AKSToken(options), Name: c.Name(), Timeout: time.Duration(e.Config.Timeout.Server), UserAgent: "postern/" + buildVersion(),
	})
}

// applyBindings makes the bindings of a plan as planned, one after the other.
func (e *Env) applyBindings(ctx context.Context, c *hardenEntry, o hardenOptions, options azure.TenantOptions, undo func(string, []byte, []harden.Difference) error, fail *failpoint.Set) (changed bool, err error) {
	if len(c.bindings) == 0 && o.restore == nil {
		return false, nil
	}
	client, err := e.apiServer(o, options, c.azure)
	if err != nil {
		return false, err
	}
	a := harden.ObjectApplier{Kubernetes: client, Say: e.Say, Fail: fail, Pause: wait, Tries: 6,
		Undo: func(object string, before []byte, d harden.Difference) error {
			return undo(object, before, []harden.Difference{d})
		}}
	if o.restore != nil {
		return a.Restore(ctx, *o.restore)
	}
	for _, b := range c.bindings {
		one, err := a.Apply(ctx, b)
		if err != nil {
			return changed, err
		}
		changed = changed || one
	}
	return changed, nil
}

// reach shows the caller's Entra token to the cluster's API server.
func (e *Env) reach(ctx context.Context, o hardenOptions, options azure.TenantOptions, c *snapshot.AzureCluster) *harden.Reach {
	client, err := e.apiServer(o, options, c)
	if err != nil {
		return &harden.Reach{Err: err}
	}
	id, err := client.WhoAmI(ctx)
	if err != nil {
		return &harden.Reach{Err: err}
	}
	r := &harden.Reach{User: id.User, Groups: id.Groups}
	if oid := id.Extra["oid"]; len(oid) > 0 {
		r.OID = oid[0]
	}
	r.Allowed, r.Err = client.AllowsAll(ctx)
	return r
}

// allowed holds the guards' word against what the user accepted.
func (e *Env) allowed(c *hardenEntry, o hardenOptions) error {
	switch {
	case c.Refused != "":
		return &ExitError{Code: ExitRefused, Err: fmt.Errorf("change %s: refused: %s", c.Name, c.Refused)}
	case c.Wanting != "" && !o.acceptUnproved:
		return &ExitError{Code: ExitRefused, Err: fmt.Errorf("change %s: refused: it is not proved that anybody still reaches cluster-admin: %s", c.Name, c.Wanting),
			Hint: "sign in as a member of the admin group and run it again, or --accept-unproved"}
	case c.Wanting != "":
		e.Warn("not proved, and accepted: %s", report.Clean(c.Wanting))
	}
	return nil
}

// confirmed asks for the cluster's name.
func (e *Env) confirmed(c *hardenEntry, view *hardenView, given string) error {
	name := view.Tenant
	if name == "" {
		name = view.TenantID
	}
	if view.Lab {
		name = "LAB " + strings.TrimPrefix(name, "LAB ")
	}
	if given == "" {
		fmt.Fprintf(e.Stderr, "tenant %s, subscription %s\ntype the cluster's name (%s) to change it: ", report.Clean(name), c.Subscription, report.Clean(c.Name))
		line, err := bufio.NewReader(e.Stdin).ReadString('\n')
		if given = strings.TrimSpace(line); given == "" {
			fmt.Fprintln(e.Stderr)
			if err != nil {
				return &ExitError{Code: ExitRefused, Err: errors.New("nothing was typed, and nothing changed"), Hint: "--confirm " + c.Name + " where nobody can type"}
			}
		}
	} else {
		e.Say("tenant %s, subscription %s", report.Clean(name), c.Subscription)
	}
	if given != c.Name {
		return &ExitError{Code: ExitRefused, Err: fmt.Errorf("%q is not the cluster's name, %s: nothing changed", report.Clean(given), c.Name)}
	}
	return nil
}

func hardenFailed(err error) error {
	var conflict *harden.Conflict
	var refused *harden.Refused
	var uncertain *harden.Uncertain
	switch {
	case errors.As(err, &conflict):
		return &ExitError{Code: ExitRefused, Err: err, Hint: "look at the plan anew: run the command again"}
	case errors.As(err, &refused):
		return &ExitError{Code: ExitRefused, Err: err}
	case errors.As(err, &uncertain):
		return &ExitError{Code: ExitUnknown, Err: err}
	}
	return err
}
