package doors

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/postern-dev/postern/internal/snapshot"
)

const aks = "Microsoft.ContainerService/managedClusters/"

// refusal begins Azure's answer where local accounts are disabled; what follows
// varies.
const refusal = "Getting static credential"

const clusterAdmin = "cluster-admin"

// settingEvidence is the setting that decides about the local account.
func (c *cluster) settingEvidence() Evidence {
	if c.local() {
		return Evidence{What: "disableLocalAccounts is not true", From: c.id}
	}
	return Evidence{What: "disableLocalAccounts is true", From: c.id}
}

const disable = "az aks update -g %s -n %s --disable-local-accounts (after Entra integration, and after looking at who breaks)"

func (c *cluster) disableFix() string { return fmt.Sprintf(disable, c.group, c.name) }

// pulls are the successful calls that handed out the local account.
func (x *finder) pulls(c *cluster) (all []snapshot.Activity) {
	for _, a := range x.t.Activity {
		if x.pull(c, a) && strings.EqualFold(a.Status, "Succeeded") {
			all = append(all, a)
		}
	}
	return all
}

// pull: an Activity Log record of a call that hands out the local account of a
// cluster, successful or not.
func (x *finder) pull(c *cluster, a snapshot.Activity) bool {
	if at := fold(a.Resource); at != fold(c.id) && !strings.HasPrefix(at, fold(c.id)+"/") {
		return false
	}
	switch fold(a.Operation) {
	case fold(aks + "listClusterAdminCredential/action"), fold(aks + "accessProfiles/listCredential/action"):
		return true
	case fold(aks + "listClusterUserCredential/action"):
		return !c.entra()
	}
	return false
}

// pulled are the holders of copies fetched at or after a time.
func (x *finder) pulled(c *cluster, after time.Time) (holders []Holder) {
	last := map[string]snapshot.Activity{}
	for _, a := range x.pulls(c) {
		if !a.Time.Before(after) {
			last[x.caller(a).ID] = a
		}
	}
	for _, a := range last {
		holders = append(holders, Holder{Principal: x.caller(a), How: Pulled, Path: []Step{{What: "fetched it by " + lastWord(a.Operation) + " at " + a.Time.UTC().Format(time.RFC3339), From: a.ID}}})
	}
	return holders
}

// caller is who made a call: by object id, else by what the log calls them.
func (x *finder) caller(a snapshot.Activity) Principal {
	p := x.principal(cmp.Or(a.CallerID, a.Caller))
	if p.Kind != string(snapshot.UnknownPrincipal) || p.Name != "" {
		return p
	}
	for _, known := range []*snapshot.Principal{x.byUPN[fold(a.Caller)], x.byApp[fold(a.Caller)]} {
		if known != nil {
			return x.principal(known.ID)
		}
	}
	p.Name = a.Caller
	return p
}

// lastWord is an operation without its provider, for people.
func lastWord(operation string) string {
	operation = strings.TrimSuffix(operation, "/action")
	if i := strings.Index(fold(operation), fold(aks)); i == 0 {
		operation = operation[len(aks):]
	}
	return operation
}

// since is from when on the Activity Log of a cluster was read.
func (x *finder) since(c *cluster) (since, until time.Time, why string) {
	if why, missing := x.missing(snapshot.PieceActivity, c.scope); missing {
		return time.Time{}, time.Time{}, why
	}
	for _, s := range x.t.Subscriptions {
		if fold(s.ID) == fold(c.subscription) {
			if s.ActivitySince.IsZero() {
				break
			}
			return s.ActivitySince, s.ActivityUntil, ""
		}
	}
	return time.Time{}, time.Time{}, "the Activity Log was not read"
}

