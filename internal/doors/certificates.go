package doors

import (
	"slices"
	"strings"
	"time"

	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

const clientSigner = "kubernetes.io/kube-apiserver-client"

func (x *finder) certificates(c *cluster) Door {
	const power = "what the name in the certificate may"
	if why := c.kubernetesWhy(x, append(rbacParts(), snapshot.CSRs)...); why != "" {
		return unknownDoor(power, why)
	}
	if c.Kubernetes.Requests == nil {
		return unknownDoor(power, "CertificateSigningRequests were not read")
	}
	d := Door{State: Closed, Power: power, Why: "no certificate was issued within the last hour, and nobody outside the system may ask for one and approve it"}
	for _, r := range c.Kubernetes.Requests {
		if r.Signer != clientSigner || !r.Approved || r.Denied {
			continue
		}
		name := r.User
		if len(r.Groups) > 0 {
			name += " (O=" + strings.Join(r.Groups, ",") + ")"
		}
		h := source(name, "", "CertificateSigningRequest "+r.Name+" of "+r.Requester+" was approved", "CertificateSigningRequest/"+r.Name)
		h.Until = r.Expires
		d.Holders = append(d.Holders, h)
		d.State, d.Why = Open, "client certificates are issued; each works until it ends or the CA is rotated, whatever becomes of its owner"
		d.Evidence = append(d.Evidence, Evidence{What: "CertificateSigningRequest " + r.Name + " is approved", From: "CertificateSigningRequest/" + r.Name, At: r.Created})
	}
	issued := d.State == Open
	index := rbac.NewIndex(c.Kubernetes.RBAC)
	names := requestNames(c.Kubernetes.RBAC)
	for _, s := range sorted(outside(c.Kubernetes.RBAC, c.adminGroups())) {
		allows, may := selfService(index, userInfo(s), names)
		if !may || holdsAll(index, s) {
			continue
		}
		evidence, from := bindingsOf(allows)
		d.Evidence = append(d.Evidence, evidence...)
		d.State = Open
		if !issued {
			d.Why = "somebody may ask for a client certificate of any name and approve it"
		}
		found, unknown := x.subject(c, s, []Step{{What: s.String() + " may create CertificateSigningRequests, change their approval, and approve for signer " + clientSigner, From: from}})
		d.Holders = append(d.Holders, found...)
		d.HoldersUnknown = append(d.HoldersUnknown, unknown...)
	}
	if d.State == Open {
		d.Fix = "take the verb approve on signer " + clientSigner + " away; rotate the CA to end what was issued"
	}
	return d
}

// selfService: may somebody get a client certificate of any name alone. The
// approval may be limited to requests of some names, which who creates them
// chooses, and approving may be allowed for the signer or for its whole domain
// (kubernetes/plugin/pkg/admission/certificates/approval).
func selfService(i *rbac.Index, u rbac.UserInfo, names []string) (allows []rbac.Allow, may bool) {
	const group = "certificates.k8s.io"
	ask := func(verbs []string, q rbac.Request, names ...string) bool {
		q.APIGroup = group
		for _, v := range verbs {
			for _, n := range names {
				q.Verb, q.Name = v, n
				if d := i.Evaluate(u, q); d.Allowed {
					allows = append(allows, d.Allows[0])
					return true
				}
			}
		}
		return false
	}
	request := rbac.Request{Resource: "certificatesigningrequests"}
	approval := request
	approval.Subresource = "approval"
	may = ask([]string{"create"}, request, "") && ask([]string{"update", "patch"}, approval, names...) &&
		ask([]string{"approve"}, rbac.Request{Resource: "signers"}, clientSigner, "kubernetes.io/*")
	return allows, may
}

// requestNames are the names of requests that a rule about approval is limited
// to, and one that no rule names.
func requestNames(p rbac.Policy) []string {
	names := []string{"\x00"}
	for _, r := range p.Roles {
		for _, rule := range r.Rules {
			if rule.AllowsResource("certificatesigningrequests", "approval") {
				names = append(names, rule.ResourceNames...)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (x *finder) tokenSecrets(c *cluster) Door {
	const power = "the ServiceAccount's"
	if why := c.kubernetesWhy(x, snapshot.TokenSecretList); why != "" {
		return unknownDoor(power, why)
	}
	if c.Kubernetes.TokenSecrets == nil {
		return unknownDoor(power, "token Secrets were not read")
	}
	d := Door{State: Closed, Power: power, Why: "no Secret holds a ServiceAccount's token"}
	index := rbac.NewIndex(c.Kubernetes.RBAC)
	rbacKnown := c.kubernetesWhy(x, rbacParts()...) == ""
	for _, s := range c.Kubernetes.TokenSecrets {
		d.State, d.Why = Open, "tokens without an end lie in Secrets"
		d.Fix = "kubectl delete secret NAME, after its users have tokens that end"
		name := s.Namespace + "/" + s.ServiceAccount
		what := "Secret " + s.Namespace + "/" + s.Name + " holds a token without an end"
		if s.LastUsed != "" {
			what += ", last used " + s.LastUsed
		}
		h := source(name, "", what, "Secret/"+s.Namespace+"/"+s.Name)
		if rbacKnown && holdsAll(index, rbac.ServiceAccount(s.Namespace, s.ServiceAccount)) {
			h.Power = clusterAdmin // of the system's own too: the token is whose who reads it
		}
		d.Holders = append(d.Holders, h)
		d.Evidence = append(d.Evidence, Evidence{What: what, From: "Secret/" + s.Namespace + "/" + s.Name, At: s.Created.UTC().Truncate(time.Second)})
	}
	return d
}
