package doors

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/postern-dev/postern/internal/snapshot"
)

// Use is what the audit log says of the shared account in one cluster: one user
// name, agent and address.
type Use struct {
	Cluster string // as the events name it: the lower-cased ARM id, or a name
	Account string // masterclient, clusterAdmin, clusterUser
	Agent   string
	Address string
	First   time.Time
	Last    time.Time
	Count   int
}

// Breaks fills in who breaks where the local account closes: everybody who
// fetched it by the Activity Log, or used it by the audit log. since is the
// beginning of the window; what was before is not counted.
func (r *Report) Breaks(t *snapshot.Tenant, uses []Use, since time.Time) {
	x := newFinder(t)
	for i := range r.Clusters {
		out := &r.Clusters[i]
		out.BreaksSince = since
		for j := range t.Clusters {
			if fold(t.Clusters[j].ID) == fold(out.ID) {
				out.Breaks = append(out.Breaks, x.pullers(x.cluster(&t.Clusters[j]), since)...)
			}
		}
		for _, u := range uses {
			if fold(u.Cluster) != fold(out.ID) && !strings.EqualFold(u.Cluster, out.Name) {
				continue
			}
			kind, why := agentKind(u.Agent)
			out.Breaks = append(out.Breaks, User{Cluster: out.ID, Name: u.Account, Account: u.Account, Agent: u.Agent, Address: u.Address, What: "used", Kind: kind, KindWhy: why, First: u.First, Last: u.Last, Count: u.Count})
		}
		slices.SortStableFunc(out.Breaks, func(a, b User) int {
			return cmp.Or(b.Last.Compare(a.Last), strings.Compare(a.Name, b.Name), strings.Compare(a.Agent, b.Agent), strings.Compare(a.Address, b.Address))
		})
	}
}

func (x *finder) pullers(c *cluster, since time.Time) (users []User) {
	at := map[string]int{}
	for _, a := range x.pulls(c) {
		if a.Time.Before(since) {
			continue
		}
		key := fold(cmp.Or(a.CallerID, a.Caller)) + "\x00" + a.Address
		i, seen := at[key]
		if !seen {
			i = len(users)
			at[key] = i
			kind, why := "unknown", "the caller is neither a user principal name nor a known application"
			p := x.caller(a)
			switch {
			case strings.Contains(a.Caller, "@"):
				kind, why = "person", "the caller is a user principal name"
			case p.Kind == string(snapshot.ServicePrincipal):
				kind, why = "pipeline", "the caller is the service principal "+cmp.Or(p.Name, p.ID)
			case p.Kind == string(snapshot.UserPrincipal):
				kind, why = "person", "the caller is a user"
			}
			users = append(users, User{Cluster: c.id, Name: cmp.Or(p.Name, a.Caller), Address: a.Address, What: "pulled", Kind: kind, KindWhy: why, First: a.Time})
		}
		users[i].Last = a.Time
		users[i].Count++
	}
	return users
}

// agentKind judges by the user agent, which is the client's own word.
func agentKind(agent string) (kind, why string) {
	lower := strings.ToLower(agent)
	for _, known := range []struct {
		kind  string
		words []string
	}{
		{"pipeline", []string{"terraform", "pulumi", "helm", "argocd", "argo-cd", "flux", "rancher", "ansible", "jenkins", "github", "gitlab", "azdo", "spinnaker", "crossplane", "kustomize-controller", "velero"}},
		{"person", []string{"kubectl", "k9s", "lens", "openlens", "octant", "headlamp", "stern", "mozilla", "visual studio"}},
	} {
		for _, w := range known.words {
			if strings.Contains(lower, w) {
				return known.kind, "by its user agent, which is the client's own word"
			}
		}
	}
	return "unknown", "its user agent says neither; it is the client's own word"
}