func (x *finder) localAccount(c *cluster) Door {
	d := Door{State: Closed, Why: "local accounts are disabled: nobody is handed the shared credential (copies: see old-credentials)", Power: clusterAdmin, Evidence: []Evidence{c.settingEvidence()}}
	if c.local() {
		d.State, d.Fix = Open, c.disableFix()
		d.Why = "everybody who fetches it is masterclient in system:masters, by a certificate and by a static token; nobody can tell who did what"
	}
	d.Holders = x.pulled(c, time.Time{})
	since, _, why := x.since(c)
	switch {
	case why != "":
		d.HoldersUnknown = append(d.HoldersUnknown, "who has fetched it is unknown: "+why)
	case len(d.Holders) == 0:
		d.Evidence = append(d.Evidence, Evidence{What: "nobody pulled it since " + since.UTC().Format(time.RFC3339), From: "Activity Log of " + c.scope})
	default:
		d.Evidence = append(d.Evidence, Evidence{What: "the Activity Log was read from " + since.UTC().Format(time.RFC3339) + " on", From: "Activity Log of " + c.scope})
	}
	return d
}

// handedOut is a door by which Azure hands out the local account.
func (x *finder) handedOut(c *cluster, action, open string) Door {
	d := Door{State: Closed, Why: "local accounts are disabled", Power: clusterAdmin, Evidence: []Evidence{c.settingEvidence()}}
	if c.local() {
		d.State, d.Why, d.Fix = Open, open, c.disableFix()
	} else if a, ok := x.refused(c, action); ok {
		d.State = Proved
		d.Why = "refused to " + a.Caller + " at " + a.Time.UTC().Format(time.RFC3339) + " with: " + firstLine(a.Message)
		d.Evidence = append(d.Evidence, Evidence{What: "a call was refused: " + firstLine(a.Message), From: a.ID, At: a.Time})
	}
	d.Holders, d.HoldersUnknown = x.holders(c.subscription, right{action: action, scope: c.id})
	return d
}

// refused is the last refusal of a call because local accounts are disabled,
// where nothing was written to the cluster since.
func (x *finder) refused(c *cluster, action string) (found snapshot.Activity, ok bool) {
	for _, a := range x.t.Activity {
		at := fold(a.Resource)
		if at != fold(c.id) && !strings.HasPrefix(at, fold(c.id)+"/") {
			continue
		}
		switch {
		case strings.EqualFold(a.Operation, action) && strings.EqualFold(a.Status, "Failed") && strings.Contains(a.Message, refusal):
			found, ok = a, true
		case ok && x.write(c, a) && a.Time.After(found.Time):
			ok = false
		}
	}
	return found, ok
}

// write: a successful change of the cluster.
func (x *finder) write(c *cluster, a snapshot.Activity) bool {
	return fold(a.Resource) == fold(c.id) && strings.EqualFold(a.Operation, aks+"write") && strings.EqualFold(a.Status, "Succeeded")
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	if len(s) > 200 {
		s = strings.ToValidUTF8(s[:200], "") + "…"
	}
	return s
}

func (x *finder) adminCredential(c *cluster) Door {
	return x.handedOut(c, aks+"listClusterAdminCredential/action", "az aks get-credentials --admin hands it out, Entra or not")
}

func (x *finder) accessProfile(c *cluster) Door {
	return x.handedOut(c, aks+"accessProfiles/listCredential/action", "the older call accessProfiles/clusterAdmin/listCredential hands it out as well")
}

func (x *finder) userCredential(c *cluster) Door {
	d := x.handedOut(c, aks+"listClusterUserCredential/action", "without Entra, az aks get-credentials hands the local account to everybody with the user role too")
	if c.entra() {
		d.State, d.Fix = Closed, ""
		d.Why = "with Entra it hands out an address and a sign-in, no credential"
		d.Evidence = append(d.Evidence[:1:1], Evidence{What: "aadProfile is there", From: c.id})
	}
	return d
}

