package confirm_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/lab/controlplane"
)

// An attempt is a way to more rights, tried by a service account that has
// exactly these rules. Where postern names the hop it has to work on a real
// kube-apiserver; where postern is silent the server has to refuse it.
type attempt struct {
	name  string
	kind  string // of the hop that postern why --escalate shows, or does not
	works bool
	in    string // namespace of the Role; empty: a ClusterRole
	rules []rbacv1.PolicyRule
	extra []rbacv1.ClusterRole
	do    func(ctx context.Context, c contender) error
}

// contender is the service account while it tries.
type contender struct {
	attempt
	admin  kubernetes.Interface
	client kubernetes.Interface
	config *rest.Config
}

const (
	arena = "arena" // where the service accounts live
	rg    = rbacv1.GroupName
	cg    = "certificates.k8s.io"
)

// may is a rule: verbs, group, resources, names.
func may(verbs, group, resources string, names ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{Verbs: strings.Split(verbs, ","), APIGroups: []string{group}, Resources: strings.Split(resources, ","), ResourceNames: names}
}

// attempts are the ways whose outcome the API server alone decides. What needs
// a kubelet, a signer or the token controller is not among them.
func attempts() []attempt {
	bindMine, bindAll := may("bind", rg, "clusterroles", "cluster-admin"), may("bind", rg, "clusterroles")
	return []attempt{
		{name: "bind", kind: "bind", works: true, rules: []rbacv1.PolicyRule{may("create", rg, "clusterrolebindings"), bindMine}, do: post},
		{name: "bind-not", kind: "bind", rules: []rbacv1.PolicyRule{may("create,update,patch", rg, "clusterrolebindings")}, do: post},
		{name: "bind-other-role", kind: "bind", rules: []rbacv1.PolicyRule{may("create", rg, "clusterrolebindings"), may("bind", rg, "clusterroles", "view")}, do: post},
		{name: "bind-named-posted", kind: "bind", rules: []rbacv1.PolicyRule{may("create", rg, "clusterrolebindings", "mine-bind-named-posted"), bindAll}, do: post},
		{name: "bind-named-applied", kind: "bind", works: true, rules: []rbacv1.PolicyRule{may("create,patch", rg, "clusterrolebindings", "mine-bind-named-applied"), bindAll}, do: applied},
		{name: "bind-named-put", kind: "bind", works: true, rules: []rbacv1.PolicyRule{may("create,update", rg, "clusterrolebindings", "mine-bind-named-put"), bindAll}, do: put},

		{name: "escalate", kind: "escalate", works: true, rules: []rbacv1.PolicyRule{may("get,update,escalate", rg, "clusterroles", "escalate")}, do: rewriteOwn},
		{name: "escalate-not", kind: "escalate", rules: []rbacv1.PolicyRule{may("get,create,update,patch", rg, "clusterroles")}, do: rewriteOwn},
		{name: "escalate-no-write", kind: "escalate", rules: []rbacv1.PolicyRule{may("get,escalate", rg, "clusterroles")}, do: rewriteOwn},
		{name: "aggregate", kind: "aggregate", works: true, rules: []rbacv1.PolicyRule{may("create,escalate", rg, "clusterroles")}, extra: []rbacv1.ClusterRole{sum("aggregate")}, do: feed},
		{name: "aggregate-not", kind: "aggregate", rules: []rbacv1.PolicyRule{may("create,update,patch", rg, "clusterroles")}, extra: []rbacv1.ClusterRole{sum("aggregate-not")}, do: feed},

		{name: "masters", kind: "impersonate", works: true, rules: []rbacv1.PolicyRule{may("impersonate", "", "users", "nobody"), may("impersonate", "", "groups", "system:masters")}, do: impersonate("nobody")},
		{name: "masters-account", kind: "impersonate", works: true, in: "kube-system", rules: []rbacv1.PolicyRule{may("impersonate", "", "serviceaccounts", "chief")}, do: impersonateAccount},
		{name: "masters-groups-alone", kind: "impersonate", rules: []rbacv1.PolicyRule{may("impersonate", "", "groups")}, do: impersonate("nobody")},
		{name: "masters-account-as-user", kind: "impersonate", rules: []rbacv1.PolicyRule{may("impersonate", "", "users", "system:serviceaccount:kube-system:chief")}, do: impersonateAccount},
		{name: "masters-extras", kind: "impersonate", rules: []rbacv1.PolicyRule{may("impersonate", "authentication.k8s.io", "uids,userextras/scopes")}, do: impersonate("nobody")},

		{name: "token", kind: "token", works: true, rules: []rbacv1.PolicyRule{may("create", "", "serviceaccounts/token", "chief")}, do: token},
		{name: "token-other", kind: "token", rules: []rbacv1.PolicyRule{may("create", "", "serviceaccounts/token", "other")}, do: token},
		{name: "token-accounts", kind: "token", rules: []rbacv1.PolicyRule{may("create,get,update", "", "serviceaccounts")}, do: token},

		{name: "certificate", kind: "certificate", works: true, rules: []rbacv1.PolicyRule{may("create,get", cg, "certificatesigningrequests"), may("update", cg, "certificatesigningrequests/approval"), may("approve", cg, "signers", "kubernetes.io/*")}, do: approve("admin-by-name")},
		{name: "certificate-signer", kind: "certificate", rules: []rbacv1.PolicyRule{may("create,get", cg, "certificatesigningrequests"), may("update", cg, "certificatesigningrequests/approval"), may("approve", cg, "signers", "example.com/*")}, do: approve("admin-by-name")},
		{name: "certificate-approval", kind: "certificate", rules: []rbacv1.PolicyRule{may("create,get", cg, "certificatesigningrequests"), may("approve", cg, "signers")}, do: approve("admin-by-name")},

		{name: "workload", kind: "workload", works: true, in: "kube-system", rules: []rbacv1.PolicyRule{may("create", "apps", "deployments")}, do: deploy},
		{name: "workload-group", kind: "workload", in: "kube-system", rules: []rbacv1.PolicyRule{may("create", "extensions", "deployments")}, do: deploy},
		{name: "workload-elsewhere", kind: "workload", in: arena, rules: []rbacv1.PolicyRule{may("get", "apps", "deployments")}, do: deploy},

		{name: "relax", kind: "relax-psa", works: true, in: "tight", rules: []rbacv1.PolicyRule{may("create", "", "pods"), may("patch", "", "namespaces")}, do: relax},
		{name: "relax-not", kind: "relax-psa", in: "tight", rules: []rbacv1.PolicyRule{may("create", "", "pods"), may("get", "", "namespaces")}, do: relax},
		{name: "host", kind: "host-pod", in: "tight", rules: []rbacv1.PolicyRule{may("create", "", "pods")}, do: hostPod},
		{name: "host-loose", kind: "host-pod", works: true, in: "loose", rules: []rbacv1.PolicyRule{may("create", "", "pods")}, do: hostPod},
		{name: "webhook", kind: "webhook", works: true, rules: []rbacv1.PolicyRule{may("create", "admissionregistration.k8s.io", "mutatingwebhookconfigurations")}, do: webhook},
		{name: "webhook-named", kind: "webhook", rules: []rbacv1.PolicyRule{may("create", "admissionregistration.k8s.io", "mutatingwebhookconfigurations", "mine-webhook-named")}, do: webhook},
	}
}

