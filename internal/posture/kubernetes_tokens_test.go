package posture

import (
	"fmt"
	"strings"
	"testing"

	"github.com/postern-dev/postern/internal/finding"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

// withPods is a cluster whose API server told Pods and ServiceAccounts.
func withPods(p rbac.Policy, pods ...snapshot.Pod) *snapshot.Tenant {
	t := asked(p, "v1.33.1")
	k := t.Clusters[0].Kubernetes
	k.Pods, k.ServiceAccounts = append([]snapshot.Pod{}, pods...), []snapshot.ServiceAccount{{Namespace: "shop", Name: "web"}}
	return t
}

func TestMountedTokens(t *testing.T) {
	web := rbac.ServiceAccount("shop", "web")
	mounts := snapshot.Pod{Namespace: "shop", Name: "p", ServiceAccount: "web", Mounts: true}
	without, system, other := mounts, mounts, mounts
	without.Mounts = false
	system.Namespace = "kube-system"
	other.Namespace = "dev"
	harmless, strong := rule("core", "configmaps", "get"), rule("core", "secrets", "list")
	for name, c := range map[string]struct {
		policy rbac.Policy
		pod    snapshot.Pod
		want   finding.Severity // empty: silent
	}{
		"nothing is bound":          {rbac.Policy{Complete: true}, mounts, finding.Low},
		"it reads secrets":          {boundTo("", web, strong), mounts, finding.Medium},
		"it does everything":        {boundTo("shop", web, rule("*", "*", "*")), mounts, finding.Medium},
		"by the old name":           {boundTo("shop", rbac.User("system:serviceaccount:shop:web"), strong), mounts, finding.Medium},
		"by its namespace's group":  {boundTo("", rbac.Group(rbac.ServiceAccounts+":shop"), strong), mounts, finding.Medium},
		"by the group of all":       {boundTo("", rbac.Group(rbac.ServiceAccounts), strong), mounts, finding.Medium},
		"all read what is harmless": {boundTo("", rbac.Group(rbac.ServiceAccounts), harmless), mounts, finding.Low},
		"somebody else is bound":    {boundTo("", rbac.ServiceAccount("shop", "other"), strong), mounts, finding.Low},
		"of another namespace":      {boundTo("", web, strong), other, finding.Low},
		"it has use for it":         {boundTo("shop", web, harmless), mounts, ""},
		"one secret by name":        {boundTo("shop", web, rule("core", "secrets", "get", "one")), mounts, ""},
		"cluster power in a place":  {boundTo("shop", web, rule("core", "nodes/proxy", "get")), mounts, ""},
		"no token":                  {boundTo("", web, strong), without, ""},
		"of kube-system":            {boundTo("", rbac.ServiceAccount("kube-system", "web"), strong), system, ""},
	} {
		found, unknown := findingsOf(t, withPods(c.policy, c.pod), "token-automount")
		switch {
		case len(unknown) > 0 || c.want == "" && len(found) > 0 || c.want != "" && len(found) != 1:
			t.Errorf("%s: %+v %+v", name, found, unknown)
		case c.want != "" && (found[0].Severity != c.want || found[0].Object != "ServiceAccount/"+c.pod.Namespace+"/web" || len(found[0].Evidence) < 2):
			t.Errorf("%s: %+v", name, found[0])
		}
	}
}

// Many Pods are one finding; those that say true themselves are named in the remedy.
func TestMountedTokensTogether(t *testing.T) {
	yes := true
	var pods []snapshot.Pod
	for i := range 25 {
		pods = append(pods, snapshot.Pod{Namespace: "shop", Name: fmt.Sprintf("p%d", i), ServiceAccount: "web", Mounts: true, Owner: "ReplicaSet/web"})
	}
	pods[3].Automount = &yes
	found, _ := findingsOf(t, withPods(rbac.Policy{Complete: true}, pods...), "token-automount")
	if len(found) != 1 || !strings.HasPrefix(found[0].What, "25 Pods") || len(found[0].Evidence) != mostPods+2 || !strings.Contains(found[0].Evidence[mostPods+1].What, "15 Pods more") || !strings.Contains(found[0].Remedy, "ReplicaSet/web say true") {
		t.Errorf("%+v", found)
	}
}

// A list that was refused, and a snapshot from before Pods were read, decide nothing.
func TestMountedTokensUnread(t *testing.T) {
	for _, part := range []string{snapshot.PodList, snapshot.ServiceAccountList, ""} {
		tenant := withPods(rbac.Policy{Complete: true})
		k := tenant.Clusters[0].Kubernetes
		k.Pods = nil
		if part != "" {
			k.Unknown = []snapshot.Unknown{{What: part, Why: "403"}}
		}
		found, unknown := findingsOf(t, tenant, "token-automount")
		if len(found) != 0 || len(unknown) != 1 || part != "" && !strings.Contains(unknown[0].Why, part+" could not be read: 403") {
			t.Errorf("%q: %+v %+v", part, found, unknown)
		}
	}
}
