package doors

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac/azrbac"
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
			p := x.caller(a)
			kind, why := callerKind(p, a.Caller)
			users = append(users, User{Cluster: c.id, Name: cmp.Or(p.Name, a.Caller), Address: a.Address, What: "pulled", Kind: kind, KindWhy: why, First: a.Time})
		}
		users[i].Last = a.Time
		users[i].Count++
	}
	return users
}

// callerKind judges by what the Activity Log calls somebody: users by their UPN,
// applications by an id.
func callerKind(p Principal, caller string) (kind, why string) {
	switch {
	case p.Kind == string(snapshot.ServicePrincipal):
		return "pipeline", "the caller is the service principal " + cmp.Or(p.Name, p.ID)
	case p.Kind == string(snapshot.UserPrincipal):
		return "person", "the caller is a user"
	case strings.Contains(caller, "@"):
		return "person", "the caller is a user principal name"
	case azrbac.IsGUID(caller):
		return "pipeline", "the caller is an id, as the Activity Log has applications; the directory does not say whose"
	}
	return "unknown", "the caller is neither a user principal name nor an application"
}

// agentKind judges by the user agent, which is the client's own word. Programs
// made with client-go call themselves NAME/VERSION (…) kubernetes/COMMIT.
func agentKind(agent string) (kind, why string) {
	words := map[string]bool{}
	text := strings.ToLower(agent)
	for _, product := range strings.Fields(text) {
		name, _, _ := strings.Cut(product, "/")
		words[name] = true
		for _, w := range strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' || r == '.' || r == '(' || r == ')' || r == ';' }) {
			words[w] = true
		}
	}
	for _, known := range []struct {
		kind  string
		words []string
	}{
		{"pipeline", []string{"terraform", "pulumi", "helm", "helmfile", "argocd", "argo", "flux", "rancher", "ansible", "openshift-restclient-python", "jenkins", "github", "gitlab", "azdo", "vsts", "azuredevops", "spinnaker", "crossplane", "kustomize-controller", "helm-controller", "source-controller", "velero", "octopus", "tekton"}},
		{"person", []string{"kubectl", "k9s", "lens", "openlens", "freelens", "octant", "headlamp", "stern", "kubectx", "mozilla", "vscode", "vscode-kubernetes-tools", "oc"}},
	} {
		for _, w := range known.words {
			if words[w] {
				return known.kind, "by its user agent (" + w + "), which is the client's own word"
			}
		}
	}
	return "unknown", "its user agent says neither; it is the client's own word"
}
