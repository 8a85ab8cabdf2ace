package posture

import (
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/doors"
	"github.com/postern-dev/postern/internal/finding"
	"github.com/postern-dev/postern/rbac"
)

const goodPractices = "https://kubernetes.io/docs/concepts/security/rbac-good-practices/"

// kubernetesChecks look at Roles and bindings. Roles that nobody is bound to give
// nobody anything and are no finding. What allows everything is told by
// cluster-admin-bindings alone, not again by each check.
func kubernetesChecks() []Check {
	return slices.Concat(bindingChecks(), powerChecks())
}

// power is a check of Subjects that may do one of several things.
type power struct {
	asks    []rbac.Request
	cluster bool // of resources without a namespace: a RoleBinding does not give it
}

// asks writes requests: "verb group/resource[/subresource]" with "" as core.
func asks(cluster bool, verbs []string, resources ...string) (p power) {
	p.cluster = cluster
	for _, r := range resources {
		group, rest, _ := strings.Cut(r, "/")
		resource, sub, _ := strings.Cut(rest, "/")
		for _, v := range verbs {
			p.asks = append(p.asks, rbac.Request{Verb: v, APIGroup: group, Resource: resource, Subresource: sub})
		}
	}
	return p
}

// given reports what a rule allows of a power: the first of its requests. A rule
// for named objects counts too, except where names mean nothing (create of a
// top-level resource).
func (p power) given(r rbac.Rule, clusterWide bool) (rbac.Request, bool) {
	if p.cluster && !clusterWide || rbac.Everything([]rbac.Rule{r}) {
		return rbac.Request{}, false
	}
	for _, q := range p.asks {
		if len(r.ResourceNames) > 0 {
			if q.Subresource == "" && (q.Verb == "create" || q.Verb == "deletecollection") {
				continue
			}
			q.Name = r.ResourceNames[0]
		}
		if r.Allows(q) {
			return q, true
		}
	}
	return rbac.Request{}, false
}

// bound visits each binding of a role to Subjects outside the system.
func (c *cluster) bound(visit func(b rbac.Binding, role rbac.Role, subjects []rbac.Subject, managed bool)) {
	for _, b := range c.index.Policy().Bindings {
		role, ok := c.index.Role(b)
		if !ok {
			continue
		}
		var own, kept []rbac.Subject
		for _, s := range b.Subjects {
			if s = resolved(b, s); doors.System(s) {
				continue
			}
			if doors.Managed(b, s) {
				kept = append(kept, s)
			} else {
				own = append(own, s)
			}
		}
		if len(own) > 0 {
			visit(b, role, own, false)
		}
		if len(kept) > 0 {
			visit(b, role, kept, true)
		}
	}
}

// resolved is a Subject as it counts: a ServiceAccount without a namespace is
// that of the RoleBinding.
func resolved(b rbac.Binding, s rbac.Subject) rbac.Subject {
	if s.Kind == rbac.ServiceAccountKind && s.Namespace == "" {
		s.Namespace = b.Namespace
	}
	return s.Canonical()
}

func objectOf(b rbac.Binding) string {
	if b.Namespace == "" {
		return b.Kind() + "/" + b.Name
	}
	return b.Kind() + "/" + b.Namespace + "/" + b.Name
}

func names(subjects []rbac.Subject) string {
	var all []string
	for _, s := range subjects {
		all = append(all, s.String())
	}
	return strings.Join(all, ", ")
}

// holders finds who has a power, by which binding, role and rule.
func holders(p power, words string) func(*cluster) {
	return func(c *cluster) {
		if !c.kubernetes(rbacParts()...) {
			return
		}
		c.bound(func(b rbac.Binding, role rbac.Role, subjects []rbac.Subject, managed bool) {
			var evidence []finding.Evidence
			for _, r := range role.Rules {
				if q, ok := p.given(r, b.Namespace == ""); ok {
					evidence = append(evidence, ruleEvidence(c, b, role, r, "allows "+q.String()))
				}
			}
			if len(evidence) > 0 {
				c.add(finding.Finding{Object: objectOf(b), What: names(subjects) + " may " + words + place(b), Evidence: evidence, Managed: managed, Remedy: remedyOf(c, b, role)})
			}
		})
	}
}

