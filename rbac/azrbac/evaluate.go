package azrbac

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-dev/postern/rbac"
)

// Evaluate decides a request to the API server as AKS's authorizer and Azure
// do. Principals are the caller's object id (Extra "oid") and those of its
// groups that are object ids. A caller without a name stands for a member of
// its groups, as in rbac: then the groups are all there is.
func (x *Index) Evaluate(u rbac.UserInfo, q rbac.Request) Decision {
	if !x.facts.Enabled && x.unread[Cluster] == nil {
		return Decision{Verdict: NoOpinion, Code: NotEnabled, Reasons: []string{"Azure RBAC for Kubernetes is not enabled at this cluster"}}
	}
	ids, d := principals(u)
	if d.Verdict != "" {
		return d
	}
	if q.Path != "" && discovery(q) {
		return x.inForce(Decision{Verdict: Allow, Code: Discovery})
	}
	return x.inForce(x.decide(ids, questions(q, x.cluster), true, q.Namespace != ""))
}

// inForce makes a yes unknown where nobody could tell whether Azure is asked at all.
func (x *Index) inForce(d Decision) Decision {
	if why := x.unread[Cluster]; why != nil && d.Verdict == Allow {
		d.Verdict, d.Code = Unknown, Unsure
		d.Maybe, d.Allows = append(doubtful(d.Allows, "whether Azure RBAC is in force is not known"), d.Maybe...), nil
		d.Reasons = append(d.Reasons, why...)
	}
	return d
}

