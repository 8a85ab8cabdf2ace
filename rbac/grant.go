package rbac

// Grant is one way a Subject comes by a role: through a binding, or through
// what kube-apiserver gives without one.
type Grant struct {
	Subject Subject  // whom the binding names
	Binding *Binding // nil: no binding is needed, see Reason
	Reason  string   // why there is no binding
}

// Unbound explains the power of system:masters.
const Unbound = "kube-apiserver allows every request of system:masters before RBAC is asked; no binding is needed and none can take it away"

// Grants are the grants of exactly this Subject. They do not include those of
// its groups: see Subject.ImplicitGroups and what the credential says.
func (x *Index) Grants(s Subject) []Grant {
	var grants []Grant
	if s == Group(Masters) {
		grants = append(grants, Grant{Subject: s, Reason: Unbound})
	}
	for _, b := range x.Bindings(s) {
		grants = append(grants, Grant{Subject: s.Canonical(), Binding: &b})
	}
	return grants
}
