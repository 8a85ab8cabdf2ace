package world

import "github.com/postern-dev/postern/rbac"

// The rules of each family. Every function adds a few roles and bindings.

func (b *builder) verbList() []string { return some(b.random, 1, 3, verbs()) }

func (b *builder) apiGroups() {
	k := pick(b.random, kinds())
	b.grant(APIGroup, rbac.Rule{Verbs: b.verbList(), APIGroups: []string{pick(b.random, oddGroups())}, Resources: []string{k.resource}})
	// Groups and resources of one rule multiply: pods in apps, deployments in core.
	k2 := pick(b.random, kinds())
	b.grant(APIGroup, rbac.Rule{Verbs: b.verbList(), APIGroups: []string{k.group, k2.group}, Resources: []string{k.resource, k2.resource}})
	b.grant(APIGroup,
		rbac.Rule{Verbs: b.verbList(), APIGroups: some(b.random, 1, 3, oddGroups()), Resources: []string{pick(b.random, []string{"deployments", "ingresses", "events", "pods", "nodes"})}},
		rbac.Rule{Verbs: []string{"*"}, APIGroups: []string{pick(b.random, oddGroups())}, Resources: []string{pick(b.random, []string{"*", "deployments", "pods"})}},
	)
}

// oddResources are forms of which some mean nothing at all.
func oddResources() []string {
	return []string{
		"pods", "pods/exec", "pods/log", "pods/eviction", "*/scale", "*/exec", "*/log", "*/status", "*/proxy", "*", "*/*", "pods/*", "deployments/*",
		"deployments/scale", "deployments", "nodes/proxy", "nodes", "exec", "/exec", "pods/", "*/", "*pods", "pod*", "pods/exec/tty", "serviceaccounts/token", "services/proxy", "PODS",
	}
}

func (b *builder) subresources() {
	for range 2 {
		b.grant(Subresource, rbac.Rule{
			Verbs: b.verbList(), APIGroups: []string{pick(b.random, []string{"", "", "*", "apps"})},
			Resources: some(b.random, 1, 2, oddResources()),
		})
	}
	k := pick(b.random, kinds())
	r := rbac.Rule{Verbs: b.verbList(), APIGroups: []string{k.group}, Resources: []string{k.resource}}
	if len(k.subs) > 0 && b.chance(60) {
		r.Resources[0] += "/" + pick(b.random, k.subs)
	}
	b.grant(Subresource, r)
}

func (b *builder) names() {
	for range 2 {
		k := pick(b.random, kinds())
		r := rbac.Rule{
			Verbs:         some(b.random, 1, 3, []string{"get", "list", "watch", "create", "deletecollection", "delete", "patch", "*"}),
			APIGroups:     []string{k.group},
			Resources:     []string{k.resource},
			ResourceNames: some(b.random, 1, 3, append(objectNames(), "")),
		}
		if len(k.subs) > 0 && b.chance(50) {
			r.Resources = []string{k.resource + "/" + pick(b.random, k.subs)}
			r.Verbs = append(r.Verbs, "create")
		}
		rules := []rbac.Rule{r}
		if b.chance(25) { // an unnamed rule beside a named one
			r.ResourceNames = nil
			r.Verbs = []string{"get"}
			rules = append(rules, r)
		}
		b.grant(Names, rules...)
	}
}

func (b *builder) verbs() {
	k := pick(b.random, kinds())
	b.grant(Verbs, rbac.Rule{Verbs: []string{pick(b.random, []string{"*", "get", "GET", "list", "delete", "update", "deletecollection", "write", "get*"})}, APIGroups: []string{k.group}, Resources: []string{k.resource}})
	b.grant(Verbs, rbac.Rule{Verbs: b.verbList(), APIGroups: []string{k.group}, Resources: []string{k.resource}}, rbac.Rule{Verbs: b.verbList(), APIGroups: []string{"batch"}, Resources: []string{"jobs", "cronjobs"}})
}

// plainRule is one without anything odd.
func (b *builder) plainRule() rbac.Rule {
	k := pick(b.random, kinds())
	return rbac.Rule{Verbs: b.verbList(), APIGroups: []string{k.group}, Resources: []string{k.resource}}
}

