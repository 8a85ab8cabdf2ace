package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"time"
)

// generate writes n audit events of an AKS cluster's everyday life to path: four
// fifths lease renewals, then watches, status updates, people's reads and
// writes, and denials. The mix follows published figures of an idle cluster;
// seed makes it repeatable.
func generate(path string, n int, seed uint64) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write events: %w", err)
	}
	defer f.Close()
	g := generator{r: rand.New(rand.NewPCG(seed, 1)), at: time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)}
	w := bufio.NewWriterSize(f, 1<<20)
	for range n {
		if _, err := w.WriteString(g.next() + "\n"); err != nil {
			return fmt.Errorf("write events: %w", err)
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write events: %w", err)
	}
	return f.Close()
}

type generator struct {
	r  *rand.Rand
	at time.Time
}

type request struct {
	user, groups, agent, ip        string
	verb, uri, group, version, res string
	ns, name, sub                  string
	code                           int
	decision, reason               string
}

func (g *generator) next() string {
	g.at = g.at.Add(time.Duration(g.r.IntN(40_000)) * time.Microsecond)
	var q request
	switch p := g.r.IntN(100); {
	case p < 80:
		q = g.lease()
	case p < 90:
		q = g.watch()
	default:
		q = g.person()
	}
	end := g.at.Add(time.Duration(500+g.r.IntN(20_000)) * time.Microsecond)
	ref := fmt.Sprintf(`"resource":%q`, q.res)
	if q.ns != "" {
		ref += fmt.Sprintf(`,"namespace":%q`, q.ns)
	}
	if q.name != "" {
		ref += fmt.Sprintf(`,"name":%q`, q.name)
	}
	if q.group != "" {
		ref += fmt.Sprintf(`,"apiGroup":%q`, q.group)
	}
	ref += fmt.Sprintf(`,"apiVersion":%q`, q.version)
	if q.sub != "" {
		ref += fmt.Sprintf(`,"subresource":%q`, q.sub)
	}
	status := fmt.Sprintf(`{"metadata":{},"code":%d}`, q.code)
	if q.code == 403 {
		status = fmt.Sprintf(`{"metadata":{},"status":"Failure","message":"%s is forbidden: User \"%s\" cannot %s resource \"%s\" in API group \"%s\" in the namespace \"%s\"","reason":"Forbidden","details":{"kind":%q},"code":403}`, q.res, q.user, q.verb, q.res, q.group, q.ns, q.res)
	}
	return fmt.Sprintf(`{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":%q,"stage":"ResponseComplete","requestURI":%q,"verb":%q,"user":{"username":%q,"groups":[%s]},"sourceIPs":[%q],"userAgent":%q,"objectRef":{%s},"responseStatus":%s,"requestReceivedTimestamp":%q,"stageTimestamp":%q,"annotations":{"authorization.k8s.io/decision":%q,"authorization.k8s.io/reason":%q}}`,
		g.id(), q.uri, q.verb, q.user, q.groups, q.ip, q.agent, ref, status, stamp(g.at), stamp(end), q.decision, q.reason)
}

func stamp(t time.Time) string { return t.Format("2006-01-02T15:04:05.000000Z") }

func (g *generator) id() string {
	a, b := g.r.Uint64(), g.r.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>52, b&0xffffffffffff)
}

func (g *generator) lease() request {
	node := fmt.Sprintf("aks-nodepool1-%08d-vmss%06d", 24671190, g.r.IntN(40))
	return request{
		user: "system:node:" + node, groups: `"system:nodes","system:authenticated"`, agent: "kubelet/v1.35.8 (linux/amd64) kubernetes/3f1b0a2",
		ip: fmt.Sprintf("10.224.0.%d", g.r.IntN(250)), verb: "update", uri: "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/" + node + "?timeout=10s",
		group: "coordination.k8s.io", version: "v1", res: "leases", ns: "kube-node-lease", name: node, code: 200, decision: "allow",
	}
}

func (g *generator) watch() request {
	res := []string{"pods", "services", "configmaps", "secrets", "endpoints"}[g.r.IntN(5)]
	sa := []string{"coredns", "metrics-server", "konnectivity-agent", "ama-metrics"}[g.r.IntN(4)]
	return request{
		user: "system:serviceaccount:kube-system:" + sa, groups: `"system:serviceaccounts","system:serviceaccounts:kube-system","system:authenticated"`,
		agent: sa + "/v0.0.0 (linux/amd64) kubernetes/$Format", ip: "172.31.2.41", verb: "watch",
		uri: fmt.Sprintf("/api/v1/%s?allowWatchBookmarks=true&resourceVersion=%d&watch=true", res, g.r.IntN(9_000_000)), version: "v1", res: res, code: 200,
		decision: "allow", reason: fmt.Sprintf(`RBAC: allowed by ClusterRoleBinding "%s" of ClusterRole "%s" to ServiceAccount "%s/kube-system"`, sa, sa, sa),
	}
}

func (g *generator) person() request {
	n := g.r.IntN(60)
	q := request{
		user: fmt.Sprintf("user%02d@contoso.onmicrosoft.com", n), groups: fmt.Sprintf(`"66992c59-1d4e-4f07-9d5e-%012x","system:authenticated"`, n%7),
		agent: "kubectl/v1.36.3 (linux/amd64) kubernetes/ab3e9cd", ip: fmt.Sprintf("203.0.113.%d", n), version: "v1",
		ns: []string{"default", "payments", "shop", "platform"}[g.r.IntN(4)], code: 200, decision: "allow",
		reason: `RBAC: allowed by ClusterRoleBinding "aks-cluster-admin-binding-aad" of ClusterRole "cluster-admin" to Group "66992c59-1d4e-4f07-9d5e-0c6a4d3b8a11"`,
	}
	q.verb = []string{"get", "list", "create", "patch", "delete"}[g.r.IntN(5)]
	q.res, q.group = "pods", ""
	prefix := "/api/v1"
	if g.r.IntN(2) == 0 {
		q.res, q.group, prefix = "deployments", "apps", "/apis/apps/v1"
	}
	q.uri = prefix + "/namespaces/" + q.ns + "/" + q.res
	if q.verb != "list" && q.verb != "create" {
		q.name = fmt.Sprintf("web-%d", g.r.IntN(500))
		q.uri += "/" + q.name
	}
	if q.verb == "create" {
		q.code = 201
	}
	if g.r.IntN(12) == 0 {
		q.code, q.decision, q.reason = 403, "forbid", ""
	}
	return q
}