// principals are the object ids of a caller, or a decision where Azure is not asked.
func principals(u rbac.UserInfo) (ids []string, d Decision) {
	if strings.HasPrefix(strings.ToLower(u.Username), "system:") {
		return nil, Decision{Verdict: NoOpinion, Code: SystemUser, Reasons: []string{"Azure is not asked about system users"}}
	}
	oid, found := u.Extra["oid"]
	switch {
	case found && (len(oid) != 1 || !IsGUID(oid[0])):
		return nil, Decision{Verdict: NoOpinion, Code: NoObjectID, Reasons: []string{fmt.Sprintf("extra oid is %q, not one object id: Azure is not asked", oid)}}
	case found:
		ids = append(ids, fold(oid[0]))
	}
	for _, g := range u.Groups {
		if id := fold(g); IsGUID(id) && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if !found && (u.Username != "" || len(ids) == 0) {
		return nil, Decision{Verdict: NoOpinion, Code: NoObjectID, Reasons: []string{"Azure is asked by object id, and this caller has none (extra oid)"}}
	}
	return ids, Decision{}
}

// decide joins what the questions come to: a yes to one is a yes.
func (x *Index) decide(ids []string, asks []question, data, below bool) Decision {
	d := Decision{Action: asks[0].action, Scope: x.spell(asks[0].scope), Verdict: NoOpinion, Code: NotAssigned}
	var bases, doubts []string
	closed, given := 0, len(x.hidden(below)) > 0
	for _, q := range asks {
		allows, perhaps, denies, denied := x.judge(ids, q, data)
		d.Denies = append(d.Denies, denies...)
		given = given || len(allows)+len(perhaps) > 0
		switch {
		case denied == yes:
			closed++
			continue
		case denied == maybe && len(allows) > 0:
			perhaps, allows = append(doubtful(allows, "a deny assignment may take it away"), perhaps...), nil
			for _, n := range denies {
				doubts = append(doubts, "deny assignment "+n.label()+" may take it away: "+n.Why)
			}
		}
		for _, g := range allows {
			if !holds(d.Allows, g) {
				d.Allows = append(d.Allows, g)
				bases = append(bases, q.basis)
			}
		}
		for _, g := range perhaps {
			if !holds(d.Maybe, g) {
				d.Maybe = append(d.Maybe, g)
			}
		}
	}
	if closed == len(asks) && given {
		d.Code = Denied
		for _, n := range d.Denies {
			d.Reasons = append(d.Reasons, "deny assignment "+n.label()+" takes it away")
		}
		d.Reasons = distinct(d.Reasons)
		return d
	}
	return x.settle(d, bases, doubts, below)
}

// settle turns grants and doubts into a verdict.
func (x *Index) settle(d Decision, bases, doubts []string, below bool) Decision {
	hidden := x.hidden(below)
	unreadDenies := x.unread[Denies]
	if below {
		unreadDenies = append(slices.Clip(unreadDenies), x.unread[DeniesBelow]...)
	}
	switch {
	case len(d.Allows) > 0 && len(unreadDenies) == 0:
		d.Verdict, d.Code, d.Reasons, d.Maybe = Allow, Assigned, nil, nil
		d.Basis = x.basis(d.Allows, bases)
	case len(d.Allows) > 0:
		d.Verdict, d.Code = Unknown, Unsure
		d.Maybe, d.Allows = append(doubtful(d.Allows, "deny assignments could not be read"), d.Maybe...), nil
		d.Reasons = append(d.Reasons, unreadDenies...)
	case len(d.Maybe) > 0 || len(hidden) > 0:
		d.Verdict, d.Code = Unknown, Unsure
		for _, g := range d.Maybe {
			doubts = append(doubts, "assignment "+last(g.Assignment.ID)+" may allow it: "+g.Why)
		}
		doubts = append(doubts, hidden...)
		d.Reasons = append(d.Reasons, doubts...)
	default:
		d.Basis = distinct(x.facts.Assumed)
		d.Reasons = []string{fmt.Sprintf("no role assignment allows %s at %s", d.Action, d.Scope)}
	}
	d.Reasons = distinct(d.Reasons)
	return d
}

// hidden are the parts unread in which an assignment may stand.
func (x *Index) hidden(below bool) []string {
	why := slices.Clone(x.unread[Assignments])
	if below {
		why = append(why, x.unread[Below]...)
	}
	return why
}

// basis are the assumptions a yes rests on. A grant that rests on none makes
// those of the others idle.
func (x *Index) basis(allows []Grant, bases []string) []string {
	var out []string
	for i, g := range allows {
		mine := bases[i]
		if x.fromTable(g) {
			mine = join(mine, "the body of role "+g.Definition.Name+" is taken from "+builtinSource)
		}
		if mine == "" {
			return distinct(x.facts.Assumed)
		}
		out = append(out, mine)
	}
	return distinct(append(out[:1:1], x.facts.Assumed...))
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}

// fromTable reports whether a grant's role was not read from Azure.
func (x *Index) fromTable(g Grant) bool {
	for i := range x.facts.Definitions {
		if last(x.facts.Definitions[i].ID) == last(g.Definition.ID) {
			return false
		}
	}
	return true
}

// judge answers one question for these principals.
func (x *Index) judge(ids []string, q question, data bool) (allows, perhaps []Grant, denies []Deny, denied answer) {
	for i := range x.assignments {
		e := &x.assignments[i]
		if !slices.Contains(ids, e.principal) {
			continue
		}
		switch g, sure := x.grant(e, q, data); sure {
		case yes:
			allows = append(allows, g)
		case maybe:
			perhaps = append(perhaps, g)
		}
	}
	if q.wild && len(allows) == 0 && len(perhaps) > 0 && x.lacks(ids, q, data) {
		perhaps = nil
	}
	for i := range x.facts.Denies {
		n, sure := x.deny(&x.facts.Denies[i], ids, q, data)
		if sure != no {
			denies = append(denies, n)
			denied = max(denied, sure)
		}
	}
	return allows, perhaps, denies, denied
}

// lacks reports whether one of the operations that a wildcard request surely
// stands for is not given. RBAC Writer names resources with all their
// operations; read, write and delete are among these.
func (x *Index) lacks(ids []string, q question, data bool) bool {
	if q.has == nil {
		return false
	}
	for _, resource := range x.whole {
		for _, verb := range []string{"/read", "/write", "/delete"} {
			if !q.has(resource + verb) {
				continue
			}
			one := question{action: resource + verb, scope: q.scope, exactly: q.exactly}
			if allows, perhaps, _, denied := x.judge(ids, one, data); denied == yes || len(allows)+len(perhaps) == 0 {
				return true
			}
		}
	}
	return false
}

func doubtful(grants []Grant, why string) []Grant {
	out := slices.Clone(grants)
	for i := range out {
		out[i].Why = why
	}
	return out
}

func holds(list []Grant, g Grant) bool {
	return slices.ContainsFunc(list, func(o Grant) bool {
		return fold(o.Assignment.ID) == fold(g.Assignment.ID) && fold(o.Assignment.Scope) == fold(g.Assignment.Scope)
	})
}

func distinct(list []string) []string {
	var out []string
	for _, s := range list {
		if s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func (d Deny) label() string {
	if d.Name != "" {
		return fmt.Sprintf("%q", d.Name)
	}
	return last(d.ID)
}

// spell writes a folded scope with the cluster's id as Azure spells it.
func (x *Index) spell(scope string) string {
	if rest, found := strings.CutPrefix(scope, x.cluster); found && x.cluster != "" {
		return strings.TrimRight(x.facts.ClusterID, "/") + strings.Replace(rest, "/managednamespaces/", "/managedNamespaces/", 1)
	}
	return scope
}
