package doors

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac/azrbac"
)

// principal is what is known of an object id.
func (x *finder) principal(id string) Principal {
	p, ok := x.principals[fold(id)]
	if !ok {
		return Principal{ID: fold(id), Kind: string(snapshot.UnknownPrincipal)}
	}
	return Principal{ID: fold(id), Kind: string(p.Kind), Name: cmp.Or(p.UPN, p.Name), Guest: p.Guest, Disabled: p.Disabled, Deleted: p.Deleted}
}

// reached is a principal at the beginning of a path.
type reached struct {
	id     string
	how    How
	unsure string
	until  time.Time
	path   []Step
}

// expand follows a principal to those who act as it: itself, or a group's
// members, and whoever may become one. tail is what leads from the principal to
// the door; how says in which way the principal holds that.
func (x *finder) expand(id string, how How, tail []Step) (all []reached, unknown []string) {
	e := &expansion{finder: x, seen: map[string]bool{}}
	e.walk(id, how, time.Time{}, tail)
	return e.all, e.unknown
}

type expansion struct {
	*finder
	seen    map[string]bool
	all     []reached
	unknown []string
}

// weaker is the way of holding that results from two on one path.
func weaker(a, b How) How {
	if slices.Index(hows(), a) > slices.Index(hows(), b) {
		return a
	}
	return b
}

func (e *expansion) walk(id string, how How, until time.Time, tail []Step) {
	p := e.principals[fold(id)]
	if p == nil || p.Kind != snapshot.GroupPrincipal {
		r := reached{id: fold(id), how: how, until: until, path: tail}
		if p == nil || p.Kind == snapshot.UnknownPrincipal && !p.Deleted {
			if why, missing := e.missing(snapshot.PiecePrincipals, id); missing {
				r.unsure = "who this is could not be read"
				e.unknown = append(e.unknown, why)
			}
		}
		e.all = append(e.all, r)
		return
	}
	key := fold(id) + "\x00" + string(how)
	if e.seen[key] {
		return
	}
	e.seen[key] = true
	name := cmp.Or(p.Name, p.ID)
	step := func(what string) []Step { return append([]Step{{What: what, From: p.ID}}, tail...) }
	if why, missing := e.missing(snapshot.PieceMembers, id); missing {
		e.all = append(e.all, reached{id: fold(id), how: how, until: until, path: tail, unsure: "its members could not be read"})
		e.unknown = append(e.unknown, why)
	}
	in := "is a member of group " + name
	if p.Synced {
		in += ", which is kept on premises: who may change it there was not read"
	}
	for _, m := range p.Members {
		e.walk(m, how, until, step(in))
	}
	for _, el := range p.EligibleIn {
		if el.Access == "owner" {
			e.owner(el.PrincipalID, el.Until, step("may activate ownership of group "+name+" and add itself"))
			continue
		}
		end := el.Until
		if !until.IsZero() && (end.IsZero() || until.Before(end)) {
			end = until
		}
		e.walk(el.PrincipalID, weaker(how, Eligible), end, step("may activate membership of group "+name))
	}
	if why, missing := e.missing(snapshot.PieceGroupEligible, id); missing {
		e.unknown = append(e.unknown, why)
	}
	for _, o := range p.Owners {
		what := "owns group " + name + " and may add itself"
		if p.Dynamic != "" {
			what = "owns the dynamic group " + name + " and may change its rule"
		}
		e.owner(o, time.Time{}, step(what))
	}
	if why, missing := e.missing(snapshot.PieceOwners, id); missing {
		e.unknown = append(e.unknown, why)
	}
	editors := e.editorsOf(p)
	e.unknown = append(e.unknown, editors.unknown...)
	for _, d := range editors.all {
		e.all = append(e.all, reached{id: d.id, how: Editor, unsure: d.unsure, until: d.until, path: append(slices.Clone(d.path), tail...)})
	}
	for _, piece := range []snapshot.Piece{snapshot.PieceDirectoryRoles, snapshot.PieceDirectoryElig, snapshot.PieceAppRoles} {
		if why, missing := e.missing(piece, ""); missing {
			e.unknown = append(e.unknown, why)
		}
	}
}

func (e *expansion) owner(id string, until time.Time, path []Step) {
	found, unknown := e.acting(id, map[string]bool{})
	e.unknown = append(e.unknown, unknown...)
	for _, f := range found {
		e.all = append(e.all, reached{id: f.id, how: Owner, unsure: f.unsure, until: sooner(f.until, until), path: append(f.path, path...)})
	}
}

// sooner is the earlier of two ends; the zero time is none.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// alwaysEditors may change any group, role-assignable ones too; editors the
// others only (learn.microsoft.com/entra/identity/role-based-access-control,
// permissions reference).
func alwaysEditors() []string {
	return []string{"Global Administrator", "Privileged Role Administrator"}
}

