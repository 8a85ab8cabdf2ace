package doors

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac/azrbac"
)

// Find looks for every door of every cluster in a tenant.
func Find(t *snapshot.Tenant, o Options) *Report {
	x := newFinder(t)
	r := &Report{Taken: t.Taken, Reader: t.Reader, TenantID: t.ID, TenantName: t.Name, Lab: t.Lab, Subscriptions: t.Subscriptions,
		Clusters: []Cluster{}, Tenant: []Door{}, Keys: []Key{}, NotExamined: []Gap{}}
	for i := range t.Clusters {
		c := x.cluster(&t.Clusters[i])
		if o.Cluster != "" && !strings.EqualFold(strings.TrimRight(o.Cluster, "/"), c.id) && !strings.EqualFold(o.Cluster, c.name) {
			continue
		}
		r.Clusters = append(r.Clusters, x.doors(c))
	}
	slices.SortFunc(r.Clusters, func(a, b Cluster) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(fold(a.ID), fold(b.ID)))
	})
	r.Tenant = append(r.Tenant, x.settle(x.elevatedAccess()))
	r.Keys = x.keys(r)
	r.NotExamined = x.tenantGaps()
	return r
}

// rule finds one kind of door of a cluster.
type rule struct {
	kind Kind
	find func(*finder, *cluster) Door
}

// rules are the doors of a cluster, in the order of reports.
func rules() []rule {
	return []rule{
		{LocalAccount, (*finder).localAccount},
		{AdminCredential, (*finder).adminCredential},
		{AccessProfile, (*finder).accessProfile},
		{UserCredential, (*finder).userCredential},
		{OldCredentials, (*finder).oldCredentials},
		{RunCommand, (*finder).runCommand},
		{AdminGroup, (*finder).adminGroup},
		{AzureRBAC, (*finder).azureRBAC},
		{KubernetesRBAC, (*finder).kubernetesRBAC},
		{Escalation, (*finder).escalation},
		{Certificates, (*finder).certificates},
		{TokenSecrets, (*finder).tokenSecrets},
		{TrustedAccess, (*finder).trustedAccess},
		{Flux, (*finder).flux},
		{Extensions, (*finder).extensions},
		{ExtensionWrite, (*finder).extensionWrite},
		{NodeResourceGroup, (*finder).nodeResourceGroup},
		{Fleet, (*finder).fleet},
		{ClusterWrite, (*finder).clusterWrite},
		{AssignmentWrite, (*finder).assignmentWrite},
	}
}

// finder is a tenant prepared for questions.
type finder struct {
	t          *snapshot.Tenant
	principals map[string]*snapshot.Principal // by folded id
	byUPN      map[string]*snapshot.Principal // by folded UPN
	byApp      map[string]*snapshot.Principal // service principals by folded application id
	above      map[string][]string            // groups an id is in, transitively, folded
	indexes    map[string]*indexes            // by folded subscription id
	editors    map[string]editing             // by folded group id
}

func newFinder(t *snapshot.Tenant) *finder {
	x := &finder{t: t, principals: map[string]*snapshot.Principal{}, byUPN: map[string]*snapshot.Principal{}, byApp: map[string]*snapshot.Principal{}, above: map[string][]string{},
		indexes: map[string]*indexes{}, editors: map[string]editing{}}
	direct := map[string][]string{}
	for i := range t.Principals {
		p := &t.Principals[i]
		x.principals[fold(p.ID)] = p
		if p.UPN != "" {
			x.byUPN[fold(p.UPN)] = p
		}
		if p.AppID != "" {
			x.byApp[fold(p.AppID)] = p
		}
		for _, m := range p.Members {
			direct[fold(m)] = append(direct[fold(m)], fold(p.ID))
		}
	}
	for id := range direct {
		seen := map[string]bool{id: true}
		for todo := []string{id}; len(todo) > 0; todo = todo[1:] {
			for _, g := range direct[todo[0]] {
				if !seen[g] {
					seen[g] = true
					todo = append(todo, g)
					x.above[id] = append(x.above[id], g)
				}
			}
		}
	}
	return x
}

func fold(id string) string { return strings.TrimRight(strings.ToLower(strings.TrimSpace(id)), "/") }

// missing says why a piece of a scope could not be read. A piece unread for the
// whole tenant is unread everywhere.
func (x *finder) missing(piece snapshot.Piece, scope string) (why string, missing bool) {
	for _, u := range x.t.Unread {
		if u.Piece == piece && (u.Scope == "" || fold(u.Scope) == fold(scope)) {
			return unreadText(u), true
		}
	}
	// Nothing was read of a subscription that was not seen.
	if id, ok := strings.CutPrefix(fold(scope), "/subscriptions/"); ok && !strings.Contains(id, "/") && !x.sees(id) {
		return string(piece) + " of " + scope + " were not read: the subscription is not among those that could be listed", true
	}
	return "", false
}

