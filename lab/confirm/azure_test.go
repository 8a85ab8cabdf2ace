package confirm_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"

	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/azrbac"
)

// TestAzure plants role assignments into a lab, lets postern read them through
// Azure's API into a snapshot, and holds what azrbac makes of that against the
// real API server with the lab's guard behind it: the same verdict, and the role
// assignment that the server's reason names among those that allow.
func TestAzure(t *testing.T) {
	const rounds, each = 4, 500
	count := map[string]int{}
	for round := range rounds {
		w := newAzureWorld(rand.New(rand.NewPCG(*seed, uint64(round))))
		client, facts := w.start(t)
		if !facts.Enabled || len(facts.Unread) > 0 || len(facts.Assignments) != len(w.file["roleAssignments"].([]any)) {
			t.Fatalf("planted %d assignments, read %d, unread %v", len(w.file["roleAssignments"].([]any)), len(facts.Assignments), facts.Unread)
		}
		x := azrbac.New(facts)
		for range each {
			u, q := w.question()
			count[judgeAzure(t, client, x, u, q)]++
			if t.Failed() {
				t.Fatalf("seed %d, round %d", *seed, round)
			}
		}
	}
	t.Log(count)
	for what, least := range map[string]int{"allowed": 300, "refused": 300, "not asked": 20} {
		if count[what] < least {
			t.Errorf("%s: %d of %d questions, want %d at least", what, count[what], rounds*each, least)
		}
	}
	if open := count["unknown"]; open > rounds*each/10 {
		t.Errorf("%d answers are unknown, though everything was read", open)
	}
}

