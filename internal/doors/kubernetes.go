package doors

import (
	"slices"
	"strings"
	"time"

	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/azrbac"
	"github.com/postern-dev/postern/rbac/escalate"
)

// kubernetesWhy is why parts of the API server are not known; without parts,
// why it was not asked at all.
func (c *cluster) kubernetesWhy(x *finder, parts ...string) string {
	if c.Kubernetes == nil {
		if why, missing := x.missing(snapshot.PieceKubernetes, c.id); missing {
			return why
		}
		return "the API server was not asked"
	}
	for _, u := range c.Kubernetes.Unknown {
		if slices.Contains(parts, u.What) {
			return u.What + " could not be read: " + u.Why
		}
	}
	return ""
}

// rbacParts are what the RBAC doors need.
func rbacParts() []string {
	return []string{snapshot.ClusterRoles, snapshot.ClusterRoleBindings, snapshot.Roles, snapshot.RoleBindings}
}

func unknownDoor(power, why string) Door {
	return Door{State: Unknown, Power: power, Why: why, HoldersUnknown: []string{why}}
}

// managed: a binding that the provider or the API server itself keeps.
func managed(b rbac.Binding) bool {
	switch {
	case b.Name == "aks-cluster-admin-binding", b.Name == "aks-cluster-admin-binding-aad":
		return true
	case b.Labels["kubernetes.io/bootstrapping"] != "":
		return true
	}
	_, kept := b.Labels["addonmanager.kubernetes.io/mode"]
	return kept
}

// system: a Subject of Kubernetes' own.
func system(s rbac.Subject) bool {
	if s.Kind == rbac.ServiceAccountKind {
		return s.Namespace == "kube-system"
	}
	return strings.HasPrefix(s.Name, "system:")
}

// subject turns a Subject of a binding into the holders it stands for.
func (x *finder) subject(s rbac.Subject, tail []Step) (all []Holder, unknown []string) {
	if s.Kind == rbac.ServiceAccountKind {
		return []Holder{{Principal: Principal{ID: s.Namespace + "/" + s.Name, Kind: string(rbac.ServiceAccountKind), Name: s.Namespace + "/" + s.Name}, How: Active, Path: tail}}, nil
	}
	p, ok := x.principals[fold(s.Name)]
	if !ok && s.Kind == rbac.UserKind {
		p, ok = x.byUPN[fold(s.Name)]
	}
	if !ok || p.Kind == snapshot.UnknownPrincipal && !p.Deleted {
		h := Holder{Principal: Principal{ID: s.Name, Kind: string(s.Kind), Name: s.Name}, How: Active, Path: tail}
		if why, missing := x.missing(snapshot.PiecePrincipals, s.Name); missing && (azrbac.IsGUID(s.Name) || strings.Contains(s.Name, "@")) {
			h.Unsure, unknown = "who this is in the directory could not be read", []string{why}
		}
		return []Holder{h}, unknown
	}
	found, unknown := x.expand(p.ID, Active, tail)
	for _, f := range found {
		all = append(all, Holder{Principal: x.principal(f.id), How: f.how, Unsure: f.unsure, Until: f.until, Path: f.path})
	}
	return all, unknown
}

// strong are the Subjects that a ClusterRoleBinding makes cluster-admin.
func strong(i *rbac.Index) map[rbac.Subject]rbac.Binding {
	found := map[rbac.Subject]rbac.Binding{}
	for _, b := range i.Policy().Bindings {
		if b.Namespace != "" || managed(b) {
			continue
		}
		role, ok := i.Role(b)
		if !ok || !rbac.Everything(role.Rules) {
			continue
		}
		for _, s := range b.Subjects {
			if s = s.Canonical(); !system(s) {
				if _, have := found[s]; !have {
					found[s] = b
				}
			}
		}
	}
	return found
}

func (x *finder) kubernetesRBAC(c *cluster) Door {
	if why := c.kubernetesWhy(x, rbacParts()...); why != "" {
		return unknownDoor(clusterAdmin, why)
	}
	d := Door{State: Closed, Power: clusterAdmin, Why: "nobody outside the system is bound to what allows everything"}
	for s, b := range strong(rbac.NewIndex(c.Kubernetes.RBAC)) {
		d.State, d.Why = Open, "bindings make Subjects cluster-admin"
		d.Fix = "kubectl delete clusterrolebinding NAME, or bind a smaller role"
		found, unknown := x.subject(s, []Step{{What: b.Kind() + " " + b.Name + " binds " + s.String() + " to " + string(b.Role.Kind) + " " + b.Role.Name, From: b.Kind() + "/" + b.Name}})
		d.Holders = append(d.Holders, found...)
		d.HoldersUnknown = append(d.HoldersUnknown, unknown...)
		d.Evidence = append(d.Evidence, Evidence{What: b.Kind() + " " + b.Name + " of " + string(b.Role.Kind) + " " + b.Role.Name, From: b.Kind() + "/" + b.Name})
	}
	sortEvidence(d.Evidence)
	d.Evidence = slices.Compact(d.Evidence)
	return d
}

