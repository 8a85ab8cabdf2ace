package posture

import (
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/finding"
	"github.com/postern-dev/postern/rbac"
)

// power is something that rules may allow and that leads further than it looks.
type power struct {
	group     string // of the API; "" is the core group
	resources []string
	verbs     []string
	cluster   bool // the resource has no namespace: a RoleBinding grants nothing of it
}

// grants are the resources and verbs of powers that a rule allows, as people read
// them. A RoleBinding grants nothing without a namespace; names on what has none
// when it is asked for grant nothing either.
func grants(r rbac.Rule, clusterWide bool, powers []power) (all []string) {
	for _, p := range powers {
		if p.cluster && !clusterWide || !r.AllowsGroup(p.group) {
			continue
		}
		for _, full := range p.resources {
			resource, sub, _ := strings.Cut(full, "/")
			if !r.AllowsResource(resource, sub) {
				continue
			}
			var verbs []string
			for _, v := range p.verbs {
				if r.AllowsVerb(v) && (r.AllowsName("") || takesName(v, sub)) {
					verbs = append(verbs, v)
				}
			}
			if len(verbs) > 0 {
				text := strings.Join(verbs, "/") + " " + full
				if p.group != "" {
					text += "." + p.group
				}
				all = append(all, text)
			}
		}
	}
	return all
}

// takesName: whether a request of the verb can name an object, so that a rule
// with resourceNames ever allows it. Who creates an object or deletes a collection
// names none; who creates a subresource names the object. List and watch do with
// a field selector.
func takesName(verb, subresource string) bool {
	return verb != "deletecollection" && (verb != "create" || subresource != "")
}

// holders is a check of who is bound to powers. Wide is the severity of what holds
// in every namespace or in kube-system, narrow of what holds in another namespace or
// for named objects. Where fine, named objects are no finding. Roles that allow
// everything are left to cluster-admin-bindings.
func holders(powers []power, wide, narrow finding.Severity, fine bool, may string) func(*cluster) {
	return func(c *cluster) {
		if !c.kubernetes(rbacParts()...) {
			return
		}
		c.holders(powers, wide, narrow, fine, may)
	}
}

func (c *cluster) holders(powers []power, wide, narrow finding.Severity, fine bool, may string) {
	for _, b := range c.bindings(outside) {
		if rbac.Everything(b.role.Rules) {
			continue
		}
		var said []string
		var rules []rbac.Rule
		severity := narrow
		for _, r := range b.role.Rules {
			got := grants(r, b.Namespace == "", powers)
			forAll := r.AllowsName("")
			if len(got) == 0 || fine && !forAll {
				continue
			}
			if forAll && b.wide() {
				severity = wide
			}
			for _, g := range got {
				if !forAll {
					g += " named " + strings.Join(r.ResourceNames, ", ")
				}
				if !slices.Contains(said, g) {
					said = append(said, g)
				}
			}
			rules = append(rules, r)
		}
		if len(rules) > 0 {
			where := b.where()
			if len(powers) > 0 && powers[0].cluster {
				where = "in the cluster"
			}
			c.failBound(b, severity, c.subjects(b.who)+" "+may+" "+where+": "+strings.Join(said, "; "), rules...)
		}
	}
}

const (
	rbacGroup  = "rbac.authorization.k8s.io"
	certGroup  = "certificates.k8s.io"
	admitGroup = "admissionregistration.k8s.io"
)

// The powers that checks ask for. A grant on a resource is none on its subresources.
func readSecrets() []power {
	return []power{{resources: []string{"secrets"}, verbs: []string{"get", "list", "watch"}}}
}

func createPods() []power {
	return []power{{resources: []string{"pods"}, verbs: []string{"create"}}}
}

func createWorkloads() []power {
	write := []string{"create", "update", "patch"}
	return []power{
		{group: "apps", resources: []string{"deployments", "daemonsets", "statefulsets", "replicasets"}, verbs: write},
		{group: "batch", resources: []string{"jobs", "cronjobs"}, verbs: write},
		{resources: []string{"replicationcontrollers"}, verbs: write},
	}
}

// enterPods leaves out get where it does not suffice: kubectl over websockets asks
// to get pods/exec, and from Kubernetes 1.35 on for create as well.
func enterPods(get bool) []power {
	verbs := []string{"create"}
	if get {
		verbs = append(verbs, "get")
	}
	return []power{
		{resources: []string{"pods/exec", "pods/attach", "pods/portforward"}, verbs: verbs},
		{resources: []string{"pods/ephemeralcontainers"}, verbs: []string{"update", "patch"}},
	}
}

// escalation: bind is asked for in the namespace of the RoleBinding, also of a
// ClusterRole; users and groups are impersonated in no namespace.
func escalation() []power {
	return []power{
		{group: rbacGroup, resources: []string{"roles", "clusterroles"}, verbs: []string{"bind"}},
		{group: rbacGroup, resources: []string{"roles"}, verbs: []string{"escalate"}},
		{group: rbacGroup, resources: []string{"clusterroles"}, verbs: []string{"escalate"}, cluster: true},
		{resources: []string{"users", "groups"}, verbs: []string{"impersonate"}, cluster: true},
		{resources: []string{"serviceaccounts"}, verbs: []string{"impersonate"}},
	}
}