func judgeAzure(t *testing.T, client kubernetes.Interface, x *azrbac.Index, u rbac.UserInfo, q rbac.Request) string {
	t.Helper()
	spec := authorizationv1.SubjectAccessReviewSpec{User: u.Username, Groups: u.Groups, Extra: map[string]authorizationv1.ExtraValue{}}
	for k, v := range u.Extra {
		spec.Extra[k] = v
	}
	if q.Path != "" {
		spec.NonResourceAttributes = &authorizationv1.NonResourceAttributes{Path: q.Path, Verb: q.Verb}
	} else {
		spec.ResourceAttributes = &authorizationv1.ResourceAttributes{Namespace: q.Namespace, Verb: q.Verb, Group: q.APIGroup, Resource: q.Resource, Subresource: q.Subresource}
	}
	answer, err := client.AuthorizationV1().SubjectAccessReviews().Create(t.Context(), &authorizationv1.SubjectAccessReview{Spec: spec}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	d := x.Evaluate(u, q)
	reason, named := azrbac.ParseReason(answer.Status.Reason)
	switch {
	case strings.HasPrefix(answer.Status.Reason, "RBAC: "):
		return "Kubernetes RBAC"
	case d.Verdict == azrbac.Unknown:
		return "unknown"
	case answer.Status.Allowed != (d.Verdict == azrbac.Allow):
		t.Errorf("%s %v: %s: server says %+v, azrbac %+v", u.Username, u.Groups, q, answer.Status, d)
	case named && reason.Kind == azrbac.ReasonAssigned && !slices.ContainsFunc(d.Allows, func(g azrbac.Grant) bool { return g.Because(u.Username) == answer.Status.Reason }):
		t.Errorf("%s: %s: server's reason %q is not among %+v", u.Username, q, answer.Status.Reason, d.Allows)
	case named && (reason.Kind == azrbac.ReasonNoOpinion) != (d.Code == azrbac.NoObjectID):
		t.Errorf("%s: %s: server's reason %q, azrbac %+v", u.Username, q, answer.Status.Reason, d)
	case d.Verdict == azrbac.Allow:
		return "allowed"
	case d.Code == azrbac.NotAssigned:
		return "refused"
	}
	return "not asked"
}

// azureWorld is a world file and who asks in it.
type azureWorld struct {
	r      *rand.Rand
	file   map[string]any
	users  []string // object ids
	groups []string
	owner  map[string]string // who collects
	tenant string
}

func newAzureWorld(r *rand.Rand) *azureWorld {
	w := &azureWorld{r: r, file: map[string]any{}}
	if err := yaml.Unmarshal(cloud.DefaultWorldFile(), &w.file); err != nil {
		panic("BUG: default world: " + err.Error())
	}
	w.tenant = w.file["tenant"].(map[string]any)["id"].(string)
	for _, u := range w.file["users"].([]any) {
		m := u.(map[string]any)
		if strings.HasPrefix(m["userPrincipalName"].(string), "lab-owner@") {
			w.owner = map[string]string{"AZURE_USERNAME": m["userPrincipalName"].(string), "AZURE_PASSWORD": m["password"].(string)}
			continue
		}
		w.users = append(w.users, m["id"].(string))
	}
	for _, g := range w.file["groups"].([]any) {
		w.groups = append(w.groups, g.(map[string]any)["id"].(string))
	}
	w.plant()
	return w
}

func choose[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

// plant adds custom roles and assignments, and turns Azure RBAC on.
func (w *azureWorld) plant() {
	var roles []any
	pattern := func() string {
		p := choose(w.r, "pods/read", "pods/*", "*/read", "*", "secrets/*", "apps/deployments/*", "apps/*", "pods/exec/action", "*/write", "s*s/read", "customresources/*", "metrics/read", "*ods/*d*", "serviceaccounts/impersonate/action")
		full := "Microsoft.ContainerService/managedClusters/" + p
		return choose(w.r, full, full, strings.ToUpper(full), strings.ToLower(full))
	}
	some := func(n int) []string {
		list := []string{}
		for range w.r.IntN(n + 1) {
			list = append(list, pattern())
		}
		return list
	}
	for i := range 8 {
		roles = append(roles, map[string]any{
			"id": fmt.Sprintf("7e57ab1e-0000-4000-8000-%012d", i), "roleName": fmt.Sprint("custom ", i),
			"permissions": []any{
				map[string]any{"actions": []string{}, "notActions": []string{}, "dataActions": append(some(2), pattern()), "notDataActions": some(1)},
				map[string]any{"actions": []string{}, "notActions": []string{}, "dataActions": some(1), "notDataActions": some(1)},
			},
		})
	}
	w.file["roleDefinitions"] = roles
	const group = "resourceGroups/rg-lab"
	const cluster = group + "/providers/Microsoft.ContainerService/managedClusters/aks-lab"
	assignments := w.file["roleAssignments"].([]any)
	taken := map[string]bool{}
	for i := range 12 {
		a := map[string]any{
			"id": fmt.Sprintf("a551c4ed-0000-4000-8000-%012d", i), "principal": choose(w.r, append(slices.Clone(w.users), w.groups...)...),
			"role":  choose(w.r, "custom 0", "custom 1", "custom 2", "custom 3", "custom 4", "custom 5", "custom 6", "custom 7", "Azure Kubernetes Service RBAC Reader", "Azure Kubernetes Service RBAC Writer", "Azure Kubernetes Service RBAC Admin", "Owner"),
			"scope": choose(w.r, "/", ".", group, cluster, cluster, cluster+"/namespaces/shop", cluster+"/namespaces/shop", cluster+"/namespaces/other"),
		}
		if key := fmt.Sprint(a["principal"], a["role"], a["scope"]); !taken[key] {
			taken[key] = true
			assignments = append(assignments, a)
		}
	}
	w.file["roleAssignments"] = assignments
	w.file["clusters"].([]any)[0].(map[string]any)["properties"] = map[string]any{"aadProfile": map[string]any{"managed": true, "enableAzureRBAC": true}}
}

// question is a random one. What AKS's sources leave open is asked seldom.
func (w *azureWorld) question() (rbac.UserInfo, rbac.Request) {
	id := choose(w.r, w.users...)
	u := rbac.UserInfo{Username: choose(w.r, "someone@lab.onmicrosoft.com", id), Groups: []string{rbac.Authenticated}, Extra: map[string][]string{"oid": {choose(w.r, id, id, strings.ToUpper(id))}}}
	for _, g := range w.groups {
		if w.r.IntN(3) == 0 {
			u.Groups = append(u.Groups, choose(w.r, g, strings.ToUpper(g)))
		}
	}
	switch w.r.IntN(20) {
	case 0:
		u.Extra = nil
	case 1:
		u.Username = "system:serviceaccount:shop:default"
	case 2:
		u.Groups = append(u.Groups, "a group by name")
	}
	if w.r.IntN(15) == 0 {
		return u, rbac.Request{Verb: choose(w.r, "get", "post", "delete"), Path: choose(w.r, "/metrics", "/metrics/cadvisor", "/logs", "/api/v1/x")}
	}
	q := rbac.Request{
		Verb:      choose(w.r, "get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "impersonate", "bind", "escalate", "use"),
		Namespace: choose(w.r, "", "shop", "shop", "other", "default"),
		Resource:  choose(w.r, "pods", "pods", "secrets", "services", "serviceaccounts", "namespaces", "resourcequotas", "endpoints"),
	}
	switch w.r.IntN(6) {
	case 0:
		q.APIGroup, q.Resource = "apps", choose(w.r, "deployments", "statefulsets")
	case 1:
		q.APIGroup, q.Resource = choose(w.r, "rbac.authorization.k8s.io", "networking.k8s.io", "cert-manager.io"), choose(w.r, "roles", "clusterroles", "ingresses")
	case 2:
		q.Resource, q.Subresource = "pods", choose(w.r, "exec", "log", "portforward", "attach")
	}
	return u, q
}

// start brings the lab up in this world and reads it as postern does.
func (w *azureWorld) start(t *testing.T) (kubernetes.Interface, azrbac.Facts) {
	t.Helper()
	bin, err := filepath.Abs(filepath.Join("..", "..", "bin"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	text, err := yaml.Marshal(w.file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "world.yaml"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	shell := func(ctx context.Context, script string) {
		t.Helper()
		cmd := exec.CommandContext(ctx, "bash", "-ec", script)
		cmd.Dir = dir
		cmd.Env = []string{"PATH=" + bin + ":/usr/local/bin:/usr/bin:/bin", "HOME=" + dir, "TMPDIR=" + dir, "LANG=C.UTF-8", "POSTERN_LAB=" + filepath.Join(dir, "lab"),
			"AZURE_CLIENT_ID=80faf920-1908-4b52-b5ef-a8e7bedfc67a", "AZURE_TENANT_ID=" + w.tenant}
		for k, v := range w.owner {
			cmd.Env = append(cmd.Env, k+"="+v)
		}
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Run(); err != nil {
			t.Fatalf("%s: %v\n%s", script, err, &out)
		}
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		shell(ctx, "postern-lab down")
	})
	shell(t.Context(), "postern-lab up --world world.yaml --api-port 0 --proxy-port 0")
	shell(t.Context(), `eval "$(postern-lab env)"; export AZURE_TOKEN_CREDENTIALS=EnvironmentCredential; postern snapshot --azure=require --out s.json; cp "$KUBECONFIG" kubeconfig`)
	var snapshot struct {
		Azure *azrbac.Facts `json:"azure"`
	}
	data, err := os.ReadFile(filepath.Join(dir, "s.json"))
	if err == nil {
		err = json.Unmarshal(data, &snapshot)
	}
	if err != nil || snapshot.Azure == nil {
		t.Fatalf("read snapshot: %v, Azure %v", err, snapshot.Azure)
	}
	config, err := clientcmd.BuildConfigFromFlags("", filepath.Join(dir, "kubeconfig"))
	if err != nil {
		t.Fatal(err)
	}
	config.QPS, config.Burst = -1, 0
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client, *snapshot.Azure
}
