package world

import "github.com/postern-dev/postern/rbac"

// What worlds and questions are made of. The lists hold what exists and what
// people write by mistake, side by side.

// kind is a resource as a request names it.
type kind struct {
	group, resource string
	subs            []string
}

func kinds() []kind {
	return []kind{
		{"", "pods", []string{"exec", "log", "attach", "portforward", "eviction", "ephemeralcontainers", "proxy"}},
		{"", "secrets", nil},
		{"", "configmaps", nil},
		{"", "services", []string{"proxy"}},
		{"", "nodes", []string{"proxy", "stats"}},
		{"", "serviceaccounts", []string{"token"}},
		{"", "events", nil},
		{"", "replicationcontrollers", []string{"scale"}},
		{"", "namespaces", []string{"finalize"}},
		{"apps", "deployments", []string{"scale", "status"}},
		{"apps", "statefulsets", []string{"scale"}},
		{"apps", "replicasets", []string{"scale"}},
		{"extensions", "deployments", []string{"scale"}},
		{"extensions", "ingresses", nil},
		{"networking.k8s.io", "ingresses", []string{"status"}},
		{"batch", "jobs", nil},
		{"events.k8s.io", "events", nil},
		{"metrics.k8s.io", "pods", nil},
		{"metrics.k8s.io", "nodes", nil},
		{"rbac.authorization.k8s.io", "roles", nil},
		{"example.com", "widgets", []string{"status", "scale"}},
	}
}

func verbs() []string {
	return []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}
}

// oddGroups are what rules and requests say where a group belongs.
func oddGroups() []string {
	return []string{"", "core", "v1", "apps", "extensions", "*", "metrics.k8s.io", "networking.k8s.io", "batch", "events.k8s.io", "apps/v1", "Apps", "example.com", "legacy"}
}

func objectNames() []string { return []string{"web", "db", "web-0", "Web", "*", "exec", "we*"} }

const (
	annObject   = "5f1c2d9a-0b7e-4c33-9d0e-5a4e2f7b1c01"
	guestObject = "0a9b8c7d-1111-4222-8333-944445555666"
	teamGroup   = "66992c59-7c3b-4a7d-9f3e-2f1b8c0d4e5f"
	opsGroup    = "7d1f0c3e-5b2a-4e8f-8c6d-1a2b3c4d5e6f"
)

func userNames() []string {
	return []string{
		"ann@contoso.com", "Ann@contoso.com", "ANN@CONTOSO.COM", annObject, "bob@contoso.com", "bob",
		"guest_partner.com#EXT#@contoso.com", guestObject, "developers", teamGroup, "system:masters",
		"system:serviceaccount:alpha:bot", "system:serviceaccount:beta:bot", "system:serviceaccount:alpha:bot:x", "system:serviceaccount::bot", "é ü",
	}
}

func groupNames() []string {
	return []string{
		teamGroup, opsGroup, "developers", "Developers", "oncall", "ann@contoso.com", "system:serviceaccount:alpha:bot",
		"system:serviceaccounts:alpha:bot", "6D1F0C3E-5B2A-4E8F-8C6D-1A2B3C4D5E6F",
	}
}

func implicitGroups() []string {
	return []string{rbac.Authenticated, rbac.Unauthenticated, rbac.ServiceAccounts, rbac.ServiceAccounts + ":alpha", rbac.ServiceAccounts + ":beta", rbac.Masters}
}

func accountNames() []string { return []string{"bot", "deployer", "default", "bot.v2"} }

// accountNamespaces are where service accounts live: a subject's namespace need
// not exist, and nothing checks its spelling.
func accountNamespaces() []string { return []string{"alpha", "beta", "gamma", "nowhere", "alpha:bot"} }

// subject is anybody. A service account may lack its namespace where the binding
// has one.
func (b *builder) subject(namespace string) rbac.Subject {
	switch b.below(10) {
	case 0, 1, 2, 3:
		s := rbac.User(pick(b.random, userNames()))
		if b.chance(5) {
			s.Namespace = "alpha" // the API server takes it and thinks nothing of it
		}
		return s
	case 4, 5, 6:
		return rbac.Group(pick(b.random, groupNames()))
	default:
		if namespace != "" && b.chance(35) {
			return rbac.Subject{Kind: rbac.ServiceAccountKind, Name: pick(b.random, accountNames())}
		}
		return rbac.ServiceAccount(pick(b.random, accountNamespaces()), pick(b.random, accountNames()))
	}
}

func (b *builder) somebody(namespace string) []rbac.Subject {
	var all []rbac.Subject
	for range 1 + b.below(3) {
		all = append(all, b.subject(namespace))
	}
	return all
}

// strangers are bound to nothing, or only seem so.
func (b *builder) strangers() {
	for _, n := range []string{"carol@contoso.com", "Bob", "system:serviceaccount:gamma:stranger"} {
		b.w.Strange = append(b.w.Strange, rbac.User(n))
	}
	b.w.Strange = append(b.w.Strange, rbac.Group("ONCALL"), rbac.Group("nobodies"))
	for range 3 {
		b.w.Strange = append(b.w.Strange, rbac.ServiceAccount(pick(b.random, Namespaces()), pick(b.random, accountNames())))
	}
}
