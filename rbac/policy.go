package rbac

// Policy is every RBAC object of one cluster or one set of manifests.
type Policy struct {
	// Complete: these are all objects of a cluster, what is absent does not
	// exist. Otherwise aggregated ClusterRoles keep the rules they are given
	// with, since the roles they were made of may be elsewhere.
	Complete bool      `json:"complete,omitempty"`
	Roles    []Role    `json:"roles"`
	Bindings []Binding `json:"bindings"`
}

// Rule is one PolicyRule: verbs on resources, or verbs on URLs.
type Rule struct {
	Verbs           []string `json:"verbs"`
	APIGroups       []string `json:"apiGroups,omitempty"`
	Resources       []string `json:"resources,omitempty"`
	ResourceNames   []string `json:"resourceNames,omitempty"`
	NonResourceURLs []string `json:"nonResourceURLs,omitempty"`
}

// Role is a Role or, with an empty Namespace, a ClusterRole.
type Role struct {
	Namespace string            `json:"namespace,omitempty"`
	Name      string            `json:"name"`
	Labels    map[string]string `json:"labels,omitempty"`
	Rules     []Rule            `json:"rules"`
	At        Position          `json:"at,omitzero"`      // where a file says so
	RuleAt    []Position        `json:"ruleAt,omitempty"` // one each of Rules, from a file
	// Aggregate are the label selectors whose ClusterRoles a controller copies
	// into Rules. Nil: not aggregated. A manifest of such a role carries no rules.
	Aggregate []Selector `json:"aggregate,omitzero"`
}

// Ref is how a binding names this role.
func (r Role) Ref() RoleRef {
	if r.Namespace == "" {
		return RoleRef{Kind: ClusterRoleKind, Name: r.Name}
	}
	return RoleRef{Kind: RoleRoleKind, Name: r.Name}
}

// Selector is a label selector: all of MatchLabels and all of Expressions.
type Selector struct {
	MatchLabels map[string]string `json:"matchLabels,omitempty"`
	Expressions []Requirement     `json:"matchExpressions,omitempty"`
}

// Requirement is one expression of a Selector.
type Requirement struct {
	Key      string   `json:"key"`
	Operator string   `json:"operator"` // In, NotIn, Exists, DoesNotExist
	Values   []string `json:"values,omitempty"`
}

// RoleKind says where a roleRef looks.
type RoleKind string

// The kinds a roleRef can name.
const (
	ClusterRoleKind RoleKind = "ClusterRole"
	RoleRoleKind    RoleKind = "Role" // in the binding's own namespace
)

// RoleRef names the role a binding grants.
type RoleRef struct {
	Kind RoleKind `json:"kind"`
	Name string   `json:"name"`
}

// Binding is a RoleBinding or, with an empty Namespace, a ClusterRoleBinding.
type Binding struct {
	Namespace string            `json:"namespace,omitempty"`
	Name      string            `json:"name"`
	Labels    map[string]string `json:"labels,omitempty"`
	Role      RoleRef           `json:"roleRef"`
	Subjects  []Subject         `json:"subjects"`
	At        Position          `json:"at,omitzero"` // where a file says so
}

// Position is a place in a file; the zero Position is none (read from a cluster).
type Position struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"` // from 1
	Column int    `json:"column,omitempty"`
}

// Kind is the binding's Kubernetes kind.
func (b Binding) Kind() string {
	if b.Namespace == "" {
		return "ClusterRoleBinding"
	}
	return "RoleBinding"
}

// Everything reports whether the rules allow every verb on every resource of
// every group, as cluster-admin does.
func Everything(rules []Rule) bool {
	for _, r := range rules {
		if has(r.Verbs, "*") && has(r.APIGroups, "*") && has(r.Resources, "*") && len(r.ResourceNames) == 0 {
			return true
		}
	}
	return false
}

func has(list []string, want string) bool {
	for _, s := range list {
		if s == want {
			return true
		}
	}
	return false
}