// TestEscalation tries every attempt and asks postern about it.
func TestEscalation(t *testing.T) {
	postern := product(t)
	config := startArena(t)
	admin := kubernetes.NewForConfigOrDie(config)
	kubeconfig := writeKubeconfig(t, config)
	prepareArena(t, admin)
	worked, refused := 0, 0
	for _, a := range attempts() {
		t.Run(a.name, func(t *testing.T) {
			grant(t, admin, a)
			c := enter(t, admin, config, a)
			said := hops(t, postern, kubeconfig, a)
			if said != a.works {
				t.Errorf("postern shows %s: %v, want %v", a.kind, said, a.works)
			}
			err := a.do(t.Context(), c)
			switch {
			case a.works && err != nil:
				t.Errorf("the API server: %v", err)
			case !a.works && err == nil:
				t.Error("the API server let it happen")
			case !a.works && !apierrors.IsForbidden(err):
				t.Errorf("refused, but not by authorization: %v", err)
			case a.works:
				worked++
			default:
				refused++
			}
		})
	}
	t.Logf("%d attempts worked, %d were refused with 403", worked, refused)
	if worked < 8 || refused < 8 {
		t.Errorf("too few of one kind")
	}
}

// product finds the built postern beside the lab's binary.
func product(t *testing.T) string {
	t.Helper()
	path := filepath.Join(filepath.Dir(lab(t)), "postern")
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: run `make build` first", err)
	}
	return path
}