func (x *finder) oldCredentials(c *cluster) Door {
	d := Door{State: Unknown, Power: clusterAdmin, Fix: fmt.Sprintf("az aks rotate-certs -g %s -n %s (recreates nodes; certificates and tokens given out before are dead)", c.group, c.name)}
	since, _, logWhy := x.since(c)
	var wrote, rotated time.Time
	for _, a := range x.t.Activity {
		switch {
		case x.write(c, a):
			wrote = later(wrote, a.Time)
		case fold(a.Resource) == fold(c.id) && strings.EqualFold(a.Operation, aks+"rotateClusterCertificates/action") && strings.EqualFold(a.Status, "Succeeded"):
			rotated = later(rotated, a.Time)
			d.Evidence = append(d.Evidence, Evidence{What: "the certificates were rotated", From: a.ID, At: a.Time})
		}
	}
	ca, caKnown := c.clientCA()
	born := rotated // what was fetched before is dead
	if caKnown {
		d.Evidence = append(d.Evidence, Evidence{What: "the CA of client certificates begins " + ca.NotBefore.UTC().Format(time.RFC3339), From: "ConfigMap kube-system/extension-apiserver-authentication", At: ca.NotBefore})
		// The CA that is trusted is better evidence than a record of its rotation,
		// unless it was read before that.
		if !rotated.After(c.Kubernetes.Taken) {
			born = ca.NotBefore
		} else {
			born = later(rotated, ca.NotBefore)
		}
	}
	d.Holders = x.pulled(c, born)
	if logWhy != "" {
		d.HoldersUnknown = append(d.HoldersUnknown, "who has a copy is unknown: "+logWhy)
	}
	on := wrote // the last moment at which the account can have been on
	if on.IsZero() {
		on = since
	}
	switch {
	case c.local():
		d.State, d.Why = Open, "the account is on: every copy since the CA was made works"
	case len(d.Holders) > 0:
		d.State, d.Why = Open, "copies were fetched, and the CA that signed them is still the one: disabling the account revoked nothing"
	case logWhy != "":
		d.Why = "whether the account was on since the CA was made is unknown: " + logWhy
	case born.After(on):
		d.State, d.Why = Closed, "the CA is younger than the last moment at which the account can have been on"
		d.Fix = ""
	case !caKnown && rotated.IsZero():
		d.Why = "when the CA was made is not known, and the Activity Log shows no rotation: " + cmp.Or(c.kubernetesWhy(x, snapshot.ClientCA), "the cluster did not tell its CA")
	default:
		d.Why = "the CA is older than the last moment at which the account can have been on; --prove OLD.kubeconfig asks the server"
	}
	return d
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// clientCA is the oldest CA that verifies client certificates: as long as it is
// trusted, what it signed works.
func (c *cluster) clientCA() (snapshot.Authority, bool) {
	if c.Kubernetes == nil || len(c.Kubernetes.ClientCAs) == 0 {
		return snapshot.Authority{}, false
	}
	return slices.MinFunc(c.Kubernetes.ClientCAs, func(a, b snapshot.Authority) int { return a.NotBefore.Compare(b.NotBefore) }), true
}

func (x *finder) runCommand(c *cluster) Door {
	d := Door{State: Open, Power: clusterAdmin, Fix: "set apiServerAccessProfile.disableRunCommand to true",
		Why: "az aks command invoke runs kubectl inside the cluster, past private networks and authorized IP ranges"}
	what := "apiServerAccessProfile.disableRunCommand is not true"
	if c.entra() {
		d.Power = "as the caller"
	}
	if a := c.body.Props.APIServerAccessProfile; a != nil && a.DisableRunCommand {
		d.State, d.Why, d.Fix, what = Closed, "run command is disabled", "", "apiServerAccessProfile.disableRunCommand is true"
	}
	d.Evidence = []Evidence{{What: what, From: c.id}}
	d.Holders, d.HoldersUnknown = x.holders(c.subscription, right{action: aks + "runCommand/action", scope: c.id})
	return d
}