func place(b rbac.Binding) string {
	if b.Namespace == "" {
		return " in every namespace"
	}
	return " in namespace " + b.Namespace
}

func ruleEvidence(c *cluster, b rbac.Binding, role rbac.Role, r rbac.Rule, what string) finding.Evidence {
	rule := "verbs " + strings.Join(r.Verbs, ",") + " on " + strings.Join(slices.Concat(r.Resources, r.NonResourceURLs), ",") + " of groups " + strings.Join(quoteAll(r.APIGroups), ",")
	if len(r.ResourceNames) > 0 {
		rule += " named " + strings.Join(r.ResourceNames, ",")
	}
	return finding.Evidence{What: objectOf(b) + " gives " + string(b.Role.Kind) + " " + role.Name + ", whose rule (" + rule + ") " + what, From: objectOf(b), At: c.Kubernetes.Taken}
}

func quoteAll(list []string) (all []string) {
	for _, s := range list {
		all = append(all, `"`+s+`"`)
	}
	return all
}

func remedyOf(c *cluster, b rbac.Binding, role rbac.Role) string {
	at := ""
	if b.Namespace != "" {
		at = " -n " + b.Namespace
	}
	return c.remedy() + " (kubectl describe " + strings.ToLower(string(b.Role.Kind)) + " " + role.Name + "; kubectl edit " + strings.ToLower(b.Kind()) + " " + b.Name + at + ")"
}

