package world

import "github.com/postern-dev/postern/rbac"

// aggregation makes a chain of aggregated ClusterRoles, each link fed by the one
// before and by roles of its own, with one kind of selector a link. What an
// aggregated role says of its own is overwritten by the controller; when nothing
// feeds it, that stays.
func (b *builder) aggregation() {
	tag := b.prefix + "/"
	// The first link is fed by plain roles.
	var below []rbac.Rule
	last := ""
	for link := range 1 + b.below(3) {
		value := string(rune('a' + link))
		key := tag + pick(b.random, []string{"feed-", "to.", "x_y"}) + value
		feed := []rbac.Rule{b.plainRule()}
		if b.chance(50) {
			feed = append(feed, b.plainRule())
		}
		labels := map[string]string{key: value}
		b.labelled("", labels, feed...)
		if b.chance(30) { // the same rule twice is filled in once
			b.labelled("", labels, feed[0])
		}
		selectors := []rbac.Selector{b.selector(key, value)}
		if last != "" {
			selectors = append(selectors, rbac.Selector{MatchLabels: map[string]string{tag + "link": last}})
		}
		role := rbac.Role{Name: b.name("sum"), Labels: map[string]string{tag + "link": value}, Aggregate: selectors}
		if b.chance(30) {
			role.Labels[key] = value // selects itself, which counts for nothing
		}
		own := b.plainRule()
		if b.chance(30) {
			role.Rules = []rbac.Rule{own}
		}
		b.w.Policy.Roles = append(b.w.Policy.Roles, role)
		below = append(feed, below...)
		b.bindSum(role, append([]rbac.Rule{own}, below...))
		last = value
	}
	if b.chance(35) {
		b.cycle(tag)
	}
	if b.chance(35) { // fed by nobody
		own := b.plainRule()
		role := rbac.Role{Name: b.name("alone"), Rules: []rbac.Rule{own}, Aggregate: []rbac.Selector{{MatchLabels: map[string]string{tag + "nobody": "x"}}}}
		b.w.Policy.Roles = append(b.w.Policy.Roles, role)
		b.bindSum(role, []rbac.Rule{own})
	}
	if b.chance(35) { // Kubernetes' own roles take what is labelled for them
		r := b.plainRule()
		b.labelled("", map[string]string{"rbac.authorization.k8s.io/aggregate-to-" + pick(b.random, []string{"view", "edit", "admin"}): "true"}, r)
		namespace := pick(b.random, []string{"", "alpha", "beta"})
		b.bind(Aggregation, namespace, rbac.RoleRef{Kind: rbac.ClusterRoleKind, Name: pick(b.random, []string{"view", "edit", "admin"})}, []rbac.Rule{r}, b.subject(namespace))
	}
}

func (b *builder) bindSum(role rbac.Role, rules []rbac.Rule) {
	namespace := pick(b.random, []string{"", "alpha", "gamma"})
	b.bind(Aggregation, namespace, role.Ref(), rules, b.somebody(namespace)...)
}

// labelled adds a role with labels. A Role in a namespace feeds nothing.
func (b *builder) labelled(namespace string, labels map[string]string, rules ...rbac.Rule) {
	ref := b.role(namespace, rules...)
	b.w.Policy.Roles[len(b.w.Policy.Roles)-1].Labels = labels
	if namespace == "" && b.chance(20) {
		b.w.Policy.Roles = append(b.w.Policy.Roles, rbac.Role{Namespace: "alpha", Name: ref.Name, Labels: labels, Rules: []rbac.Rule{{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}}}})
	}
}

// selector finds roles labelled key=value, in one of the ways there are. Those
// by absence would find the cluster's own roles too and are held to the world's.
func (b *builder) selector(key, value string) rbac.Selector {
	s := rbac.Selector{}
	switch b.below(5) {
	case 0:
		s.Expressions = []rbac.Requirement{{Key: key, Operator: "In", Values: []string{value, "other"}}}
	case 1:
		s.Expressions = []rbac.Requirement{{Key: key, Operator: "Exists"}}
	case 2:
		s.Expressions = []rbac.Requirement{{Key: key, Operator: "Exists"}, {Key: key, Operator: "NotIn", Values: []string{"b", "c"}}}
	case 3:
		s.MatchLabels = map[string]string{key: value}
		s.Expressions = []rbac.Requirement{{Key: b.prefix + "/absent", Operator: "DoesNotExist"}, {Key: b.prefix + "/absent", Operator: "NotIn", Values: []string{"z"}}}
	default:
		s.MatchLabels = map[string]string{key: value}
	}
	return s
}

// cycle makes two roles that each aggregate the other.
func (b *builder) cycle(tag string) {
	r := b.plainRule()
	b.labelled("", map[string]string{tag + "ring": "feed"}, r)
	one := rbac.Role{Name: b.name("ring"), Labels: map[string]string{tag + "ring": "one"}, Aggregate: []rbac.Selector{{MatchLabels: map[string]string{tag + "ring": "two"}}, {MatchLabels: map[string]string{tag + "ring": "feed"}}}}
	two := rbac.Role{Name: b.name("ring"), Labels: map[string]string{tag + "ring": "two"}, Aggregate: []rbac.Selector{{MatchLabels: map[string]string{tag + "ring": "one"}}}}
	b.w.Policy.Roles = append(b.w.Policy.Roles, one, two)
	b.bindSum(two, []rbac.Rule{r})
}
