package tour

import "context"

// step is one stage of the walk.
type step struct {
	n    int
	name string
	// needs are the steps whose outcome this one builds on; with one of them
	// failed it is not tried.
	needs []int
	run   func(*walk, context.Context, *transcript) error
}

// steps is the walk and, in needs, the one table of what depends on what.
func steps() []step {
	return []step{
		{1, "default cluster: everybody is masterclient", nil, (*walk).sharedIdentity},
		{2, "the power behind it is cluster-admin", []int{1}, (*walk).powerBehind},
		// the step-1 kubeconfig is tried again after Entra is on
		{3, "Entra integration: people have names", []int{1}, (*walk).entraOn},
		// needs an Entra cluster, and an admin who can bind roles
		{4, "test-user: no role, user role, Kubernetes RBAC", []int{3}, (*walk).secondUser},
		// a back door only shows where there is a front door
		{5, "--admin goes around Entra", []int{3}, (*walk).backDoor},
		// revokes the credential that step 5 fetched
		{6, "local accounts off, old credentials dead", []int{5}, (*walk).doorClosed},
		// hshahin acts as admin, test-user has the Cluster User Role
		{7, "the audit log says who did what", []int{3, 4}, (*walk).auditLog},
	}
}

// dependents lists the steps that fail with n, n among them.
func dependents(n int) []int {
	failed := map[int]bool{n: true}
	var out []int
	for _, s := range steps() {
		for _, need := range s.needs {
			failed[s.n] = failed[s.n] || failed[need]
		}
		if failed[s.n] {
			out = append(out, s.n)
		}
	}
	return out
}