func bindingChecks() []Check {
	return []Check{
		{
			ID: "cluster-admin-bindings", Title: "cluster-admin is given only where needed", Severity: finding.High,
			Why:        "Whoever is bound to what allows everything owns the cluster, for good, whatever Entra says.",
			Remedy:     "bind a smaller role, or give the admin group of the cluster, where PIM makes it temporary",
			Doc:        goodPractices,
			References: ref(policy, "a3dc4946", cis, "4.1.1", kubescape, "C-0185", iso, "A.5.18", soc, "CC6.3"),
			run: func(c *cluster) {
				if !c.kubernetes(rbacParts()...) {
					return
				}
				c.bound(func(b rbac.Binding, role rbac.Role, subjects []rbac.Subject, managed bool) {
					if b.Namespace == "" && rbac.Everything(role.Rules) {
						c.add(finding.Finding{Object: objectOf(b), What: names(subjects) + " is cluster-admin", Managed: managed, Remedy: remedyOf(c, b, role),
							Evidence: []finding.Evidence{{What: objectOf(b) + " gives " + string(b.Role.Kind) + " " + role.Name + ", which allows everything", From: objectOf(b), At: c.Kubernetes.Taken}}})
					}
				})
			},
		},
		{
			ID: "wildcard-rules", Title: "Rules name what they allow", Severity: finding.Medium,
			Why:        "An asterisk allows what does not exist yet: every resource and verb that the next add-on or release brings.",
			Remedy:     "name the verbs, groups and resources that are used",
			Doc:        goodPractices,
			References: ref(policy, "ca8d5704", cis, "4.1.3", kubescape, "C-0187", iso, "A.5.18", soc, "CC6.3"),
			run: func(c *cluster) {
				if !c.kubernetes(rbacParts()...) {
					return
				}
				c.bound(func(b rbac.Binding, role rbac.Role, subjects []rbac.Subject, managed bool) {
					if b.Namespace == "" && rbac.Everything(role.Rules) {
						return
					}
					var evidence []finding.Evidence
					for _, r := range role.Rules {
						if slices.Contains(r.Verbs, "*") || slices.Contains(r.Resources, "*") {
							evidence = append(evidence, ruleEvidence(c, b, role, r, "has an asterisk"))
						}
					}
					if len(evidence) > 0 {
						c.add(finding.Finding{Object: objectOf(b), What: names(subjects) + " is given asterisks" + place(b), Evidence: evidence, Managed: managed, Remedy: remedyOf(c, b, role)})
					}
				})
			},
		},
		{
			ID: "default-serviceaccount", Title: "No default ServiceAccount is bound", Severity: finding.Medium,
			Why:        "Every pod that names no other has this account's token.",
			Remedy:     "give the workload a ServiceAccount of its own",
			Doc:        "https://kubernetes.io/docs/concepts/security/service-accounts/",
			References: ref(cis, "4.1.5", kubescape, "C-0189", soc, "CC6.3"),
			run: func(c *cluster) {
				if !c.kubernetes(rbacParts()...) {
					return
				}
				c.bound(func(b rbac.Binding, role rbac.Role, subjects []rbac.Subject, managed bool) {
					for _, s := range subjects {
						if s.Kind == rbac.ServiceAccountKind && s.Name == "default" {
							c.add(finding.Finding{Object: objectOf(b), What: s.String() + " is bound to " + string(b.Role.Kind) + " " + role.Name, Managed: managed, Remedy: remedyOf(c, b, role),
								Evidence: []finding.Evidence{{What: objectOf(b) + " names " + s.String(), From: objectOf(b), At: c.Kubernetes.Taken}}})
						}
					}
				})
			},
		},
		{
			ID: "everybody-bound", Title: "Nothing is given to everybody", Severity: finding.High,
			Why:        "system:authenticated is everybody of the tenant, system:unauthenticated and system:anonymous are the internet.",
			Remedy:     "bind a group of the directory instead",
			Doc:        goodPractices,
			References: ref(iso, "A.5.15", soc, "CC6.3"),
			run: func(c *cluster) {
				if !c.kubernetes(rbacParts()...) {
					return
				}
				c.bound(func(b rbac.Binding, role rbac.Role, subjects []rbac.Subject, _ bool) {
					if b.Labels["kubernetes.io/bootstrapping"] == "rbac-defaults" && strings.HasPrefix(role.Name, "system:") {
						return // discovery and basic-user, as the API server makes them
					}
					for _, s := range subjects {
						if s.Kind == rbac.GroupKind && (s.Name == rbac.Authenticated || s.Name == rbac.Unauthenticated) || s.Kind == rbac.UserKind && s.Name == rbac.Anonymous {
							c.add(finding.Finding{Object: objectOf(b), What: s.String() + " is bound to " + string(b.Role.Kind) + " " + role.Name, Remedy: remedyOf(c, b, role),
								Evidence: []finding.Evidence{{What: objectOf(b) + " names " + s.String(), From: objectOf(b), At: c.Kubernetes.Taken}}})
						}
					}
				})
			},
		},
		{
			ID: "token-automount", Title: "Pods that do not ask the API get no token", Severity: finding.Low,
			Why:        "A token in a pod is what an intruder finds first.",
			Remedy:     "automountServiceAccountToken: false on the ServiceAccount or the pod",
			Doc:        "https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/",
			References: ref(policy, "423dd1ba", cis, "4.1.6", kubescape, "C-0190"),
			run: func(c *cluster) {
				c.unknown("pods and ServiceAccounts are not read")
			},
		},
		{
			ID: "endpoints-edit", Title: "Editors cannot change endpoints", Severity: finding.Medium,
			Why:        "Whoever writes Endpoints sends a Service's traffic elsewhere, past network policies (CVE-2021-25740).",
			Remedy:     "kubectl annotate --overwrite clusterrole/system:aggregate-to-edit rbac.authorization.kubernetes.io/autoupdate=false, and take endpoints out of its rules",
			Doc:        goodPractices,
			References: ref(policy, "1ddac26b"),
			run: func(c *cluster) {
				if !c.kubernetes(rbacParts()...) {
					return
				}
				p := asks(false, []string{"create", "update", "patch"}, "/endpoints", "discovery.k8s.io/endpointslices")
				for _, role := range c.index.Policy().Roles {
					if role.Namespace != "" || role.Name != "system:aggregate-to-edit" {
						continue
					}
					for _, r := range role.Rules {
						if q, ok := p.given(r, true); ok {
							c.failAt("ClusterRole/"+role.Name, "editors may "+q.String(), finding.Evidence{What: "ClusterRole system:aggregate-to-edit allows " + q.String(), From: "ClusterRole/" + role.Name, At: c.Kubernetes.Taken})
							return
						}
					}
				}
			},
		},
	}
}