// startArena starts a control plane; the credential is in system:masters.
func startArena(t *testing.T) *rest.Config {
	t.Helper()
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	dir := t.TempDir()
	plane := &controlplane.Plane{Dir: dir, Executable: lab(t), Listener: listener, Guard: guardWithoutOpinion(t), Log: slog.New(slog.DiscardHandler)}
	if err := plane.Start(t.Context()); err != nil {
		text, _ := os.ReadFile(filepath.Join(dir, "kube-apiserver.log"))
		t.Fatalf("%v\n%s", err, text)
	}
	t.Cleanup(plane.Stop)
	credential, err := plane.LocalAccount(cloud.AccountMaster)
	if err != nil {
		t.Fatal(err)
	}
	return &rest.Config{
		Host: credential.Server, QPS: -1,
		TLSClientConfig: rest.TLSClientConfig{CAData: credential.CA, CertData: credential.Certificate, KeyData: credential.Key},
	}
}

func writeKubeconfig(t *testing.T, c *rest.Config) string {
	t.Helper()
	entry := func(kind string, v map[string]any) []map[string]any {
		return []map[string]any{{"name": "arena", kind: v}}
	}
	text, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Config", "current-context": "arena",
		"clusters": entry("cluster", map[string]any{"server": c.Host, "certificate-authority-data": c.CAData}),
		"users":    entry("user", map[string]any{"client-certificate-data": c.CertData, "client-key-data": c.KeyData}),
		"contexts": entry("context", map[string]any{"cluster": "arena", "user": "arena"}),
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// prepareArena makes the namespaces and a service account worth reaching.
func prepareArena(t *testing.T, admin kubernetes.Interface) {
	t.Helper()
	ctx := t.Context()
	for name, labels := range map[string]map[string]string{arena: nil, "loose": nil, "tight": {"pod-security.kubernetes.io/enforce": "restricted"}} {
		_, err := admin.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}, metav1.CreateOptions{})
		check(t, err)
	}
	_, err := admin.CoreV1().ServiceAccounts("kube-system").Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "chief"}}, metav1.CreateOptions{})
	check(t, err)
	_, err = admin.RbacV1().ClusterRoleBindings().Create(ctx, binding("chief", "cluster-admin",
		rbacv1.Subject{Kind: "ServiceAccount", Namespace: "kube-system", Name: "chief"}, rbacv1.Subject{Kind: "User", APIGroup: rg, Name: "admin-by-name"}), metav1.CreateOptions{})
	check(t, err)
	for _, ns := range []string{"loose", "tight"} { // its default service account is a controller's work
		eventually(t, "service account "+ns+"/default", func() error {
			_, err := admin.CoreV1().ServiceAccounts(ns).Get(ctx, "default", metav1.GetOptions{})
			return err
		})
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually waits until something has happened.
func eventually(t *testing.T, what string, f func() error) {
	t.Helper()
	if err := retry(t.Context(), f); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// retry tries for half a minute: authorizers and controllers see objects late.
func retry(ctx context.Context, f func() error) error {
	limited, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		err := f()
		if err == nil {
			return nil
		}
		select {
		case <-limited.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func binding(name, role string, subjects ...rbacv1.Subject) *rbacv1.ClusterRoleBinding {
	return &rbacv1.ClusterRoleBinding{
		TypeMeta: metav1.TypeMeta{APIVersion: rg + "/v1", Kind: "ClusterRoleBinding"}, ObjectMeta: metav1.ObjectMeta{Name: name},
		RoleRef: rbacv1.RoleRef{APIGroup: rg, Kind: "ClusterRole", Name: role}, Subjects: subjects,
	}
}

func (a attempt) subject() rbacv1.Subject {
	return rbacv1.Subject{Kind: "ServiceAccount", Namespace: arena, Name: a.name}
}

// sum is an aggregated ClusterRole that gathers what is labelled for it.
func sum(name string) rbacv1.ClusterRole {
	return rbacv1.ClusterRole{
		ObjectMeta:      metav1.ObjectMeta{Name: "sum-" + name},
		AggregationRule: &rbacv1.AggregationRule{ClusterRoleSelectors: []metav1.LabelSelector{{MatchLabels: map[string]string{"feeds": name}}}},
	}
}

// grant gives an attempt its rules, and nothing else; what it made is taken away
// at the end, and what the attempt made with it.
func grant(t *testing.T, admin kubernetes.Interface, a attempt) {
	t.Helper()
	ctx, r := t.Context(), admin.RbacV1()
	_, err := admin.CoreV1().ServiceAccounts(arena).Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: a.name}}, metav1.CreateOptions{})
	check(t, err)
	roles := append([]rbacv1.ClusterRole{}, a.extra...)
	if a.in == "" {
		roles = append(roles, rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: a.name}, Rules: a.rules})
	} else {
		_, err = r.Roles(a.in).Create(ctx, &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: a.name}, Rules: a.rules}, metav1.CreateOptions{})
		check(t, err)
		_, err = r.RoleBindings(a.in).Create(ctx, &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: a.name}, RoleRef: rbacv1.RoleRef{APIGroup: rg, Kind: "Role", Name: a.name}, Subjects: []rbacv1.Subject{a.subject()}}, metav1.CreateOptions{})
		check(t, err)
	}
	var made []string
	for i := range roles {
		_, err = r.ClusterRoles().Create(ctx, &roles[i], metav1.CreateOptions{})
		check(t, err)
		_, err = r.ClusterRoleBindings().Create(ctx, binding(roles[i].Name, roles[i].Name, a.subject()), metav1.CreateOptions{})
		check(t, err)
		made = append(made, roles[i].Name)
	}
	t.Cleanup(func() {
		ctx := context.Background()
		for _, name := range append(made, "mine-"+a.name) {
			_ = r.ClusterRoleBindings().Delete(ctx, name, metav1.DeleteOptions{})
			_ = r.ClusterRoles().Delete(ctx, name, metav1.DeleteOptions{})
		}
		if a.in != "" {
			_ = r.RoleBindings(a.in).Delete(ctx, a.name, metav1.DeleteOptions{})
			_ = r.Roles(a.in).Delete(ctx, a.name, metav1.DeleteOptions{})
		}
		_ = admin.CoreV1().ServiceAccounts(arena).Delete(ctx, a.name, metav1.DeleteOptions{})
		tight := []byte(`{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"restricted"}}}`)
		_, _ = admin.CoreV1().Namespaces().Patch(ctx, "tight", types.MergePatchType, tight, metav1.PatchOptions{})
	})
}

