package rbac

import (
	"slices"
	"strings"
)

// nearSubject is somebody whom a binding may name in place of the caller.
type nearSubject struct {
	kind    NearKind
	subject Subject
	why     string // continues "RoleBinding dev/b names User x"
}

// nearSubjects are the bindings that allow the request to somebody who is
// nearly the caller.
func (x *Index) nearSubjects(u UserInfo, q Request) (near []NearMiss) {
	own, tried := identities(u), map[Subject]bool{}
	for _, s := range own {
		tried[s] = true
	}
	for _, other := range x.alike(u) {
		if tried[other.subject] {
			continue
		}
		tried[other.subject] = true
		alone := UserInfo{Username: other.subject.userName()}
		if other.subject.Kind == GroupKind {
			alone = UserInfo{Groups: []string{other.subject.Name}}
		}
		for _, a := range x.Evaluate(alone, q).Allows {
			if a.Binding == nil {
				continue
			}
			near = append(near, NearMiss{
				Kind: other.kind, Subject: other.subject, Binding: a.Binding, Role: a.Role, Rule: a.Rule,
				Text: a.Binding.Title() + " of " + a.Role.Title() + " allows it to " + string(other.subject.Kind) + " " + other.subject.Label() + other.why,
			})
			break
		}
	}
	return near
}

// userName is the name under which a User or a ServiceAccount signs in.
func (s Subject) userName() string {
	if s.Kind == ServiceAccountKind {
		return serviceAccountIn + s.Namespace + ":" + s.Name
	}
	return s.Name
}

// alike are bound Subjects that are nearly the caller, none of them the caller.
func (x *Index) alike(u UserInfo) (all []nearSubject) {
	all = append(all, x.otherNames(u)...)
	for _, s := range identities(u) {
		all = append(all, x.otherKinds(s)...)
		for _, other := range x.NearEqual(s) {
			why := "; the caller's name is " + s.Label() + ", and names are compared exactly"
			if isGUID(s.Name) {
				why = "; the token says " + s.Name + " in other letters: names are compared exactly, object ids come in lower case"
			}
			all = append(all, nearSubject{NearCase, other, why})
		}
		if s.Kind == ServiceAccountKind {
			all = append(all, x.otherNamespaces(s)...)
		}
	}
	return all
}

// otherNames are identifiers that the token carries beside the user name.
func (x *Index) otherNames(u UserInfo) (all []nearSubject) {
	add := func(claim, value string) {
		if value == "" || value == u.Username {
			return
		}
		what, kindOf := "the caller's "+claim, NearObjectID
		if claim == "oid" {
			what = "the caller's object id"
		}
		why := "; that is " + what + ", but RBAC knows the caller as " + u.Username
		for _, id := range x.anyCase(User(value)) {
			all = append(all, nearSubject{kindOf, id, why})
		}
		for _, id := range x.anyCase(Group(value)) {
			all = append(all, nearSubject{kindOf, id, why + ", and as no Group"})
		}
	}
	claims := make([]string, 0, len(u.Extra))
	for claim := range u.Extra {
		claims = append(claims, claim)
	}
	slices.Sort(claims)
	for _, claim := range claims {
		for _, value := range u.Extra[claim] {
			if identifies(claim) {
				add(claim, value)
			}
		}
	}
	add("uid", u.UID)
	return all
}

// identifies reports whether a claim names the caller: oid, upn and the like,
// bare or as the last part of a URL-like key.
func identifies(claim string) bool {
	last := claim[strings.LastIndexAny(claim, "/.:")+1:]
	return slices.Contains([]string{"oid", "upn", "email", "unique_name", "preferred_username", "appid", "azp", "sub"}, strings.ToLower(last))
}

// anyCase is a bound Subject, and those that differ from it in case only.
func (x *Index) anyCase(s Subject) []Subject {
	near := x.NearEqual(s)
	if _, bound := x.ids[s.Canonical()]; bound {
		near = append([]Subject{s.Canonical()}, near...)
	}
	return near
}

// otherKinds are the caller under a wrong kind of subject.
func (x *Index) otherKinds(s Subject) (all []nearSubject) {
	add := func(other Subject, why string) {
		if _, bound := x.ids[other]; bound {
			all = append(all, nearSubject{NearSubjectKind, other, why})
		}
	}
	switch s.Kind {
	case GroupKind:
		why := "; that is a group of the caller: the subject's kind must be Group"
		for _, other := range x.anyCase(User(s.Name)) {
			add(other, why)
		}
	case UserKind:
		add(Group(s.Name), "; that is the caller's user name: the subject's kind must be User")
		for _, other := range x.accounts(s.Name) {
			add(other, "; the caller is a User of that name: the subject's kind must be User")
		}
	case ServiceAccountKind:
		why := "; the caller is a ServiceAccount: the subject's kind must be ServiceAccount, its name " + s.Name + " and its namespace " + s.Namespace
		for _, name := range []string{s.Name, s.Namespace + "/" + s.Name, s.Namespace + ":" + s.Name} {
			add(User(name), why)
		}
		for _, name := range []string{s.userName(), s.Name} {
			add(Group(name), why)
		}
	}
	return all
}

// otherNamespaces are the bound ServiceAccounts of the same name elsewhere.
func (x *Index) otherNamespaces(s Subject) (all []nearSubject) {
	for _, other := range x.accounts(s.Name) {
		all = append(all, nearSubject{NearAccount, other, "; the caller is " + s.Label()})
	}
	return all
}

// accounts are the bound ServiceAccounts of one name.
func (x *Index) accounts(name string) (all []Subject) {
	for _, s := range x.subjects {
		if s.Kind == ServiceAccountKind && s.Name == name {
			all = append(all, s)
		}
	}
	return all
}

// isGUID reports whether a name has the form of an object id.
func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, c := range []byte(s) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		hex := c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
		if dash != (c == '-') || !dash && !hex {
			return false
		}
	}
	return true
}