// sees reports whether a subscription is among those that were read.
func (x *finder) sees(id string) bool {
	return slices.ContainsFunc(x.t.Subscriptions, func(s snapshot.Subscription) bool { return fold(s.ID) == id })
}

func unreadText(u snapshot.Unread) string {
	text := string(u.Piece)
	if u.Scope != "" {
		text += " of " + u.Scope
	}
	text += " could not be read: " + u.Why
	if u.Needs != "" {
		text += " (needs " + u.Needs + ")"
	}
	return text
}

// cluster is one cluster with its body taken apart.
type cluster struct {
	*snapshot.AzureCluster
	id, name, group, subscription string // the id as written; the subscription's GUID
	scope                         string // /subscriptions/GUID
	body                          body
	unread                        string // why the body could not be read
}

// body is what of a managed cluster's body decides who gets in; encoding/json
// matches names without regard to case, as Azure does.
type body struct {
	Location string
	SKU      struct{ Name, Tier string }
	System   struct{ CreatedAt time.Time } `json:"systemData"`
	Tags     map[string]string
	Props    struct {
		DisableLocalAccounts bool
		FQDN, PrivateFQDN    string
		NodeResourceGroup    string
		AADProfile           *struct {
			Managed             bool
			EnableAzureRBAC     bool
			AdminGroupObjectIDs []string
			TenantID            string
			ServerAppID         string
		}
		APIServerAccessProfile *struct {
			DisableRunCommand    bool
			EnablePrivateCluster bool
		}
		NodeResourceGroupProfile *struct{ RestrictionLevel string }
	} `json:"properties"`
}

func (x *finder) cluster(a *snapshot.AzureCluster) *cluster {
	c := &cluster{AzureCluster: a, id: a.ID}
	parts := strings.Split(strings.Trim(a.ID, "/"), "/")
	if len(parts) >= 8 {
		c.subscription, c.group, c.name = parts[1], parts[3], parts[7]
		c.scope = "/subscriptions/" + c.subscription
	}
	if why, missing := x.missing(snapshot.PieceCluster, a.ID); missing {
		c.unread = why
	}
	if len(a.Raw) == 0 {
		c.unread = cmp.Or(c.unread, "the cluster's settings could not be read")
	} else if err := json.Unmarshal(a.Raw, &c.body); err != nil {
		c.unread = cmp.Or(c.unread, "the cluster's settings are not as expected: "+err.Error())
	}
	return c
}

func (c *cluster) local() bool { return !c.body.Props.DisableLocalAccounts }
func (c *cluster) entra() bool { return c.body.Props.AADProfile != nil }
func (c *cluster) azureRBAC() bool {
	return c.body.Props.AADProfile != nil && c.body.Props.AADProfile.EnableAzureRBAC
}

// nodes is the scope of the node resource group.
func (c *cluster) nodes() string {
	return c.scope + "/resourceGroups/" + c.body.Props.NodeResourceGroup
}

func (c *cluster) private() bool {
	return c.body.Props.APIServerAccessProfile != nil && c.body.Props.APIServerAccessProfile.EnablePrivateCluster
}

// doors are all doors of one cluster.
func (x *finder) doors(c *cluster) Cluster {
	out := Cluster{ID: c.id, Name: c.name, Subscription: c.subscription, ResourceGroup: c.group, Location: c.body.Location, SKU: c.body.SKU.Name,
		Private: c.private(), Entra: c.entra(), AzureRBAC: c.azureRBAC(), Doors: []Door{}, NotExamined: []Gap{}}
	for _, r := range rules() {
		d := Door{}
		if c.unread != "" {
			d = Door{State: Unknown, Why: c.unread}
		} else {
			d = r.find(x, c)
		}
		d.Kind = r.kind
		out.Doors = append(out.Doors, x.settle(d))
	}
	out.NotExamined = x.gaps(c)
	return out
}

// settle puts a door's parts in order.
func (x *finder) settle(d Door) Door {
	if d.Evidence == nil {
		d.Evidence = []Evidence{}
	}
	d.Holders = distinct(d.Holders)
	slices.Sort(d.HoldersUnknown)
	d.HoldersUnknown = slices.Compact(d.HoldersUnknown)
	return d
}

// distinct keeps one holder of each principal and way, and of each path's end;
// sure ones before unsure ones.
func distinct(all []Holder) []Holder {
	slices.SortStableFunc(all, func(a, b Holder) int {
		return cmp.Or(slices.Index(hows(), a.How)-slices.Index(hows(), b.How), strings.Compare(fold(a.Principal.Name), fold(b.Principal.Name)),
			strings.Compare(fold(a.Principal.ID), fold(b.Principal.ID)), len(a.Unsure)-len(b.Unsure), len(a.Path)-len(b.Path), strings.Compare(pathText(a.Path), pathText(b.Path)))
	})
	out := []Holder{}
	seen := map[string]bool{}
	for _, h := range all {
		key := fold(h.Principal.ID) + "\x00" + string(h.How) + "\x00" + h.Scope + "\x00" + h.Power
		if len(h.Path) > 0 {
			key += "\x00" + fold(h.Path[len(h.Path)-1].From)
		}
		if !seen[key] {
			seen[key] = true
			out = append(out, h)
		}
	}
	return out
}

