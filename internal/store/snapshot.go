package store

// Snapshot is what a snapshot adds to the store: who there is and who is bound
// to what, so that queries can name the ids in events. It replaces what an
// earlier snapshot of the same scope brought.
type Snapshot struct {
	Scope           string // of a tenant its id, of a cluster what its events call it
	Taken           int64  // ticks
	Source          string // where it was read
	Principals      []Principal
	Bindings        []Binding
	RoleAssignments []RoleAssignment
}

// Principal is a user, group or service principal of the directory.
type Principal struct {
	Tenant   string
	ID       string // lower case, as in events
	Kind     string // user, group, servicePrincipal, unknown
	Name     string
	UPN      string
	AppID    string
	Guest    bool
	Disabled bool
	Deleted  bool
	MemberOf []string // ids of groups, direct ones
	Owners   []string
}

// Binding is one Subject of a RoleBinding or ClusterRoleBinding; a binding
// without Subjects has one row with an empty SubjectKind.
type Binding struct {
	Cluster          string
	Kind             string
	Namespace        string
	Name             string
	RoleKind         string
	RoleName         string
	SubjectKind      string
	SubjectNamespace string
	SubjectName      string
}

// RoleAssignment is one of Azure, or an eligibility for one.
type RoleAssignment struct {
	Tenant           string
	ID               string
	PrincipalID      string // lower case
	PrincipalType    string
	RoleDefinitionID string // the GUID, lower case
	RoleName         string // "" where it is not known
	Scope            string
	Condition        string
	Eligible         bool
	Until            int64 // ticks, 0 without end
}