func groupEditors() []string {
	return []string{"Groups Administrator", "User Administrator", "Directory Writers", "Identity Governance Administrator", "Intune Administrator",
		"Knowledge Administrator", "Knowledge Manager", "Windows 365 Administrator"}
}

// editing is who may change something, and what may hide others.
type editing struct {
	all     []reached
	unknown []string
}

// editorsOf are who may change the members of a group, or its rule.
func (x *finder) editorsOf(g *snapshot.Principal) editing {
	key := fold(g.ID)
	if found, ok := x.editors[key]; ok {
		return found
	}
	var found editing
	if !g.Synced {
		may := "may change the members of group " + cmp.Or(g.Name, g.ID)
		if g.Dynamic != "" {
			may = "may change the rule of the dynamic group " + cmp.Or(g.Name, g.ID)
		}
		found.all, found.unknown = x.withRole(func(role string) bool {
			return slices.Contains(alwaysEditors(), role) || !g.RoleAssignable && slices.Contains(groupEditors(), role)
		}, g.ID, may)
		found.all = append(found.all, x.withAppRole(func(name string) bool {
			return name == "RoleManagement.ReadWrite.Directory" || !g.RoleAssignable && slices.Contains([]string{"Group.ReadWrite.All", "GroupMember.ReadWrite.All", "Directory.ReadWrite.All"}, name)
		}, may)...)
	}
	x.editors[key] = found
	return found
}

// withRole are the holders of directory roles over the directory or an object.
// The last step of their paths is the role.
func (x *finder) withRole(wanted func(string) bool, object, may string) (all []reached, unknown []string) {
	for _, r := range x.t.DirectoryRoles {
		if !wanted(r.Name) {
			continue
		}
		unsure := ""
		switch scope := fold(r.Scope); {
		case scope == "", scope == "/"+fold(object):
		case strings.HasPrefix(scope, "/administrativeunits/"):
			unsure = "the role is limited to an administrative unit, whose members were not read"
		default:
			continue
		}
		what := "holds " + r.Name + ", which " + may
		if r.Eligible {
			what = "may activate " + r.Name + ", which " + may
		}
		found, missing := x.acting(r.PrincipalID, map[string]bool{})
		unknown = append(unknown, missing...)
		for _, f := range found {
			f.how, f.path = Editor, append(f.path, Step{What: what, From: r.Template})
			f.unsure = strings.Join(append(sentence(f.unsure), sentence(unsure)...), "; ")
			all = append(all, f)
		}
	}
	return all, unknown
}

// acting are those who act as a principal, now or after an activation: itself,
// or a group's members. Nobody who could make themselves one is among them.
func (x *finder) acting(id string, seen map[string]bool) (all []reached, unknown []string) {
	id = fold(id)
	if seen[id] {
		return nil, nil
	}
	seen[id] = true
	p := x.principals[id]
	if p == nil || p.Kind != snapshot.GroupPrincipal {
		r := reached{id: id, how: Active}
		if p == nil || p.Kind == snapshot.UnknownPrincipal && !p.Deleted {
			if why, missing := x.missing(snapshot.PiecePrincipals, id); missing {
				r.unsure, unknown = "who this is could not be read", []string{why}
			}
		}
		return []reached{r}, unknown
	}
	if why, missing := x.missing(snapshot.PieceMembers, id); missing {
		all, unknown = append(all, reached{id: id, how: Active, unsure: "its members could not be read"}), append(unknown, why)
	}
	if why, missing := x.missing(snapshot.PieceGroupEligible, id); missing {
		unknown = append(unknown, why)
	}
	add := func(member, what string, until time.Time) {
		found, missing := x.acting(member, seen)
		unknown = append(unknown, missing...)
		for _, f := range found {
			f.path, f.until = append(f.path, Step{What: what + " of group " + cmp.Or(p.Name, p.ID), From: p.ID}), sooner(f.until, until)
			all = append(all, f)
		}
	}
	for _, m := range p.Members {
		add(m, "is a member", time.Time{})
	}
	for _, e := range p.EligibleIn {
		if e.Access != "owner" {
			add(e.PrincipalID, "may activate membership", e.Until)
		}
	}
	return all, unknown
}

func (x *finder) withAppRole(wanted func(string) bool, may string) (all []reached) {
	for _, r := range x.t.AppRoles {
		if wanted(r.Name) {
			all = append(all, reached{id: fold(r.PrincipalID), how: Editor, path: []Step{{What: "holds " + r.Name + " on Microsoft Graph, which " + may, From: r.PrincipalID}}})
		}
	}
	return all
}

// right is something of Azure that somebody may hold.
type right struct {
	action string
	data   bool
	scope  string
}

func (r right) holders(x *azrbac.Index) []azrbac.Holder {
	if r.data {
		return x.WhoHoldsData(r.action, r.scope)
	}
	return x.WhoHolds(r.action, r.scope)
}