func sortEvidence(all []Evidence) {
	slices.SortFunc(all, func(a, b Evidence) int { return strings.Compare(a.What+a.From, b.What+b.From) })
}

func (x *finder) escalation(c *cluster) Door {
	if why := c.kubernetesWhy(x, rbacParts()...); why != "" {
		return unknownDoor(clusterAdmin, why)
	}
	k := c.Kubernetes
	index := rbac.NewIndex(k.RBAC)
	already := strong(index)
	version, _ := rbac.ParseVersion(k.Version)
	o := escalate.Options{Version: version, Labels: map[string]map[string]string{}}
	for _, n := range k.Namespaces {
		o.Labels[n.Name] = n.Labels
	}
	d := Door{State: Closed, Power: clusterAdmin, Why: "no sure path from less to cluster-admin was found"}
	ours := outside(k.RBAC)
	for _, p := range escalate.New(index, o).Reach() {
		s := p.Edges[0].From.Subject.Canonical()
		if _, have := already[s]; have || system(s) || !ours[s] || p.To().Kind != escalate.Everything || !p.Sure() {
			continue
		}
		if a := p.Edges[0].Allows; len(a) == 1 && a[0].Role != nil && a[0].Binding != nil && rbac.Everything(a[0].Role.Rules) && managed(*a[0].Binding) {
			continue // cluster-admin by the provider's binding: entra-admin-group
		}
		var tail []Step
		for _, e := range p.Edges {
			tail = append(tail, Step{What: e.Text})
		}
		d.State, d.Why, d.Fix = Open, "Subjects with less than cluster-admin can make themselves cluster-admin", "postern why --escalate SUBJECT shows each hop and its remedy"
		found, unknown := x.subject(s, tail)
		d.Holders = append(d.Holders, found...)
		d.HoldersUnknown = append(d.HoldersUnknown, unknown...)
	}
	return d
}

// outside are the Subjects that a binding names which nobody but people keeps.
func outside(p rbac.Policy) map[rbac.Subject]bool {
	found := map[rbac.Subject]bool{}
	for _, b := range p.Bindings {
		if managed(b) {
			continue
		}
		for _, s := range b.Subjects {
			if s.Kind == rbac.ServiceAccountKind && s.Namespace == "" {
				s.Namespace = b.Namespace
			}
			found[s.Canonical()] = true
		}
	}
	return found
}

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
	index := rbac.NewIndex(c.Kubernetes.RBAC)
	already := strong(index)
	ours := outside(c.Kubernetes.RBAC)
	for s := range ours {
		if _, have := already[s]; have || system(s) || !selfService(index, s.UserInfo()) {
			continue
		}
		d.State = Open
		if len(d.Evidence) == 0 {
			d.Why = "somebody may ask for a client certificate of any name and approve it"
		}
		found, unknown := x.subject(s, []Step{{What: s.String() + " may create CertificateSigningRequests, update their approval, and approve for signer " + clientSigner}})
		d.Holders = append(d.Holders, found...)
		d.HoldersUnknown = append(d.HoldersUnknown, unknown...)
	}
	if d.State == Open {
		d.Fix = "take the verb approve on signer " + clientSigner + " away; rotate the CA to end what was issued"
	}
	return d
}

// selfService: may somebody get a client certificate of any name alone.
func selfService(i *rbac.Index, u rbac.UserInfo) bool {
	const group = "certificates.k8s.io"
	for _, q := range []rbac.Request{
		{Verb: "create", APIGroup: group, Resource: "certificatesigningrequests"},
		{Verb: "update", APIGroup: group, Resource: "certificatesigningrequests", Subresource: "approval", Name: "x"},
		{Verb: "approve", APIGroup: group, Resource: "signers", Name: clientSigner},
	} {
		if !i.Evaluate(u, q).Allowed {
			return false
		}
	}
	return true
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
	already := strong(index)
	for _, s := range c.Kubernetes.TokenSecrets {
		d.State, d.Why = Open, "tokens without an end lie in Secrets"
		d.Fix = "kubectl delete secret NAME, after its users have tokens that end"
		name := s.Namespace + "/" + s.ServiceAccount
		what := "Secret " + s.Namespace + "/" + s.Name + " holds a token without an end"
		if s.LastUsed != "" {
			what += ", last used " + s.LastUsed
		}
		h := source(name, "", what, "Secret/"+s.Namespace+"/"+s.Name)
		if _, have := already[rbac.ServiceAccount(s.Namespace, s.ServiceAccount)]; have {
			h.Power = clusterAdmin
		}
		d.Holders = append(d.Holders, h)
		d.Evidence = append(d.Evidence, Evidence{What: what, From: "Secret/" + s.Namespace + "/" + s.Name, At: s.Created.UTC().Truncate(time.Second)})
	}
	return d
}