func hows() []How { return []How{Active, Eligible, Owner, Editor, Pulled, Source} }

func pathText(path []Step) string {
	var b strings.Builder
	for _, s := range path {
		b.WriteString(s.What + "\x00")
	}
	return b.String()
}

// indexes are Azure RBAC at the scopes of one subscription.
type indexes struct {
	grants   *azrbac.Index // assignments in force, without deny assignments
	eligible *azrbac.Index // eligible ones alone
	denied   *azrbac.Index // both, with deny assignments
	denies   []string      // their scopes, folded
	// deniesUnread: there may be deny assignments that nobody has seen. doubtful
	// are groups that the known ones name and whose members could not be read.
	deniesUnread bool
	doubtful     []string
	until        map[string]time.Time
	unread       []string
}

func (x *finder) index(subscription string) *indexes {
	key := fold(subscription)
	if n, ok := x.indexes[key]; ok {
		return n
	}
	scope := "/subscriptions/" + key
	var groups []string
	for _, s := range x.t.Subscriptions {
		if fold(s.ID) == key {
			groups = s.ManagementGroups
		}
	}
	near := func(at string) bool {
		at = fold(at)
		if name, ok := strings.CutPrefix(at, "/providers/microsoft.management/managementgroups/"); ok {
			return slices.ContainsFunc(groups, func(g string) bool { return fold(g) == name })
		}
		return at == "" || at == scope || strings.HasPrefix(at, scope+"/")
	}
	facts := func(active, eligible, denies bool) azrbac.Facts {
		f := azrbac.Facts{ManagementGroups: groups, Definitions: x.t.Definitions}
		for _, list := range []struct {
			use bool
			all []snapshot.Assignment
		}{{active, x.t.Assignments}, {eligible, x.t.Eligible}} {
			for _, a := range list.all {
				if list.use && near(a.Scope) {
					f.Assignments = append(f.Assignments, a.Assignment)
				}
			}
		}
		for _, d := range x.t.Denies {
			if denies && near(d.Scope) {
				f.Denies = append(f.Denies, d)
			}
		}
		return f
	}
	all := facts(true, true, true)
	n := &indexes{grants: azrbac.New(facts(true, false, false)), eligible: azrbac.New(facts(false, true, false)), denied: azrbac.New(all), until: map[string]time.Time{}}
	for _, a := range x.t.Eligible {
		n.until[fold(a.ID)] = a.Until
	}
	for _, piece := range []snapshot.Piece{snapshot.PieceAssignments, snapshot.PieceEligible, snapshot.PieceDenies} {
		if why, missing := x.missing(piece, scope); missing {
			n.unread = append(n.unread, why)
			n.deniesUnread = n.deniesUnread || piece == snapshot.PieceDenies
		}
	}
	for _, d := range all.Denies {
		n.denies = append(n.denies, fold(d.Scope))
		for _, who := range append(slices.Clone(d.Principals), d.ExcludePrincipals...) {
			if id := fold(who.ID); id != azrbac.Everyone && x.membersUnknown(id, map[string]bool{}) && !slices.Contains(n.doubtful, id) {
				n.doubtful = append(n.doubtful, id)
			}
		}
	}
	for _, u := range x.t.Unread {
		if u.Piece != snapshot.PieceDefinitions {
			continue
		}
		if slices.ContainsFunc(all.Assignments, func(a azrbac.Assignment) bool { return lastOf(a.RoleDefinitionID) == lastOf(u.Scope) }) || u.Scope == "" || fold(u.Scope) == scope {
			n.unread = append(n.unread, unreadText(u))
		}
	}
	x.indexes[key] = n
	return n
}

// mayDeny reports whether a deny assignment is at a scope or above it; all of the
// index that are not in the subscription are above it.
func (n *indexes) mayDeny(scope string) bool {
	scope = fold(scope)
	return slices.ContainsFunc(n.denies, func(at string) bool {
		return at == scope || strings.HasPrefix(scope, at+"/") || !strings.HasPrefix(at, "/subscriptions/")
	})
}

// membersUnknown reports whether who is in a group could not be read, or what it
// is at all.
func (x *finder) membersUnknown(id string, seen map[string]bool) bool {
	if seen[id] {
		return false
	}
	seen[id] = true
	p := x.principals[id]
	if p == nil || p.Kind == snapshot.UnknownPrincipal && !p.Deleted {
		_, missing := x.missing(snapshot.PiecePrincipals, id)
		return missing
	}
	if p.Kind != snapshot.GroupPrincipal {
		return false
	}
	if _, missing := x.missing(snapshot.PieceMembers, id); missing {
		return true
	}
	return slices.ContainsFunc(p.Members, func(m string) bool { return x.membersUnknown(fold(m), seen) })
}

func lastOf(id string) string {
	id = fold(id)
	return id[strings.LastIndexByte(id, '/')+1:]
}