// enter signs the service account in, and waits until all its rules hold.
func enter(t *testing.T, admin kubernetes.Interface, config *rest.Config, a attempt) contender {
	t.Helper()
	made, err := admin.CoreV1().ServiceAccounts(arena).CreateToken(t.Context(), a.name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	check(t, err)
	c := contender{attempt: a, admin: admin, config: &rest.Config{Host: config.Host, QPS: -1, BearerToken: made.Status.Token, TLSClientConfig: rest.TLSClientConfig{CAData: config.CAData}}}
	c.client = kubernetes.NewForConfigOrDie(c.config)
	for _, rule := range a.rules {
		resource, sub, _ := strings.Cut(rule.Resources[0], "/")
		ask := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
			Verb: rule.Verbs[0], Group: rule.APIGroups[0], Resource: resource, Subresource: sub, Namespace: a.in, Name: strings.Join(rule.ResourceNames, ""),
		}}}
		eventually(t, "rule in force", func() error {
			got, err := c.client.AuthorizationV1().SelfSubjectAccessReviews().Create(t.Context(), ask, metav1.CreateOptions{})
			if err == nil && !got.Status.Allowed {
				return fmt.Errorf("%v is not allowed yet", ask.Spec.ResourceAttributes)
			}
			return err
		})
	}
	return c
}

