package rbac

import "strconv"

// FaultKind is what is wrong with a policy.
type FaultKind string

// The kinds of Fault.
const (
	Dangling    FaultKind = "dangling roleRef"
	Twice       FaultKind = "given twice"
	BadSelector FaultKind = "selector"
	Unfed       FaultKind = "aggregated rules kept as given"
)

// Fault is something wrong with the policy itself. It is data: questions are
// still answered as an API server would.
type Fault struct {
	Kind      FaultKind `json:"kind"`
	Role      RoleRef   `json:"role"`
	Namespace string    `json:"namespace,omitempty"`
	Binding   string    `json:"binding,omitempty"`
	At        Position  `json:"at,omitzero"`
	Msg       string    `json:"message"`
}

// String is file:line:column, as far as known; "cluster" where there is no file.
func (p Position) String() string {
	switch {
	case p == Position{}:
		return "cluster"
	case p.Line == 0:
		return p.File
	}
	return p.File + ":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Column)
}

// Title names a role as people do: ClusterRole view, Role dev/view.
func (r Role) Title() string {
	if r.Namespace == "" {
		return "ClusterRole " + r.Name
	}
	return "Role " + r.Namespace + "/" + r.Name
}

// Title names a binding as people do: RoleBinding dev/team.
func (b Binding) Title() string {
	if b.Namespace == "" {
		return "ClusterRoleBinding " + b.Name
	}
	return "RoleBinding " + b.Namespace + "/" + b.Name
}

func (b *Binding) dangling() Fault {
	return Fault{Kind: Dangling, Role: b.Role, Namespace: b.Namespace, Binding: b.Name, At: b.At, Msg: b.Title() + " refers to " + string(b.Role.Kind) + " " + b.Role.Name + ", which does not exist: it grants nothing until somebody creates it"}
}

func (r Role) twice(first Position) Fault {
	return Fault{Kind: Twice, Role: r.Ref(), Namespace: r.Namespace, At: r.At, Msg: r.Title() + " is given twice; the last one counts (first " + first.String() + ")"}
}

func (b Binding) twice(first Position) Fault {
	return Fault{Kind: Twice, Role: b.Role, Namespace: b.Namespace, Binding: b.Name, At: b.At, Msg: b.Title() + " is given twice; the last one counts (first " + first.String() + ")"}
}
