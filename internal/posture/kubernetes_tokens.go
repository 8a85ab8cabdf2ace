package posture

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/finding"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

// mostPods is how many Pods of one ServiceAccount are evidence; the others are
// counted.
const mostPods = 10

// mountedTokens is a check of Pods that mount the token of a ServiceAccount which
// nothing is bound to, or which is bound to powers. What is bound to less has use
// for its token and is no finding. Pods of kube-system are the provider's.
func mountedTokens(c *cluster) {
	if !c.kubernetes(append(rbacParts(), snapshot.PodList, snapshot.ServiceAccountList)...) {
		return
	}
	if c.Kubernetes.Pods == nil || c.Kubernetes.ServiceAccounts == nil {
		c.unknown("the snapshot has no Pods and ServiceAccounts: automountServiceAccountToken was not read")
		return
	}
	of := map[rbac.Subject][]snapshot.Pod{}
	var order []rbac.Subject
	for _, p := range c.Kubernetes.Pods {
		if !p.Mounts || p.Namespace == "kube-system" {
			continue
		}
		who := rbac.ServiceAccount(p.Namespace, p.ServiceAccount)
		if of[who] == nil {
			order = append(order, who)
		}
		of[who] = append(of[who], p)
	}
	for _, who := range order {
		c.mounted(who, of[who])
	}
}

// mounted judges one ServiceAccount whose token Pods mount.
func (c *cluster) mounted(who rbac.Subject, pods []snapshot.Pod) {
	held := c.bindings(func(s rbac.Subject) bool {
		return s == who || s.Kind == rbac.GroupKind && (s.Name == rbac.ServiceAccounts || s.Name == rbac.ServiceAccounts+":"+who.Namespace)
	})
	// That of all ServiceAccounts, as of everybody, is not what one is made for.
	own := slices.ContainsFunc(held, func(b bound) bool {
		return slices.ContainsFunc(b.who, func(s rbac.Subject) bool { return s.Name != rbac.ServiceAccounts })
	})
	said, evidence, managed := c.powersOf(held)
	f := finding.Finding{Object: object("ServiceAccount", who.Namespace, who.Name), Remedy: c.quiet(who, pods)}
	switch {
	case len(said) > 0:
		f.Severity, f.Managed = finding.Medium, managed
		f.What = fmt.Sprintf("%s mount a token that may %s", podCount(len(pods)), strings.Join(said, "; "))
	case !own:
		f.What = fmt.Sprintf("%s mount a token of a ServiceAccount that no role is bound to", podCount(len(pods)))
	default:
		return
	}
	f.Evidence = append(c.podEvidence(who, pods), evidence...)
	c.add(f)
}

// powersOf are the powers that bindings grant, and where each is read. Managed:
// the provider puts all of these bindings back.
func (c *cluster) powersOf(held []bound) (said []string, evidence []finding.Evidence, managed bool) {
	v, ok := rbac.ParseVersion(c.Kubernetes.Version)
	powers := slices.Concat(readSecrets(), createPods(), createWorkloads(), enterPods(!ok || !v.AtLeast(1, 35)), escalation(), writeBindings(), proxyNodes(), approveRequests(), writeAdmission(), requestTokens())
	managed = true
	for _, b := range held {
		var got []string
		if rbac.Everything(b.role.Rules) {
			got = []string{"do everything"}
		} else {
			for _, r := range b.role.Rules {
				if r.AllowsName("") { // what is named was chosen
					got = append(got, grants(r, b.Namespace == "", powers)...)
				}
			}
		}
		if len(got) == 0 {
			continue
		}
		slices.Sort(got)
		said = append(said, strings.Join(slices.Compact(got), ", ")+" "+b.where())
		evidence = append(evidence, finding.Evidence{What: b.Kind() + " " + b.Name + " binds " + c.subjects(b.who) + " to " + string(b.Binding.Role.Kind) + " " + b.Binding.Role.Name, From: b.object(), At: c.Kubernetes.Taken})
		managed = managed && b.managed
	}
	return said, evidence, managed
}

// podEvidence are the Pods, and what their ServiceAccount says.
func (c *cluster) podEvidence(who rbac.Subject, pods []snapshot.Pod) (all []finding.Evidence) {
	at := c.Kubernetes.Taken
	said := "is not in the list"
	if a := c.account(who); a != nil {
		said = "automountServiceAccountToken is " + flag(a.Automount)
	}
	all = append(all, finding.Evidence{What: said, From: object("ServiceAccount", who.Namespace, who.Name), At: at})
	for i, p := range pods {
		if i == mostPods {
			all = append(all, finding.Evidence{What: fmt.Sprintf("and %d Pods more", len(pods)-i), From: "namespace " + who.Namespace, At: at})
			break
		}
		what := "mounts a token; automountServiceAccountToken is " + flag(p.Automount)
		if p.Owner != "" {
			what += "; made by " + p.Owner
		}
		all = append(all, finding.Evidence{What: what, From: object("Pod", p.Namespace, p.Name), At: at})
	}
	return all
}

// quiet is how the token is mounted no more: where Pods say true themselves, the
// ServiceAccount's word does not count.
func (c *cluster) quiet(who rbac.Subject, pods []snapshot.Pod) string {
	var own []string
	for _, p := range pods {
		if p.Automount != nil && *p.Automount {
			by := p.Owner
			if by == "" {
				by = "Pod/" + p.Name
			}
			if !slices.Contains(own, by) {
				own = append(own, by)
			}
		}
	}
	text := "kubectl patch serviceaccount " + who.Name + " -n " + who.Namespace + ` -p '{"automountServiceAccountToken":false}', set true in the Pods alone that ask the API server, and make the others anew`
	if len(own) > 0 {
		text += "; " + strings.Join(own[:min(len(own), mostPods)], ", ") + " say true themselves: take that out of their template"
	}
	return text
}

func (c *cluster) account(who rbac.Subject) *snapshot.ServiceAccount {
	for i, a := range c.Kubernetes.ServiceAccounts {
		if a.Namespace == who.Namespace && a.Name == who.Name {
			return &c.Kubernetes.ServiceAccounts[i]
		}
	}
	return nil
}

func flag(v *bool) string {
	if v == nil {
		return "not set"
	}
	return fmt.Sprint(*v)
}

func podCount(n int) string {
	if n == 1 {
		return "1 Pod: its containers"
	}
	return fmt.Sprintf("%d Pods", n)
}