// hops reports whether postern, asked about the cluster, shows the hop.
func hops(t *testing.T, postern, kubeconfig string, a attempt) bool {
	t.Helper()
	cmd := exec.Command(postern, "why", "--escalate", "--as", "sa:"+arena+"/"+a.name, "--kubeconfig", kubeconfig, "--names=never", "-o", "json")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("postern why --escalate: %v\n%s", err, &stderr)
	}
	type path struct {
		Hops []struct {
			Kind     string            `json:"kind"`
			Evidence []json.RawMessage `json:"evidence"`
		} `json:"hops"`
	}
	var doc struct {
		Answers []struct {
			Paths  []path `json:"paths"`
			Others []path `json:"others"`
		} `json:"answers"`
	}
	check(t, json.Unmarshal(out, &doc))
	for _, answer := range doc.Answers {
		if slices.ContainsFunc(append(answer.Paths, answer.Others...), func(p path) bool {
			return p.Hops[0].Kind == a.kind && len(p.Hops[0].Evidence) > 0
		}) {
			return true
		}
	}
	return false
}

// isAdmin is nil once a client may do everything.
func isAdmin(ctx context.Context, client kubernetes.Interface) error {
	return retry(ctx, func() error {
		got, err := client.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, &authorizationv1.SelfSubjectAccessReview{
			Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "*", Group: "*", Resource: "*"}},
		}, metav1.CreateOptions{})
		if err == nil && !got.Status.Allowed {
			return errors.New("not everything is allowed")
		}
		return err
	})
}

func (c contender) mine() *rbacv1.ClusterRoleBinding {
	return binding("mine-"+c.name, "cluster-admin", c.subject())
}

func post(ctx context.Context, c contender) error {
	if _, err := c.client.RbacV1().ClusterRoleBindings().Create(ctx, c.mine(), metav1.CreateOptions{}); err != nil {
		return err
	}
	return isAdmin(ctx, c.client)
}

func put(ctx context.Context, c contender) error {
	if _, err := c.client.RbacV1().ClusterRoleBindings().Update(ctx, c.mine(), metav1.UpdateOptions{}); err != nil {
		return err
	}
	return isAdmin(ctx, c.client)
}

func applied(ctx context.Context, c contender) error {
	text, err := json.Marshal(c.mine())
	if err != nil {
		return err
	}
	if _, err := c.client.RbacV1().ClusterRoleBindings().Patch(ctx, c.mine().Name, types.ApplyPatchType, text, metav1.PatchOptions{FieldManager: "me"}); err != nil {
		return err
	}
	return isAdmin(ctx, c.client)
}

func everything() []rbacv1.PolicyRule { return []rbacv1.PolicyRule{may("*", "*", "*")} }

func rewriteOwn(ctx context.Context, c contender) error {
	role, err := c.client.RbacV1().ClusterRoles().Get(ctx, c.name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	role.Rules = everything()
	if _, err := c.client.RbacV1().ClusterRoles().Update(ctx, role, metav1.UpdateOptions{}); err != nil {
		return err
	}
	return isAdmin(ctx, c.client)
}

func feed(ctx context.Context, c contender) error {
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "mine-" + c.name, Labels: map[string]string{"feeds": c.name}}, Rules: everything()}
	if _, err := c.client.RbacV1().ClusterRoles().Create(ctx, role, metav1.CreateOptions{}); err != nil {
		return err
	}
	return isAdmin(ctx, c.client)
}

// impersonate takes system:masters along with a user's name.
func impersonate(user string) func(context.Context, contender) error {
	return func(ctx context.Context, c contender) error {
		return c.as(ctx, rest.ImpersonationConfig{UserName: user, Groups: []string{"system:masters"}})
	}
}

func impersonateAccount(ctx context.Context, c contender) error {
	return c.as(ctx, rest.ImpersonationConfig{UserName: "system:serviceaccount:kube-system:chief"})
}

func (c contender) as(ctx context.Context, who rest.ImpersonationConfig) error {
	config := rest.CopyConfig(c.config)
	config.Impersonate = who
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	if _, err := client.CoreV1().Secrets("kube-system").List(ctx, metav1.ListOptions{}); err != nil {
		return err
	}
	return isAdmin(ctx, client)
}

