package escalate

import "github.com/postern-dev/postern/rbac"

// certificates: a client certificate for any name takes a request for it, its
// approval (update on the subresource, and approve on the signer or its domain:
// kubernetes/plugin/pkg/admission/certificates/approval) and reading the result.
// kube-controller-manager signs what is approved; who may only sign has no key
// to sign with. system:masters is refused for this signer
// (certificates/subjectrestriction), any other name or group is not.
func (h *holder) certificates() {
	q := rbac.Request{APIGroup: certs, Resource: "certificatesigningrequests"}
	name, made, ok := h.create(q)
	if !ok {
		return
	}
	result := h.over(q, read...)
	approval := q
	approval.Subresource = "approval"
	approve := h.over(approval, change...)
	h.nodeCertificate(q, name, made, result, approve)
	a, r, ok := h.request(name, result, approve)
	if !ok {
		return
	}
	s, ok := h.signer("kube-apiserver-client")
	if !ok {
		return
	}
	all := evidence(append(made, a, s, r)...)
	for _, to := range []Node{{Kind: anyUser}, {Kind: anyGroup}, accounts(everyNamespace)} {
		h.add(hop{to: to, kind: Certificate, sure: true, allows: all, needs: []string{"kube-controller-manager signs for kubernetes.io/kube-apiserver-client (it does unless switched off)"},
			text: "may request a client certificate for any name or group but system:masters, {to} too, and approve it"})
	}
}

// request finds rules to approve and to read one and the same request, whose
// name its creator chooses unless it is given.
func (h *holder) request(name string, result, approve span) (a, r rbac.Allow, ok bool) {
	candidates := []string{name}
	if name == "" {
		candidates = append(append(candidates, approve.names...), result.names...)
	}
	for _, n := range candidates {
		a, may := approve.of(n)
		r, sees := result.of(n)
		if may && sees {
			return a, r, true
		}
	}
	return a, r, false
}

// signer is approve on one of Kubernetes' signers, or on all of its domain.
func (h *holder) signer(name string) (rbac.Allow, bool) {
	q := rbac.Request{Verb: "approve", APIGroup: certs, Resource: "signers", Name: "kubernetes.io/" + name}
	if a, ok := h.ask(q); ok {
		return a, true
	}
	q.Name = "kubernetes.io/*"
	return h.ask(q)
}

// nodeCertificate: a kubelet's certificate is approved without anybody where its
// requester may create certificatesigningrequests/nodeclient
// (kubernetes/pkg/controller/certificates/approver).
func (h *holder) nodeCertificate(q rbac.Request, name string, made []rbac.Allow, result, approve span) {
	e := hop{to: just(Hosts), kind: NodeCert, sure: true, needs: []string{"kube-controller-manager signs for kubernetes.io/kube-apiserver-client-kubelet (it does unless switched off)"}}
	q.Verb, q.Subresource = "create", "nodeclient"
	if a, ok := h.ask(q); ok && !result.none() {
		r, sees := result.of(name)
		if name == "" {
			r, _ = result.any()
			sees = true
		}
		if sees {
			e.allows, e.text = evidence(append(made, a, r)...), "may request certificates of kubelets, which are approved by themselves; with a node's name it can request tokens of every pod there"
			h.add(e)
			return
		}
	}
	s, ok := h.signer("kube-apiserver-client-kubelet")
	if !ok {
		return
	}
	if a, r, ok := h.request(name, result, approve); ok {
		e.allows, e.text = evidence(append(made, a, s, r)...), "may request certificates of kubelets and approve them; with a node's name it can request tokens of every pod there"
		h.add(e)
	}
}

// put is how a cluster-scoped object can be made or one that exists be changed.
func (h *holder) put(group, resource string) ([]rbac.Allow, string, bool) {
	q := rbac.Request{APIGroup: group, Resource: resource}
	if name, allows, ok := h.create(q); ok {
		return allows, "create " + called(resource, name), true
	}
	if s := h.over(q, change...); !s.none() {
		a, name := s.any()
		return evidence(a), "change " + called(resource, name), true
	}
	return nil, "", false
}

// admission: who writes a mutating webhook changes what everybody else writes;
// the rights checked are the writer's, an administrator's in time.
func (h *holder) admission() {
	waits := "somebody who may writes a role, a binding or a pod meanwhile"
	if a, how, ok := h.put(admission, "mutatingwebhookconfigurations"); ok {
		h.add(hop{to: just(Everything), kind: Webhook, allows: a, needs: []string{"a server that the API server reaches", waits}, text: "may " + how + " and so change what others write, such as the subjects of a binding"})
	}
	if h.g.options.Version.AtLeast(1, 36) { // on by default from there
		p, how, ok := h.put(admission, "mutatingadmissionpolicies")
		b, _, too := h.put(admission, "mutatingadmissionpolicybindings")
		if ok && too {
			h.add(hop{to: just(Everything), kind: MutatePolicy, allows: evidence(append(p, b...)...), needs: []string{waits}, text: "may " + how + " and bind them, and so change what others write, such as the subjects of a binding"})
		}
	}
	if a, how, ok := h.put(admission, "validatingwebhookconfigurations"); ok {
		h.add(hop{to: just(Writes), kind: WatchWrites, sure: true, allows: a, needs: []string{"a server that the API server reaches"}, text: "may " + how + " and so see what others write, Secrets among it, and refuse it"})
	}
	if a, how, ok := h.put("apiregistration.k8s.io", "apiservices"); ok {
		h.add(hop{to: just(Answers), kind: APIService, sure: true, allows: a, needs: []string{"a server that the API server reaches"}, text: "may " + how + " and so answer for an API group; clients and controllers believe it"})
	}
}

// nodes: kubelets run commands in every pod for who may get or create
// nodes/proxy; over WebSocket that is a GET. Labels and taints only steer pods.
func (h *holder) nodes() {
	if s := h.over(rbac.Request{Resource: "nodes", Subresource: "proxy"}, "get", "create"); !s.none() {
		a, name := s.any()
		where := "every node"
		if name != "" {
			where = "node " + name
		}
		h.add(hop{to: accounts(everyNamespace), kind: Kubelet, allows: evidence(a), needs: []string{"a pod of that service account runs on a node whose kubelet is reached"}, text: "may have the kubelet of " + where + " run commands in any pod, past admission and audit, in one of {to} too"})
	}
	for _, sub := range []string{"", "status"} {
		verbs := change
		if sub == "" {
			verbs = write
		}
		if s := h.over(rbac.Request{Resource: "nodes", Subresource: sub}, verbs...); !s.none() {
			a, _ := s.any()
			h.add(hop{to: just(Placement), kind: NodeWrite, sure: true, allows: evidence(a), text: "may change nodes, their labels and taints, and so draw pods to a node or keep them off"})
			return
		}
	}
}