func writeBindings() []power {
	write := []string{"create", "update", "patch"}
	return []power{
		{group: rbacGroup, resources: []string{"rolebindings", "roles"}, verbs: write},
		{group: rbacGroup, resources: []string{"clusterrolebindings", "clusterroles"}, verbs: write, cluster: true},
	}
}

func proxyNodes() []power {
	return []power{{resources: []string{"nodes/proxy"}, verbs: []string{"get", "create", "update", "patch", "delete"}, cluster: true}}
}

func approveRequests() []power {
	return []power{{group: certGroup, resources: []string{"certificatesigningrequests/approval"}, verbs: []string{"update", "patch"}, cluster: true}}
}

func writeAdmission() []power {
	return []power{{group: admitGroup, cluster: true, verbs: []string{"create", "update", "patch", "delete", "deletecollection"}, resources: []string{
		"mutatingwebhookconfigurations", "validatingwebhookconfigurations",
		"mutatingadmissionpolicies", "mutatingadmissionpolicybindings", "validatingadmissionpolicies", "validatingadmissionpolicybindings",
	}}}
}

func requestTokens() []power {
	return []power{{resources: []string{"serviceaccounts/token"}, verbs: []string{"create"}}}
}

func writeEndpoints() []power {
	write := []string{"create", "update", "patch"}
	return []power{
		{resources: []string{"endpoints"}, verbs: write},
		{group: "discovery.k8s.io", resources: []string{"endpointslices"}, verbs: write},
	}
}

// approvers is holders of approveRequests, weighed by whether they may approve what
// a signer of the API server's clients signs: without that, admission refuses.
func approvers(c *cluster) {
	if !c.kubernetes(rbacParts()...) {
		return
	}
	signs := func(s rbac.Subject) bool {
		var groups []string
		if s.Kind == rbac.GroupKind && s.Name != rbac.Unauthenticated {
			groups = append(groups, rbac.Authenticated)
		}
		who := s.UserInfo(groups...)
		return slices.ContainsFunc([]string{"kubernetes.io/kube-apiserver-client", "kubernetes.io/kube-apiserver-client-kubelet", "kubernetes.io/*"}, func(signer string) bool {
			return c.index.Evaluate(who, rbac.Request{Verb: "approve", APIGroup: certGroup, Resource: "signers", Name: signer}).Allowed
		})
	}
	before := len(c.result.Findings)
	c.holders(approveRequests(), finding.High, finding.Medium, false, "may approve certificate requests")
	for i := before; i < len(c.result.Findings); i++ {
		f := &c.result.Findings[i]
		b := slices.IndexFunc(c.bindings(outside), func(b bound) bool { return b.object() == f.Object && b.managed == f.Managed })
		if b >= 0 && !slices.ContainsFunc(c.bindings(outside)[b].who, signs) {
			f.Severity = finding.Low
			f.What += "; no binding lets them approve for a signer of client certificates, which is needed besides"
		}
	}
}

// everything is a check of who is bound to all verbs on all resources.
func everything(c *cluster) {
	if !c.kubernetes(rbacParts()...) {
		return
	}
	for _, b := range c.bindings(outside) {
		var rules []rbac.Rule
		for _, r := range b.role.Rules {
			if rbac.Everything([]rbac.Rule{r}) {
				rules = append(rules, r)
			}
		}
		switch {
		case len(rules) == 0:
		case b.Namespace == "":
			c.failBound(b, finding.High, c.subjects(b.who)+" may do everything in the cluster", rules...)
		default:
			severity := finding.Medium
			if b.wide() {
				severity = finding.High
			}
			c.failBound(b, severity, c.subjects(b.who)+" may do everything "+b.where(), rules...)
		}
	}
}

// wildcard: the rule says all verbs, resources or API groups. All resources'
// scale ("*/scale") is a subresource and no wildcard of resources.
func wildcard(r rbac.Rule) bool {
	return slices.Contains(r.Verbs, "*") || slices.Contains(r.Resources, "*") || slices.Contains(r.APIGroups, "*")
}

