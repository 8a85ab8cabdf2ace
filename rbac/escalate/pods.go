package escalate

import (
	"slices"
	"strings"

	"github.com/postern-dev/postern/rbac"
)

// Whoever makes a pod chooses its service account among those of the namespace,
// and whoever controls a pod has its token.

// podMaker is how pods can be made in a namespace.
type podMaker struct {
	kind   Kind
	allows []rbac.Allow
	text   string
}

func (h *holder) pods(ns string) {
	makers := h.podMakers(ns)
	for _, m := range makers {
		h.add(hop{to: accounts(ns), kind: m.kind, allows: m.allows, needs: []string{exists, schedules, admits}, text: "may " + m.text + " " + inText(ns) + ", running as {to}"})
	}
	if len(makers) == 0 {
		return
	}
	m := makers[0]
	if !h.g.keepsOut(ns) {
		h.add(hop{to: just(Hosts), kind: HostPod, allows: m.allows, needs: []string{schedules, admitsHost}, text: "may " + m.text + " " + inText(ns) + ", privileged or with a directory of the node"})
	}
	if name, a, ok := h.relaxes(ns); ok {
		h.add(hop{to: just(Hosts), kind: RelaxPSA, allows: evidence(append(m.allows, a)...), needs: []string{schedules, "no admission but Pod Security's labels stands against privileged pods"},
			text: "may change the labels of " + name + ", which Pod Security goes by, and then " + m.text + " there, privileged or with a directory of the node"})
	}
	if name, made, ok := h.create(rbac.Request{Resource: "persistentvolumes"}); ok {
		volume := "PersistentVolumes"
		if name != "" {
			volume = "a PersistentVolume called " + name
		}
		h.add(hop{to: just(Hosts), kind: HostVolume, allows: evidence(append(made, m.allows...)...), needs: []string{schedules, "admission that lets hostPath volumes be made (Pod Security does not look at them)"},
			text: "may create " + volume + " of a node's directory and " + m.text + " " + inText(ns) + ", which mount it through a claim"})
	}
}

// keepsOut reports whether Pod Security is known to refuse privileged pods in a
// namespace, or for everyNamespace in all of them: its label enforces a level,
// baseline or restricted (pod-security-admission/api).
func (g *Graph) keepsOut(ns string) bool {
	enforced := func(ns string) bool {
		level := g.options.Labels[ns]["pod-security.kubernetes.io/enforce"]
		return level == "baseline" || level == "restricted"
	}
	if ns != everyNamespace {
		return enforced(ns)
	}
	return !slices.ContainsFunc(g.spaces, func(ns string) bool { return !enforced(ns) })
}

// podMakers: creating pods, and creating what has a controller create them or
// changing the template in it.
func (h *holder) podMakers(ns string) (list []podMaker) {
	if name, allows, ok := h.create(rbac.Request{Resource: "pods", Namespace: ns}); ok {
		list = append(list, podMaker{CreatePods, allows, "create " + called("pods", name)})
	}
	var allows []rbac.Allow
	var verbs []string
	for _, w := range workloads() {
		q := rbac.Request{APIGroup: w.group, Resource: w.resource, Namespace: ns}
		title := w.resource
		if w.group != "" {
			title += "." + w.group
		}
		if name, a, ok := h.create(q); ok {
			verbs = append(verbs, "create "+called(title, name))
			if allows == nil {
				allows = a
			}
			continue
		}
		if s := h.over(q, change...); w.template && !s.none() {
			a, name := s.any()
			verbs = append(verbs, "change "+called(title, name))
			if allows == nil {
				allows = evidence(a)
			}
		}
	}
	if len(verbs) > 0 {
		list = append(list, podMaker{Workload, allows, listed(verbs)})
	}
	return list
}

func called(what, name string) string {
	if name == "" {
		return what
	}
	return what + " called " + name
}

// listed joins what may be done, naming each verb once.
func listed(verbs []string) string {
	last := ""
	for i, v := range verbs {
		verb, rest, _ := strings.Cut(v, " ")
		if verb == last {
			verbs[i] = rest
		}
		last = verb
	}
	return strings.Join(verbs, ", ")
}

// relaxes asks for the labels of a namespace. The request for a namespace is in
// that namespace, so a RoleBinding there suffices.
func (h *holder) relaxes(ns string) (string, rbac.Allow, bool) {
	q := rbac.Request{Resource: "namespaces", Namespace: ns}
	if ns != everyNamespace {
		q.Name = ns
		a, ok := h.first(q, change...)
		return "namespace " + ns, a, ok
	}
	s := h.over(q, change...)
	if s.none() {
		return "", rbac.Allow{}, false
	}
	a, name := s.any()
	if name == "" {
		return "every namespace", a, true
	}
	return "namespace " + name, a, true
}

// intoPods derives what takes over pods that run already.
func (h *holder) intoPods(ns string) {
	into := func(kind Kind, sub, text string, verbs ...string) {
		q := rbac.Request{Resource: "pods", Subresource: sub, Namespace: ns}
		s := h.over(q, verbs...)
		if s.none() {
			return
		}
		a, _ := s.any()
		names := "pods"
		if len(s.names) > 0 {
			names = "pods " + strings.Join(s.names, ", ")
		}
		h.add(hop{to: accounts(ns), kind: kind, allows: evidence(a), needs: []string{runs}, text: "may " + strings.ReplaceAll(text, "{pods}", names) + " " + inText(ns) + ", a pod of {to} too"})
	}
	into(ChangePod, "", "put another image into {pods}", change...)
	into(Ephemeral, "ephemeralcontainers", "add a container to running {pods}", change...)
	into(Exec, "exec", "run commands in {pods}", h.streams()...)
	into(Attach, "attach", "attach to the processes of {pods}", h.streams()...)
}

// streams are the verbs each of which opens a stream to a pod: create (SPDY, a
// POST) in every version; get (WebSocket, a GET) alone before 1.35, which asks
// for create too.
func (h *holder) streams() []string {
	if len(rbac.Connect(h.g.options.Version, rbac.Request{Verb: "get", Resource: "pods", Subresource: "exec"})) > 1 {
		return []string{"create"}
	}
	return []string{"create", "get"}
}

// reachPorts derives what talks to the ports of pods: no identity is taken by
// that alone.
func (h *holder) reachPorts(ns string) {
	for _, p := range []struct {
		resource, sub, text string
		verbs               []string
	}{
		{"pods", "portforward", "forward ports of pods", h.streams()},
		{"pods", "proxy", "send requests to pods through the API server", proxy},
		{"services", "proxy", "send requests to services through the API server", proxy},
	} {
		s := h.over(rbac.Request{Resource: p.resource, Subresource: p.sub, Namespace: ns}, p.verbs...)
		if s.none() {
			continue
		}
		a, _ := s.any()
		h.add(hop{to: ports(ns), kind: PortForward, allows: evidence(a), sure: true, text: "may " + p.text + " " + inText(ns)})
		return
	}
}