func (b *builder) subjects() {
	for range 3 {
		namespace := pick(b.random, []string{"", "alpha", "beta", "gamma"})
		r := b.plainRule()
		roleIn := ""
		if namespace != "" && b.chance(50) {
			roleIn = namespace
		}
		subjects := b.somebody(namespace)
		if b.chance(40) && namespace != "" { // the same account twice, in two spellings
			account := pick(b.random, accountNames())
			subjects = append(subjects, rbac.Subject{Kind: rbac.ServiceAccountKind, Name: account}, rbac.User("system:serviceaccount:"+namespace+":"+account))
		}
		b.bind(Subjects, namespace, b.role(roleIn, r), []rbac.Rule{r}, subjects...)
	}
}

func (b *builder) implicit() {
	for range 2 {
		namespace := pick(b.random, []string{"", "", "alpha", "beta"})
		r := b.plainRule()
		b.bind(Implicit, namespace, b.role("", r), []rbac.Rule{r}, rbac.Group(pick(b.random, implicitGroups())))
	}
	if b.chance(30) {
		r := b.plainRule()
		b.bind(Implicit, "", b.role("", r), []rbac.Rule{r}, rbac.User(rbac.Anonymous), rbac.User(rbac.Masters))
	}
}

func (b *builder) scopes() {
	r := b.plainRule()
	here, there := pick(b.random, Namespaces()), pick(b.random, Namespaces())
	b.bind(Scope, here, b.role(here, r), []rbac.Rule{r}, b.somebody(here)...)
	r = b.plainRule()
	b.bind(Scope, there, b.role("", r), []rbac.Rule{r}, b.somebody(there)...)
	r = rbac.Rule{Verbs: b.verbList(), APIGroups: []string{""}, Resources: []string{"nodes", "namespaces", "persistentvolumes"}}
	if b.chance(50) {
		b.bind(Scope, here, b.role("", r), []rbac.Rule{r}, b.somebody(here)...)
	} else {
		b.bind(Scope, "", b.role("", r), []rbac.Rule{r}, b.somebody("")...)
	}
	b.homonyms(here)
}

// homonyms are a ClusterRole and Roles of one name: the roleRef's kind and the
// binding's namespace decide which is meant.
func (b *builder) homonyms(here string) {
	ref := b.role("", b.plainRule())
	for _, n := range Namespaces() {
		r := b.plainRule()
		b.w.Policy.Roles = append(b.w.Policy.Roles, rbac.Role{Namespace: n, Name: ref.Name, Rules: []rbac.Rule{r}})
		if n == here || b.chance(30) {
			b.bind(Scope, n, rbac.RoleRef{Kind: rbac.RoleRoleKind, Name: ref.Name}, []rbac.Rule{r}, b.somebody(n)...)
		}
	}
}

func oddURLs() []string {
	return []string{"/healthz", "/healthz/*", "/api*", "/apis/*", "/metrics", "/metrics/", "/logs/**", "*/healthz", "/a*b", "/openapi/v2", "healthz", "/version/", "/custom/*/x", "/", "/*", "/readyz*"}
}

func (b *builder) urls() {
	for range 2 {
		r := rbac.Rule{Verbs: some(b.random, 1, 2, []string{"get", "post", "head", "*", "GET", "delete"}), NonResourceURLs: some(b.random, 1, 2, oddURLs())}
		b.clusterGrant(URL, r)
	}
	if b.chance(25) {
		b.clusterGrant(URL, rbac.Rule{Verbs: []string{"get"}, NonResourceURLs: []string{pick(b.random, []string{"*", "**", "/*"})}})
	}
	if b.chance(40) { // granted in a namespace it means nothing
		r := rbac.Rule{Verbs: []string{"get"}, NonResourceURLs: []string{"/custom", "/healthz"}}
		namespace := pick(b.random, Namespaces())
		b.bind(URL, namespace, b.role("", r), []rbac.Rule{r}, b.somebody(namespace)...)
	}
}

