package posture

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/postern-dev/postern/internal/finding"
)

// Log is what the audit log says of a time. Whoever calls Scan asks the store;
// nothing here does.
type Log struct {
	Unread   string    // why nothing could be asked; empty: it was
	Since    time.Time // the time asked about
	Until    time.Time
	Coverage []Covered
	Uses     []Use
}

// Covered is what the store holds of one category of a cluster's records.
type Covered struct {
	Cluster  string // as the events name it: ARM id in small letters, or a name
	Category string
	From, To time.Time
}

// Use is one credential with one agent from one address.
type Use struct {
	Cluster    string
	User       string
	Credential string // authentication.kubernetes.io/credential-id; empty: the server says none
	Address    string // what the client says where a proxy stands between
	Agent      string
	First      time.Time
	Last       time.Time
	Count      int
}

// NeedsLog reports whether a check of these ids asks the log; none: all.
func NeedsLog(ids []string) bool {
	return slices.ContainsFunc(Checks(), func(c Check) bool { return c.log && (len(ids) == 0 || slices.Contains(ids, c.ID)) })
}

// slack is what coverage may lack at both ends: an hour in which a busy API
// server happened not to be delivered yet.
const slack = time.Hour

// shared are the names of the local account.
func shared(user string) bool {
	return user == "masterclient" || user == "clusterAdmin" || user == "clusterUser"
}

func useChecks() []Check {
	return []Check{
		{
			ID: "credential-many-addresses", Title: "One credential is used from one place", Severity: finding.Medium,
			Why:    "The same client certificate, or the shared account, from several addresses is a copy, or somebody who moves. Addresses are the client's word where a proxy stands between; those of one IPv6 network count once.",
			Remedy: "ask who uses it at these addresses; a copy ends with az aks rotate-certs -g {rg} -n {name}",
			Doc:    learn + "monitor-aks", References: ref(soc, "CC7.2"), log: true, run: manyAddresses,
		},
		{
			ID: "local-account-used", Title: "Nobody uses the shared account", Severity: finding.Medium,
			Why:    "What is done with it, is done by nobody: the log has one name for all who hold the kubeconfig. While local accounts are disabled it means that an old certificate still works.",
			Remedy: "give those who use it a role with their own Entra identity; then postern harden local-accounts --cluster {name}, and az aks rotate-certs -g {rg} -n {name}",
			Doc:    learn + "manage-local-accounts-managed-azure-ad", References: ref(soc, "CC7.2"), log: true, run: accountUsed,
		},
	}
}

// manyAddresses: a certificate is one by its id, the shared account without an id
// by its name.
func manyAddresses(c *cluster) {
	uses := c.uses()
	of := map[string][]Use{}
	var order []string
	for _, u := range uses {
		key := "credential " + u.Credential
		if u.Credential == "" {
			key = "user " + u.User
		}
		if of[key] == nil {
			order = append(order, key)
		}
		of[key] = append(of[key], u)
	}
	for _, key := range order {
		places := map[string]bool{}
		for _, u := range of[key] {
			if u.Address != "" {
				places[place(u.Address)] = true
			}
		}
		if len(places) > 1 {
			c.failAt(key, fmt.Sprintf("%s is used from %d addresses", of[key][0].User, len(places)), c.useEvidence(of[key])...)
		}
	}
	c.logWanting()
}

// accountUsed tells each name of the shared account once.
func accountUsed(c *cluster) {
	of := map[string][]Use{}
	var order []string
	for _, u := range c.uses() {
		if !shared(u.User) {
			continue
		}
		if of[u.User] == nil {
			order = append(order, u.User)
		}
		of[u.User] = append(of[u.User], u)
	}
	changed := c.lastWrite()
	for _, name := range order {
		n, last := 0, time.Time{}
		for _, u := range of[name] {
			n += u.Count
			if u.Last.After(last) {
				last = u.Last
			}
		}
		f := finding.Finding{Object: "user " + name, What: fmt.Sprintf("used %d times, last at %s", n, last.UTC().Format(time.RFC3339)), Evidence: c.useEvidence(of[name])}
		if c.body != nil && c.on("properties.disableLocalAccounts") && !changed.IsZero() && last.After(changed) {
			f.Severity = finding.High
			f.What += ", while local accounts are disabled: an old certificate still works"
			f.Evidence = append(f.Evidence, c.says("properties.disableLocalAccounts"), finding.Evidence{What: "the settings were last written at " + changed.UTC().Format(time.RFC3339), From: c.ID, At: changed})
		}
		c.add(f)
	}
	c.logWanting()
}

