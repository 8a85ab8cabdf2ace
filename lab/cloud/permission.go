package cloud

import "strings"

// A Decision says whether an action is allowed, and by which assignment.
type Decision struct {
	Allowed    bool
	Assignment RoleAssignment
	Role       RoleDefinition
}

// Decide answers whether a principal (object id), directly or through its
// groups, may perform a control-plane action at a scope.
func (w *World) Decide(principalID, action, scope string) Decision {
	return w.decide(principalID, action, scope, Permission.grants)
}

// DecideFor is Decide for a set of object ids: a caller and its groups.
func (w *World) DecideFor(principalIDs []string, action, scope string) Decision {
	return w.decideFor(principalIDs, action, scope, Permission.grants)
}

// DecideData answers the same for a data action.
func (w *World) DecideData(principalID, action, scope string) Decision {
	return w.decide(principalID, action, scope, Permission.grantsData)
}

// DecideDataFor is DecideData for a caller whose groups are claimed by a token
// rather than looked up.
func (w *World) DecideDataFor(principalIDs []string, action, scope string) Decision {
	return w.decideFor(principalIDs, action, scope, Permission.grantsData)
}

func (w *World) decide(principalID, action, scope string, grants func(Permission, string) bool) Decision {
	return w.decideFor(append([]string{principalID}, w.TransitiveGroups(principalID)...), action, scope, grants)
}

func (w *World) decideFor(who []string, action, scope string, grants func(Permission, string) bool) Decision {
	for _, d := range w.DenyAssignments {
		if grants(d.Permission, action) && d.applies(w, who, scope) {
			return Decision{}
		}
	}
	for _, a := range w.RoleAssignments {
		if !containsFold(who, a.PrincipalID) || !w.Covers(a.Scope, scope) {
			continue
		}
		role, ok := w.RoleDefinition(a.RoleID)
		if !ok {
			continue
		}
		// Not-actions subtract inside one block only; another block or another
		// role may still grant.
		for _, p := range role.Permissions {
			if grants(p, action) {
				return Decision{Allowed: true, Assignment: a, Role: role}
			}
		}
	}
	return Decision{}
}

// applies: an assignment's and a deny assignment's conditions are not
// evaluated, both count as if they had none.
func (d DenyAssignment) applies(w *World, who []string, scope string) bool {
	if d.ThisScopeOnly && !strings.EqualFold(strings.Trim(d.Scope, "/"), strings.Trim(scope, "/")) {
		return false
	}
	if !w.Covers(d.Scope, scope) {
		return false
	}
	named := func(list []string, everyone bool) bool {
		for _, id := range list {
			if everyone && id == Everyone || containsFold(who, id) {
				return true
			}
		}
		return false
	}
	return named(d.Principals, true) && !named(d.Exclude, false)
}

func (p Permission) grants(action string) bool {
	return matchAny(p.Actions, action) && !matchAny(p.NotActions, action)
}

func (p Permission) grantsData(action string) bool {
	return matchAny(p.DataActions, action) && !matchAny(p.NotDataActions, action)
}

func matchAny(patterns []string, action string) bool {
	for _, p := range patterns {
		if MatchAction(p, action) {
			return true
		}
	}
	return false
}

// MatchAction matches an action against a role body's pattern, in which *
// stands for any run of characters, slashes included. Case does not matter.
func MatchAction(pattern, action string) bool {
	pattern, action = strings.ToLower(pattern), strings.ToLower(action)
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == action
	}
	if !strings.HasPrefix(action, parts[0]) {
		return false
	}
	rest := action[len(parts[0]):]
	for _, mid := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, mid)
		if i < 0 {
			return false
		}
		rest = rest[i+len(mid):]
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}

// ScopeCovers reports whether an assignment at scope assigned applies at scope
// asked: the same scope or one below it.
func ScopeCovers(assigned, asked string) bool {
	assigned = strings.ToLower(strings.Trim(assigned, "/"))
	asked = strings.ToLower(strings.Trim(asked, "/"))
	return assigned == "" || assigned == asked || strings.HasPrefix(asked, assigned+"/")
}

func containsFold(list []string, s string) bool {
	for _, l := range list {
		if strings.EqualFold(l, s) {
			return true
		}
	}
	return false
}