func (b *builder) virtual() {
	all := []rbac.Rule{
		{Verbs: []string{"impersonate"}, APIGroups: []string{""}, Resources: []string{"users", "groups"}},
		{Verbs: []string{"impersonate"}, APIGroups: []string{""}, Resources: []string{"users"}, ResourceNames: []string{"ann@contoso.com", "bob"}},
		{Verbs: []string{"impersonate"}, APIGroups: []string{""}, Resources: []string{"groups"}, ResourceNames: []string{teamGroup}},
		{Verbs: []string{"impersonate"}, APIGroups: []string{""}, Resources: []string{"serviceaccounts"}},
		{Verbs: []string{"impersonate"}, APIGroups: []string{"authentication.k8s.io"}, Resources: []string{"uids", "userextras/scopes"}},
		{Verbs: []string{"impersonate"}, APIGroups: []string{"authentication.k8s.io"}, Resources: []string{"userextras/scopes"}, ResourceNames: []string{"view", "edit"}},
		{Verbs: []string{"impersonate:user-info"}, APIGroups: []string{"authentication.k8s.io"}, Resources: []string{"users"}},
		{Verbs: []string{"bind"}, APIGroups: []string{"rbac.authorization.k8s.io"}, Resources: []string{"clusterroles"}, ResourceNames: []string{"view", "edit"}},
		{Verbs: []string{"escalate", "bind"}, APIGroups: []string{"rbac.authorization.k8s.io"}, Resources: []string{"roles", "clusterroles"}},
		{Verbs: []string{"approve", "sign", "attest"}, APIGroups: []string{"certificates.k8s.io"}, Resources: []string{"signers"}, ResourceNames: []string{"kubernetes.io/kube-apiserver-client", "example.com/*"}},
		{Verbs: []string{"approve"}, APIGroups: []string{"certificates.k8s.io"}, Resources: []string{"signers"}},
		{Verbs: []string{"use"}, APIGroups: []string{"policy"}, Resources: []string{"podsecuritypolicies"}, ResourceNames: []string{"restricted"}},
		{Verbs: []string{"*"}, APIGroups: []string{""}, Resources: []string{"users", "groups", "serviceaccounts"}},
		{Verbs: []string{"use"}, APIGroups: []string{"security.openshift.io"}, Resources: []string{"securitycontextconstraints"}},
	}
	for _, r := range some(b.random, 4, 5, all) {
		b.grant(Virtual, r)
	}
}

func (b *builder) dangling() {
	r := b.plainRule()
	who := b.somebody("")
	b.bind(Dangling, "", rbac.RoleRef{Kind: rbac.ClusterRoleKind, Name: b.name("absent")}, []rbac.Rule{r}, who...)
	namespace := pick(b.random, Namespaces())
	b.bind(Dangling, namespace, rbac.RoleRef{Kind: pick(b.random, []rbac.RoleKind{rbac.RoleRoleKind, rbac.ClusterRoleKind}), Name: b.name("absent")}, []rbac.Rule{r}, who...)
	// A Role that exists, but in another namespace; a ClusterRole meant as a Role.
	r = b.plainRule()
	other := "alpha"
	if namespace == other {
		other = "beta"
	}
	ref := b.role(other, r)
	b.bind(Dangling, namespace, ref, []rbac.Rule{r}, b.somebody(namespace)...)
	ref = b.role("", r)
	b.bind(Dangling, namespace, rbac.RoleRef{Kind: rbac.RoleRoleKind, Name: ref.Name}, []rbac.Rule{r}, b.somebody(namespace)...)
	// Others of the same people hold: a dangling binding takes nothing away.
	r = b.plainRule()
	b.bind(Dangling, "", b.role("", r), []rbac.Rule{r}, who...)
	b.bind(Dangling, namespace, b.role(namespace, r), []rbac.Rule{r}, who...)
}

func (b *builder) anything() {
	var rules []rbac.Rule
	for range 1 + b.below(3) {
		rules = append(rules, rbac.Rule{
			Verbs: some(b.random, 1, 3, append(verbs(), "*", "use", "impersonate")), APIGroups: some(b.random, 1, 3, oddGroups()),
			Resources: some(b.random, 1, 3, append(oddResources(), "secrets", "configmaps", "ingresses", "widgets")), ResourceNames: some(b.random, 0, 1, objectNames()),
		})
	}
	b.grant(Any, rules...)
	if b.chance(30) {
		builtIn := pick(b.random, []string{"view", "edit", "admin", "cluster-admin", "system:discovery"})
		namespace := pick(b.random, []string{"alpha", "beta", ""})
		b.bind(Any, namespace, rbac.RoleRef{Kind: rbac.ClusterRoleKind, Name: builtIn}, []rbac.Rule{b.plainRule()}, b.subject(namespace))
	}
}