// lastWrite is when the cluster's settings were last written, zero where the
// Activity Log does not say: they are since then as they stand.
func (c *cluster) lastWrite() (last time.Time) {
	for _, a := range c.tenant.Activity {
		if fold(a.Resource) == fold(c.ID) && strings.EqualFold(a.Operation, "Microsoft.ContainerService/managedClusters/write") && strings.EqualFold(a.Status, "Succeeded") && a.Time.After(last) {
			last = a.Time
		}
	}
	return last
}

// uses are those of this cluster in the time asked about.
func (c *cluster) uses() (all []Use) {
	if c.log == nil || c.log.Unread != "" {
		return nil
	}
	for _, u := range c.log.Uses {
		if c.called(u.Cluster) {
			all = append(all, u)
		}
	}
	return all
}

// called: the events name the cluster so.
func (c *cluster) called(name string) bool {
	return fold(name) == fold(c.ID) || strings.EqualFold(name, c.doors.Name)
}

// logWanting says unknown for what the log cannot speak of: then more may have
// been than was found.
func (c *cluster) logWanting() {
	const hint = "; postern ingest fills the store"
	if c.log == nil || c.log.Unread != "" {
		why := "it was not asked"
		if c.log != nil {
			why = c.log.Unread
		}
		c.unknown("the audit log could not be read: %s", why+hint)
		return
	}
	var full, admin *Covered
	for i := range c.log.Coverage {
		v := &c.log.Coverage[i]
		switch {
		case !c.called(v.Cluster):
		case v.Category == "kube-audit":
			full = v
		case v.Category == "kube-audit-admin":
			admin = v
		}
	}
	asked := c.log.Since.UTC().Format(time.RFC3339) + " to " + c.log.Until.UTC().Format(time.RFC3339)
	switch {
	case full == nil && admin == nil:
		c.unknown("the store has no audit records of the cluster from %s%s", asked, hint)
	case full == nil:
		c.unknown("the store has only kube-audit-admin of the cluster, which leaves out get and list")
	case full.From.After(c.log.Since.Add(slack)) || full.To.Before(c.log.Until.Add(-slack)):
		c.unknown("the store has audit records of the cluster from %s to %s only, asked was %s%s", full.From.UTC().Format(time.RFC3339), full.To.UTC().Format(time.RFC3339), asked, hint)
	}
}

// mostUses is how many uses are evidence; the others are counted.
const mostUses = 20

// useEvidence are uses, the last first, and who fetched the shared account at
// the same address before.
func (c *cluster) useEvidence(uses []Use) (all []finding.Evidence) {
	uses = slices.Clone(uses)
	slices.SortStableFunc(uses, func(a, b Use) int {
		return cmp.Or(b.Last.Compare(a.Last), strings.Compare(a.Address, b.Address), strings.Compare(a.Agent, b.Agent))
	})
	for i, u := range uses {
		if i == mostUses {
			all = append(all, finding.Evidence{What: fmt.Sprintf("and %d uses more", len(uses)-i), From: "audit log"})
			break
		}
		what := fmt.Sprintf("%s from %s with %s: %d requests, first at %s", u.User, cmp.Or(u.Address, "an address that is not told"), cmp.Or(u.Agent, "an agent that is not told"), u.Count, u.First.UTC().Format(time.RFC3339))
		if who := c.fetchers(u); who != "" {
			what += "; fetched from that address by " + who
		}
		all = append(all, finding.Evidence{What: what, From: "audit log", At: u.Last})
	}
	return all
}

// fetchers are who fetched the shared account where it was used, before it was.
func (c *cluster) fetchers(u Use) string {
	var who []string
	if !shared(u.User) || u.Address == "" {
		return ""
	}
	for _, a := range c.tenant.Activity {
		if c.pull(a) && !a.Time.After(u.Last) && place(a.Address) == place(u.Address) && !slices.Contains(who, a.Caller) {
			who = append(who, a.Caller)
		}
	}
	return strings.Join(who, ", ")
}

// place is an address, of IPv6 its network: who has one has all of it.
func place(address string) string {
	ip, err := netip.ParseAddr(strings.TrimSpace(address))
	if err != nil {
		return address
	}
	if ip = ip.Unmap(); ip.Is4() {
		return ip.String()
	}
	network, _ := ip.WithZone("").Prefix(64) // 64 fits every IPv6 address
	return network.String()
}