// wildcards looks at bound roles, and at others for what they would grant.
func wildcards(c *cluster) {
	if !c.kubernetes(rbacParts()...) {
		return
	}
	of := func(r rbac.Role) (rules []rbac.Rule) {
		for _, rule := range r.Rules {
			if wildcard(rule) {
				rules = append(rules, rule)
			}
		}
		return rules
	}
	used := map[string]bool{}
	for _, b := range c.bindings(func(rbac.Subject) bool { return true }) {
		used[roleObject(b.role)] = true
	}
	for _, b := range c.bindings(outside) {
		if b.role.Namespace == "" && b.role.Name == "cluster-admin" {
			continue // Kubernetes' own, see cluster-admin-bindings
		}
		if rules := of(b.role); len(rules) > 0 {
			severity := finding.Low
			if b.wide() {
				severity = finding.Medium
			}
			c.failBound(b, severity, c.subjects(b.who)+" may what a wildcard of "+roleObject(b.role)+" comes to mean "+b.where(), rules...)
		}
	}
	for _, r := range c.index.Policy().Roles {
		rules := of(r)
		if used[roleObject(r)] || len(rules) == 0 || r.Labels["kubernetes.io/bootstrapping"] == "rbac-defaults" && (r.Name == "cluster-admin" || strings.HasPrefix(r.Name, "system:")) {
			continue
		}
		f := finding.Finding{Severity: finding.Info, Object: roleObject(r), What: roleObject(r) + " has a wildcard and is bound to nobody", Managed: r.Labels["addonmanager.kubernetes.io/mode"] == "Reconcile"}
		for _, rule := range rules {
			f.Evidence = append(f.Evidence, finding.Evidence{What: "rule: " + ruleText(rule), From: roleObject(r), At: c.Kubernetes.Taken})
		}
		f.Remedy = "kubectl delete " + command(string(r.Ref().Kind), r.Namespace, r.Name) + ", or name what it is for"
		c.add(f)
	}
}

// defaults looks at ServiceAccounts called default, those of kube-system too:
// every Pod that names no other is one.
func defaults(c *cluster) {
	if !c.kubernetes(rbacParts()...) {
		return
	}
	for _, b := range c.bindings(func(s rbac.Subject) bool { return s.Kind == rbac.ServiceAccountKind && s.Name == "default" }) {
		severity := finding.Medium
		if rbac.Everything(b.role.Rules) && b.wide() {
			severity = finding.High
		}
		c.failBound(b, severity, c.subjects(b.who)+" is bound to "+roleObject(b.role)+": so is every Pod there that names no ServiceAccount", b.role.Rules...)
	}
}

// everybody looks at what is bound to groups that anybody is in, but for what
// Kubernetes itself binds to them.
func everybody(c *cluster) {
	if !c.kubernetes(rbacParts()...) {
		return
	}
	own := map[string][]string{
		"system:basic-user":                       {rbac.Authenticated},
		"system:discovery":                        {rbac.Authenticated},
		"system:public-info-viewer":               {rbac.Authenticated, rbac.Unauthenticated},
		"system:service-account-issuer-discovery": {rbac.ServiceAccounts},
	}
	for _, b := range c.bindings(public) {
		if b.Namespace == "" && b.Name == b.Binding.Role.Name {
			b.who = slices.DeleteFunc(b.who, func(s rbac.Subject) bool {
				return s.Kind == rbac.GroupKind && slices.Contains(own[b.Name], s.Name)
			})
		}
		if len(b.who) == 0 {
			continue
		}
		severity := finding.Medium
		if b.wide() {
			severity = finding.High
		}
		if rbac.Everything(b.role.Rules) && b.Namespace == "" {
			severity = finding.Critical
		}
		c.failBound(b, severity, c.subjects(b.who)+", which is anybody, is bound to "+roleObject(b.role)+" "+b.where(), b.role.Rules...)
	}
}

// dangling looks at bindings to roles that do not exist.
func dangling(c *cluster) {
	if !c.kubernetes(rbacParts()...) {
		return
	}
	for _, b := range c.index.Policy().Bindings {
		one := bound{Binding: b}
		if _, found := c.index.Role(b); found {
			continue
		}
		for _, s := range named(b) {
			if outside(s) && !c.managed(b, s) {
				one.who = append(one.who, s)
			}
		}
		if len(one.who) > 0 {
			c.failBound(one, "", string(b.Role.Kind)+" "+b.Role.Name+" does not exist: who creates it decides what "+c.subjects(one.who)+" may do")
		}
	}
}

// endpoints looks at ClusterRoles that edit and admin are made of.
func endpoints(c *cluster) {
	if !c.kubernetes(rbacParts()...) {
		return
	}
	for _, r := range c.index.Policy().Roles {
		if r.Namespace != "" || r.Name != "system:aggregate-to-edit" && r.Labels["rbac.authorization.k8s.io/aggregate-to-edit"] != "true" {
			continue
		}
		f := finding.Finding{Object: roleObject(r), Managed: r.Labels["addonmanager.kubernetes.io/mode"] == "Reconcile"}
		var said []string
		for _, rule := range r.Rules {
			if got := grants(rule, true, writeEndpoints()); len(got) > 0 {
				said = append(said, got...)
				f.Evidence = append(f.Evidence, finding.Evidence{What: "rule: " + ruleText(rule), From: roleObject(r), At: c.Kubernetes.Taken})
			}
		}
		if len(said) > 0 {
			f.What = roleObject(r) + " gives everybody with edit or admin " + strings.Join(said, "; ")
			f.Remedy = strings.ReplaceAll(c.remedy(), "{role}", command("clusterrole", "", r.Name))
			c.add(f)
		}
	}
}

// enterers is holders of enterPods of the cluster's version.
func enterers(c *cluster) {
	if !c.kubernetes(rbacParts()...) {
		return
	}
	v, ok := rbac.ParseVersion(c.Kubernetes.Version)
	get := !ok || !v.AtLeast(1, 35)
	c.holders(enterPods(get), finding.Medium, finding.Low, false, "may enter Pods")
}
