package snapshot

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/postern-dev/postern/rbac/azrbac"
)

// Name is what people call the cluster: the last part of its id.
func (c *AzureCluster) Name() string {
	id := strings.TrimRight(c.ID, "/")
	return id[strings.LastIndexByte(id, '/')+1:]
}

// settings are what of a cluster's body tells its address and its authorizer;
// encoding/json matches names without regard to case, as Azure does.
type settings struct {
	Properties struct {
		FQDN            string
		PrivateFQDN     string
		AzurePortalFQDN string
		AADProfile      *struct{ EnableAzureRBAC bool }
	}
}

func (c *AzureCluster) settings() (s settings) {
	_ = json.Unmarshal(c.Raw, &s) // what does not parse says nothing
	return s
}

// Hosts are the names of its API server, lower case.
func (c *AzureCluster) Hosts() (all []string) {
	s := c.settings()
	for _, name := range []string{s.Properties.FQDN, s.Properties.PrivateFQDN, s.Properties.AzurePortalFQDN} {
		if name = strings.ToLower(name); name != "" && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// Facts are what a tenant says of Azure RBAC at one of its clusters: what is
// assigned at, above and below it, and what of that could not be read.
func (t *Tenant) Facts(c *AzureCluster) *azrbac.Facts {
	id := foldID(c.ID)
	subscription := ""
	if parts := strings.Split(id, "/"); len(parts) > 2 && parts[1] == "subscriptions" {
		subscription = parts[2]
	}
	f := &azrbac.Facts{ClusterID: c.ID}
	for _, s := range t.Subscriptions {
		if strings.EqualFold(s.ID, subscription) {
			f.ManagementGroups = s.ManagementGroups
		}
	}
	near := func(scope string) bool {
		scope = foldID(scope)
		if name, ok := strings.CutPrefix(scope, "/providers/microsoft.management/managementgroups/"); ok {
			return slices.ContainsFunc(f.ManagementGroups, func(g string) bool { return strings.EqualFold(g, name) })
		}
		return scope == id || strings.HasPrefix(id, scope+"/") || strings.HasPrefix(scope, id+"/")
	}
	named := map[string]bool{}
	for _, a := range t.Assignments {
		if near(a.Scope) {
			f.Assignments = append(f.Assignments, a.Assignment)
			named[lastPart(a.RoleDefinitionID)] = true
		}
	}
	for _, d := range t.Definitions {
		if named[lastPart(d.ID)] {
			f.Definitions = append(f.Definitions, d)
		}
	}
	for _, d := range t.Denies {
		if near(d.Scope) {
			f.Denies = append(f.Denies, d)
		}
	}
	if aad := c.settings().Properties.AADProfile; aad != nil {
		f.Enabled = aad.EnableAzureRBAC
	}
	f.Unread = t.unreadAt(c, subscription, named)
	return f
}

// unreadAt is what of the tenant could not be read and bears on one cluster.
func (t *Tenant) unreadAt(c *AzureCluster, subscription string, named map[string]bool) (all []azrbac.Unread) {
	add := func(u Unread, parts ...azrbac.Part) {
		for _, p := range parts {
			all = append(all, azrbac.Unread{Part: p, Why: u.Why, Needs: u.Needs})
		}
	}
	for _, u := range t.Unread {
		scope := foldID(u.Scope)
		here := scope == "" || scope == "/subscriptions/"+subscription
		switch {
		case u.Piece == PieceCluster && (scope == "" || scope == foldID(c.ID)):
			add(u, azrbac.Cluster)
		case u.Piece == PieceAssignments && here:
			add(u, azrbac.Assignments, azrbac.Below)
		case u.Piece == PieceDenies && here:
			add(u, azrbac.Denies, azrbac.DeniesBelow)
		case u.Piece == PieceDefinitions && (here || named[lastPart(u.Scope)]):
			add(u, azrbac.Definitions)
		}
	}
	if len(c.Raw) == 0 && !slices.ContainsFunc(all, func(u azrbac.Unread) bool { return u.Part == azrbac.Cluster }) {
		add(Unread{Why: "the file does not hold the cluster's settings"}, azrbac.Cluster)
	}
	return all
}

// Join gives the clusters of a tenant what snapshots say that were made next to
// them: by ARM id, or by the address of the API server. A later reading takes
// the place of an earlier one. What belongs to no cluster is returned.
func (t *Tenant) Join(snaps []*Snapshot) (left []*Snapshot) {
	for _, s := range snaps {
		c := t.clusterOf(s)
		if c == nil {
			left = append(left, s)
			continue
		}
		if c.Kubernetes != nil && !c.Kubernetes.Taken.Before(s.Taken) {
			continue
		}
		c.Kubernetes = s
		t.Unread = slices.DeleteFunc(t.Unread, func(u Unread) bool {
			return u.Piece == PieceKubernetes && foldID(u.Scope) == foldID(c.ID)
		})
	}
	return left
}

func (t *Tenant) clusterOf(s *Snapshot) *AzureCluster {
	ids := []string{s.Name}
	if s.Azure != nil {
		ids = append(ids, s.Azure.ClusterID)
	}
	host := ""
	if u, err := url.Parse(s.Source.Server); err == nil {
		host = strings.ToLower(u.Hostname())
	}
	for i := range t.Clusters {
		c := &t.Clusters[i]
		if slices.ContainsFunc(ids, func(id string) bool { return id != "" && foldID(id) == foldID(c.ID) }) || host != "" && slices.Contains(c.Hosts(), host) {
			return c
		}
	}
	return nil
}

// foldID makes ARM ids comparable; of the root scope it is empty.
func foldID(id string) string { return strings.TrimRight(strings.ToLower(strings.TrimSpace(id)), "/") }

func lastPart(id string) string {
	id = foldID(id)
	return id[strings.LastIndexByte(id, '/')+1:]
}