func token(ctx context.Context, c contender) error {
	made, err := c.client.CoreV1().ServiceAccounts("kube-system").CreateToken(ctx, "chief", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	config := rest.CopyConfig(c.config)
	config.BearerToken = made.Status.Token
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	return isAdmin(ctx, client)
}

// approve requests a certificate and approves it: a signer, which the lab has
// not, would sign it now. Before that it must be refused system:masters.
func approve(name string) func(context.Context, contender) error {
	return func(ctx context.Context, c contender) error {
		requests := c.client.CertificatesV1().CertificateSigningRequests()
		masters, err := csr("mine-masters", pkix.Name{CommonName: name, Organization: []string{"system:masters"}})
		if err != nil {
			return err
		}
		if _, err := requests.Create(ctx, masters, metav1.CreateOptions{}); !apierrors.IsForbidden(err) {
			return fmt.Errorf("a certificate in system:masters: %v, want 403", err)
		}
		mine, err := csr("mine-"+c.name, pkix.Name{CommonName: name})
		if err != nil {
			return err
		}
		made, err := requests.Create(ctx, mine, metav1.CreateOptions{})
		if err != nil {
			return err
		}
		made.Status.Conditions = append(made.Status.Conditions, certificatesv1.CertificateSigningRequestCondition{Type: certificatesv1.CertificateApproved, Status: corev1.ConditionTrue, Reason: "Mine"})
		_, err = requests.UpdateApproval(ctx, made.Name, made, metav1.UpdateOptions{})
		return err
	}
}

func csr(name string, subject pkix.Name) (*certificatesv1.CertificateSigningRequest, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: subject}, key)
	if err != nil {
		return nil, err
	}
	return &certificatesv1.CertificateSigningRequest{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: certificatesv1.CertificateSigningRequestSpec{
		Request: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}), SignerName: certificatesv1.KubeAPIServerClientSignerName, Usages: []certificatesv1.KeyUsage{certificatesv1.UsageClientAuth},
	}}, nil
}

// webhook writes a configuration of a webhook that nothing calls.
func webhook(ctx context.Context, c contender) error {
	_, err := c.client.AdmissionregistrationV1().MutatingWebhookConfigurations().Create(ctx, &admissionregistrationv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "mine-" + c.name}}, metav1.CreateOptions{})
	return err
}

func template(spec corev1.PodSpec) corev1.PodTemplateSpec {
	spec.Containers = []corev1.Container{{Name: "c", Image: "none", SecurityContext: spec.Containers[0].SecurityContext}}
	return corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "mine"}}, Spec: spec}
}

// deploy writes a Deployment that runs as the service account worth reaching.
func deploy(ctx context.Context, c contender) error {
	_, err := c.client.AppsV1().Deployments("kube-system").Create(ctx, &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "mine-" + c.name},
		Spec: appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "mine"}},
			Template: template(corev1.PodSpec{ServiceAccountName: "chief", Containers: make([]corev1.Container, 1)})},
	}, metav1.CreateOptions{})
	return err
}

// hostPod creates a pod that owns its node, as far as the API server goes.
func hostPod(ctx context.Context, c contender) error {
	privileged := true
	t := template(corev1.PodSpec{HostPID: true, Containers: []corev1.Container{{SecurityContext: &corev1.SecurityContext{Privileged: &privileged}}}})
	_, err := c.client.CoreV1().Pods(c.in).Create(ctx, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "mine-" + c.name}, Spec: t.Spec}, metav1.CreateOptions{})
	return err
}

// relax needs Pod Security out of the way first; a Role in the namespace allows
// to change the namespace itself.
func relax(ctx context.Context, c contender) error {
	if err := hostPod(ctx, c); !apierrors.IsForbidden(err) {
		return fmt.Errorf("a privileged pod in a restricted namespace: %v, want 403", err)
	}
	text := []byte(`{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"privileged"}}}`)
	if _, err := c.client.CoreV1().Namespaces().Patch(ctx, c.in, types.MergePatchType, text, metav1.PatchOptions{}); err != nil {
		return err
	}
	return retry(ctx, func() error { return hostPod(ctx, c) })
}
