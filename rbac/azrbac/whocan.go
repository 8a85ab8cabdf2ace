package azrbac

import (
	"cmp"
	"slices"
	"strings"

	"github.com/postern-dev/postern/rbac"
)

// WhoCan are the principals assigned a role that allows a request, one Holder
// for each assignment, sorted by principal, the widest scope first. Whoever is
// in a group that appears may do it too. Discovery paths are open to everybody
// in the directory and have no holders. See Unread for what may be missing.
func (x *Index) WhoCan(q rbac.Request) []Holder {
	if !x.facts.Enabled && x.unread[Cluster] == nil || q.Path != "" && discovery(q) {
		return nil
	}
	all := x.holders(questions(q, x.cluster), true, q.Namespace != "")
	for i := range all {
		if why := x.unread[Cluster]; why != nil {
			all[i].Verdict = Unknown
			all[i].Reasons = append(all[i].Reasons, why...)
		}
	}
	return all
}

// Unread are the parts that could not be read and in which further holders of a
// request may stand.
func (x *Index) Unread(q rbac.Request) []string {
	if !x.facts.Enabled && x.unread[Cluster] == nil {
		return nil
	}
	return append(slices.Clone(x.unread[Cluster]), x.hidden(q.Namespace != "")...)
}

// holders judges every principal by itself.
func (x *Index) holders(asks []question, data, below bool) (all []Holder) {
	kinds, order := map[string]string{}, []string{}
	for _, e := range x.assignments {
		if _, seen := kinds[e.principal]; !seen {
			order = append(order, e.principal)
		}
		kinds[e.principal] = cmp.Or(kinds[e.principal], e.PrincipalType)
	}
	slices.Sort(order)
	for _, id := range order {
		d := x.decide([]string{id}, asks, data, below)
		for _, g := range append(slices.Clone(d.Allows), d.Maybe...) {
			h := Holder{PrincipalID: g.Assignment.PrincipalID, PrincipalType: kinds[id], Verdict: d.Verdict, Grant: g}
			if g.Why != "" {
				h.Verdict, h.Reasons = Unknown, []string{g.Why}
			}
			all = append(all, h)
		}
		if d.Code == Denied && strings.EqualFold(kinds[id], "group") {
			all = append(all, x.excluded(id, asks, d, data)...)
		}
	}
	return all
}

// excluded keeps a group from which a deny assignment takes, as unknown, where
// the deny assignment excludes somebody: a member may be among them.
func (x *Index) excluded(id string, asks []question, d Decision, data bool) (all []Holder) {
	if !slices.ContainsFunc(d.Denies, func(n Deny) bool { return len(n.ExcludePrincipals) > 0 }) {
		return nil
	}
	for _, q := range asks {
		allows, perhaps, _, _ := x.judge([]string{id}, q, data)
		for _, g := range append(allows, perhaps...) {
			if !slices.ContainsFunc(all, func(h Holder) bool { return h.Grant.Assignment.ID == g.Assignment.ID }) {
				g.Why = "a deny assignment takes it from all but those it excludes, who may be members"
				all = append(all, Holder{PrincipalID: g.Assignment.PrincipalID, PrincipalType: "Group", Verdict: Unknown, Grant: g, Reasons: []string{g.Why}})
			}
		}
	}
	return all
}

// ActionAllows decides a call to Azure Resource Manager: may any of these object
// ids perform a control-plane action at a scope, such as
// Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action
// at the cluster. Azure decides these whether or not Azure RBAC is enabled for
// Kubernetes. Groups must be among the principals.
func (x *Index) ActionAllows(principals []string, action, scope string) Decision {
	ids := make([]string, 0, len(principals))
	for _, p := range principals {
		ids = append(ids, fold(p))
	}
	return x.decide(ids, []question{{action: action, scope: fold(scope)}}, false, x.below(scope))
}

// WhoHolds are the principals who may perform a control-plane action at a scope.
func (x *Index) WhoHolds(action, scope string) []Holder {
	return x.holders([]question{{action: action, scope: fold(scope)}}, false, x.below(scope))
}

// below reports whether a scope is inside the cluster.
func (x *Index) below(scope string) bool {
	return x.cluster != "" && strings.HasPrefix(fold(scope), x.cluster+"/")
}

// DataActionAllows is ActionAllows for a data action, named whole, such as
// Microsoft.ContainerService/managedClusters/secrets/read. Whether Azure is asked
// about requests to the API server at all is not looked at.
func (x *Index) DataActionAllows(principals []string, action, scope string) Decision {
	ids := make([]string, 0, len(principals))
	for _, p := range principals {
		ids = append(ids, fold(p))
	}
	return x.decide(ids, []question{{action: action, scope: fold(scope)}}, true, x.below(scope))
}

// WhoHoldsData are the principals who may perform a data action at a scope.
func (x *Index) WhoHoldsData(action, scope string) []Holder {
	return x.holders([]question{{action: action, scope: fold(scope)}}, true, x.below(scope))
}