func (r right) decide(x *azrbac.Index, ids []string) azrbac.Decision {
	if r.data {
		return x.DataActionAllows(ids, r.action, r.scope)
	}
	return x.ActionAllows(ids, r.action, r.scope)
}

// holders are those who hold a right, and what may hide others. subscription is
// a GUID.
func (x *finder) holders(subscription string, r right) (all []Holder, unknown []string) {
	n := x.index(subscription)
	unknown = slices.Clone(n.unread)
	for _, list := range []struct {
		index *azrbac.Index
		how   How
	}{{n.grants, Active}, {n.eligible, Eligible}} {
		for _, g := range r.holders(list.index) {
			a := g.Grant.Assignment
			what := "holds " + cmp.Or(g.Grant.Definition.Name, "role "+lastOf(a.RoleDefinitionID)) + " at " + scopeText(a.Scope) + ", which allows " + r.action
			if list.how == Eligible {
				what = "may activate" + strings.TrimPrefix(what, "holds")
			}
			found, missing := x.expand(a.PrincipalID, list.how, []Step{{What: what, From: a.ID}})
			unknown = append(unknown, missing...)
			for _, f := range found {
				h := Holder{Principal: x.principal(f.id), How: f.how, Unsure: f.unsure, Until: f.until, Path: f.path}
				if end := n.until[fold(a.ID)]; list.how == Eligible && h.Until.IsZero() {
					h.Until = end
				}
				if len(g.Reasons) > 0 {
					h.Unsure = strings.Join(append(sentence(h.Unsure), g.Reasons...), "; ")
				}
				if x.denied(n, r, &h, a.PrincipalID, f.unsure != "") {
					continue
				}
				if n.deniesUnread {
					h.Unsure = strings.Join(append(sentence(h.Unsure), "deny assignments could not be read, which may take it"), "; ")
				}
				all = append(all, h)
			}
		}
	}
	return all, unknown
}

func sentence(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func scopeText(scope string) string { return cmp.Or(scope, "/") }

// denied reports whether deny assignments take a right from a holder: from the
// principal with all its groups, and with those that it holds or would hold the
// right through. opaque: the holder stands for members who are not known.
func (x *finder) denied(n *indexes, r right, h *Holder, through string, opaque bool) bool {
	if !n.mayDeny(r.scope) {
		return false
	}
	ids := append([]string{h.Principal.ID, through}, x.above[h.Principal.ID]...)
	for _, s := range h.Path {
		if p := x.principals[fold(s.From)]; p != nil && p.Kind == snapshot.GroupPrincipal {
			ids = append(append(ids, fold(s.From)), x.above[fold(s.From)]...)
		}
	}
	d := r.decide(n.denied, ids)
	maybe := func(more ...string) bool {
		return r.decide(n.denied, append(slices.Clone(ids), more...)).Verdict != d.Verdict
	}
	doubt := ""
	switch {
	case slices.ContainsFunc(n.doubtful, func(g string) bool { return maybe(g) }), len(n.doubtful) > 1 && maybe(n.doubtful...):
		doubt = "a deny assignment names a group whose members could not be read"
	case d.Verdict == azrbac.Allow:
		return false
	case d.Verdict == azrbac.Unknown:
		doubt = strings.Join(d.Reasons, "; ")
	case opaque && slices.ContainsFunc(d.Denies, func(n azrbac.Deny) bool { return len(n.ExcludePrincipals) > 0 }):
		doubt = "a deny assignment takes it from all but those it excludes, who may be members"
	default:
		return true
	}
	h.Unsure = strings.Join(append(sentence(h.Unsure), doubt), "; ")
	return false
}

// can reports whether a holder comes in, now or after an activation.
func (h Holder) can() bool {
	return (h.How == Active || h.How == Eligible) && h.Unsure == "" && !h.Principal.Disabled && !h.Principal.Deleted
}

// byHolders is the state of a door that is open as far as somebody holds it.
func byHolders(d Door, open, closed string) Door {
	switch {
	case slices.ContainsFunc(d.Holders, Holder.can):
		d.State, d.Why = Open, open
	case len(d.HoldersUnknown) > 0:
		d.State, d.Why = Unknown, "nobody is known to hold it, and not everything could be read: "+d.HoldersUnknown[0]
	case slices.ContainsFunc(d.Holders, func(h Holder) bool { return h.Unsure != "" }):
		d.State, d.Why = Unknown, "whether anybody holds it is not certain"
	default:
		d.State, d.Why = Closed, closed
	}
	return d
}

// builtinName is the name of a built-in role, else what is known already.
func builtinName(id, otherwise string) string {
	if d, ok := azrbac.Builtin(lastOf(id)); ok {
		return d.Name
	}
	return otherwise
}