// powerChecks are those of what Subjects may do.
func powerChecks() []Check {
	check := func(id, title string, severity finding.Severity, why, remedy, words string, p power, refs ...string) Check {
		return Check{ID: id, Title: title, Severity: severity, Why: why, Remedy: remedy, Doc: goodPractices, References: ref(refs...), run: holders(p, words)}
	}
	read := []string{"get", "list", "watch"}
	write := []string{"create", "update", "patch"}
	return []Check{
		check("secrets-readers", "Few may read Secrets", finding.Medium, "Secrets hold the keys to everything else, tokens of ServiceAccounts too; list and watch show their contents.",
			"take secrets out of the role, or name the ones needed with get", "read Secrets", asks(false, read, "/secrets"),
			cis, "4.1.2", kubescape, "C-0186", iso, "A.5.15", soc, "CC6.1"),
		check("pod-creators", "Few may create pods", finding.Medium, "Whoever creates a pod, or what creates pods, uses every ServiceAccount and Secret of the namespace, and where admission allows it the node.",
			"let pipelines create workloads, and people read", "create workloads",
			asks(false, []string{"create"}, "/pods", "/replicationcontrollers", "apps/deployments", "apps/daemonsets", "apps/statefulsets", "apps/replicasets", "batch/jobs", "batch/cronjobs"),
			cis, "4.1.4", kubescape, "C-0188", soc, "CC6.3"),
		check("pod-exec", "Few may enter pods", finding.Medium, "exec and attach are the pod's own identity; over WebSocket they are asked as get until Kubernetes 1.35.",
			"take pods/exec and pods/attach out of the role", "enter pods", asks(false, []string{"create", "get"}, "/pods/exec", "/pods/attach"), soc, "CC6.3"),
		check("escalate-verbs", "bind, escalate and impersonate are given to nobody", finding.High, "Each of them makes its holder somebody else, or cluster-admin.",
			"remove the verbs", "give itself more (bind, escalate or impersonate)",
			power{asks: slices.Concat(
				asks(false, []string{"bind", "escalate"}, "rbac.authorization.k8s.io/roles", "rbac.authorization.k8s.io/clusterroles").asks,
				asks(false, []string{"impersonate"}, "/users", "/groups", "/serviceaccounts").asks)},
			cis, "4.1.7", soc, "CC6.3"),
		check("nodes-proxy", "nodes/proxy is given to nobody", finding.High, "get on nodes/proxy runs commands in every pod of the node, past admission and the audit log.",
			"name nodes/metrics, nodes/stats, nodes/log instead", "reach the kubelet (nodes/proxy)", asks(true, []string{"get", "create"}, "/nodes/proxy"), cis, "4.1.9", soc, "CC6.3"),
		check("csr-approval", "Nobody but controllers approves certificates", finding.High, "An approved request is a client certificate of any name, that nothing revokes.",
			"remove the rule", "approve certificates", asks(true, []string{"update", "patch"}, "certificates.k8s.io/certificatesigningrequests/approval"), cis, "4.1.10", soc, "CC6.1"),
		check("webhook-configs", "Few may change admission webhooks", finding.High, "A webhook sees and changes every object that is written, Secrets among them.",
			"remove the rule", "change admission webhooks",
			asks(true, write, "admissionregistration.k8s.io/mutatingwebhookconfigurations", "admissionregistration.k8s.io/validatingwebhookconfigurations"), cis, "4.1.11", soc, "CC6.3"),
		check("token-request", "Few may make tokens of ServiceAccounts", finding.High, "Whoever creates serviceaccounts/token is that account.",
			"name the ServiceAccounts with resourceNames, or remove the rule", "make tokens of ServiceAccounts", asks(false, []string{"create"}, "/serviceaccounts/token"), cis, "4.1.12", soc, "CC6.1"),
	}
}
