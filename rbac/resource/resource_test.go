package resource_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/postern-dev/postern/rbac/resource"
)

// extended is a cluster with extensions, one of which does not answer.
func extended() *resource.Table {
	list := slices.Clone(resource.Builtin().All())
	list = slices.DeleteFunc(list, func(r resource.Resource) bool { return r.Virtual })
	list = append(list,
		resource.Resource{Group: "metrics.k8s.io", Version: "v1beta1", Name: "pods", Kind: "PodMetrics", Namespaced: true, Verbs: []string{"get", "list"}},
		resource.Resource{Group: "cert-manager.io", Version: "v1", Name: "certificates", Singular: "certificate", Kind: "Certificate", ShortNames: []string{"cert", "certs"}, Namespaced: true, Subresources: []resource.Sub{{Name: "status"}}},
		resource.Resource{Group: "other.example", Version: "v1alpha1", Name: "certificates", Singular: "certificate", Kind: "Certificate", Namespaced: true},
	)
	t := resource.New(list)
	t.Live, t.Unread = true, []string{"custom.metrics.k8s.io"}
	return t
}

func TestFind(t *testing.T) {
	table := extended()
	for text, want := range map[string]string{
		"pods":                                "pods pods.metrics.k8s.io",
		"pod":                                 "pods",
		"po":                                  "pods",
		"Pod":                                 "pods",
		"PODS":                                "pods pods.metrics.k8s.io",
		"podmetrics":                          "pods.metrics.k8s.io",
		"deploy":                              "deployments.apps",
		"deployments.apps":                    "deployments.apps",
		"deployments.v1.apps":                 "deployments.apps",
		"deployments.v9.apps":                 "",
		"deployments.app":                     "deployments.apps",
		"deploy.apps":                         "deployments.apps",
		"pods.v1":                             "pods",
		"pods.v1.":                            "pods",
		"pods.metrics":                        "pods.metrics.k8s.io",
		"pods.v1beta1.metrics.k8s.io":         "pods.metrics.k8s.io",
		"roles.rbac":                          "roles.rbac.authorization.k8s.io",
		"roles":                               "roles.rbac.authorization.k8s.io",
		"ClusterRoleBinding":                  "clusterrolebindings.rbac.authorization.k8s.io",
		"events":                              "events events.events.k8s.io",
		"certificates":                        "certificates.cert-manager.io certificates.other.example",
		"certificates.v1alpha1.other.example": "certificates.other.example",
		"horizontalpodautoscalers.v1.autoscaling": "horizontalpodautoscalers.autoscaling",
		"hpa":                                   "horizontalpodautoscalers.autoscaling",
		"serviceaccounts":                       "serviceaccounts",
		"serviceaccounts.authentication.k8s.io": "serviceaccounts.authentication.k8s.io",
		"users":                                 "users",
		"group":                                 "groups",
		"userextras":                            "userextras.authentication.k8s.io",
		"signers":                               "signers.certificates.k8s.io",
		"crds":                                  "customresourcedefinitions.apiextensions.k8s.io",
		"nothing":                               "",
		"":                                      "",
		"deployments.":                          "deployments.apps",
	} {
		var got []string
		for _, r := range table.Find(text) {
			got = append(got, r.String())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("Find(%q) = %q, want %q", text, got, want)
		}
	}
}

// TestBuiltin holds facts that everything else leans on.
func TestBuiltin(t *testing.T) {
	table := resource.Builtin()
	for _, c := range []struct {
		group, name string
		namespaced  bool
		verbs, subs string
		checks      string
	}{
		{"", "pods", true, "create delete deletecollection get list patch update watch", "attach binding ephemeralcontainers eviction exec log portforward proxy resize status", ""},
		{"", "namespaces", false, "create delete get list patch update watch", "finalize status", ""},
		{"", "serviceaccounts", true, "create delete deletecollection get list patch update watch", "token", "impersonate"},
		{"", "users", false, "", "", "impersonate"},
		{"", "nodes", false, "create delete deletecollection get list patch update watch", "proxy status checkpoint configz healthz log metrics pods stats statusz", ""},
		{"rbac.authorization.k8s.io", "clusterroles", false, "create delete deletecollection get list patch update watch", "", "bind escalate"},
		{"certificates.k8s.io", "certificatesigningrequests", false, "create delete deletecollection get list patch update watch", "approval status", ""},
		{"certificates.k8s.io", "signers", false, "", "", "approve attest sign"},
		{"authentication.k8s.io", "userextras", false, "", "", "impersonate impersonate:user-info"},
	} {
		r, found := table.Get(c.group, c.name)
		if !found {
			t.Errorf("%s.%s is missing", c.name, c.group)
			continue
		}
		var subs []string
		for _, s := range r.Subresources {
			subs = append(subs, s.Name)
		}
		if r.Namespaced != c.namespaced || strings.Join(r.Verbs, " ") != c.verbs || strings.Join(subs, " ") != c.subs || strings.Join(r.Checks, " ") != c.checks {
			t.Errorf("%s is %+v", r, r)
		}
	}
	if table.Live {
		t.Error("the built-in table is nobody's live one")
	}
	exec, _ := table.Find("po")[0].Sub("exec")
	if strings.Join(exec.Verbs, " ") != "create get" {
		t.Errorf("pods/exec has verbs %v", exec.Verbs)
	}
}

// TestBuiltinVersion: the file says which version it was recorded from.
func TestBuiltinVersion(t *testing.T) {
	text, err := os.ReadFile("builtin.txt")
	if err != nil {
		t.Fatal(err)
	}
	if line, _, _ := strings.Cut(string(text), "\n"); !strings.Contains(line, "kube-apiserver "+resource.BuiltinVersion+" ") {
		t.Errorf("BuiltinVersion is %s, but builtin.txt begins %q", resource.BuiltinVersion, line)
	}
}

// TestNewKeepsItsInput: two tables may be made of one list.
func TestNewKeepsItsInput(t *testing.T) {
	list := []resource.Resource{{Name: "nodes", Subresources: make([]resource.Sub, 1, 8)}, {Group: "rbac.authorization.k8s.io", Name: "roles"}}
	resource.New(list)
	if len(list) != 2 || list[1].Checks != nil || len(list[0].Subresources) != 1 {
		t.Errorf("New changed its input: %+v", list)
	}
}

func TestParse(t *testing.T) {
	pods, apps := "exec", ""
	for _, c := range []struct {
		text string
		sub  *string
		want string // group/resource sub name, or the beginning of an error
	}{
		{"pods", nil, "/pods - -"},
		{"pods/exec", nil, "/pods exec -"},
		{"pods/log", nil, "/pods log -"},
		{"po/web", nil, "/pods - web"},
		{"pods/web", &pods, "/pods exec web"},
		{"pods", &pods, "/pods exec -"},
		{"pods/exec", &apps, "/pods - exec"},
		{"pods/exec", &pods, "/pods exec exec"},
		{"deployments.apps/web", nil, "apps/deployments - web"},
		{"deploy/scale", nil, "apps/deployments scale -"},
		{"deployments/finalizers", nil, "apps/deployments finalizers -"},
		{"secrets/db-password", nil, "/secrets - db-password"},
		{"clusterroles/system:node", nil, "rbac.authorization.k8s.io/clusterroles - system:node"},
		{"nodes/metrics", nil, "/nodes metrics -"},
		{"serviceaccounts/token", nil, "/serviceaccounts token -"},
		{"*", nil, "*/* - -"},
		{"*.apps", nil, "apps/* - -"},
		{"*/scale", nil, "*/* scale -"},
		{"/healthz", nil, "path /healthz"},
		{"/apis/*", nil, "path /apis/*"},
		{"users/ann@contoso.example", nil, "/users - ann@contoso.example"},
		{"groups/a/b", nil, "/groups - a/b"},
		{"signers/kubernetes.io/kubelet-serving", nil, "certificates.k8s.io/signers - kubernetes.io/kubelet-serving"},
		{"userextras/authentication.kubernetes.io/node", nil, "authentication.k8s.io/userextras authentication.kubernetes.io/node -"},
		{"foos.example.com", nil, "example.com/foos - - assumed"},
		{"foos.v1.example.com", nil, "example.com/foos - - assumed"},
		{"Foos.v1beta1.example.com", nil, "example.com/foos - - assumed"},
		{"foos.v1.", nil, "/foos - - assumed"},
		{"foos.example.", nil, `"foos.example." is no resource`},
		{"widgets.custom.metrics.k8s.io", nil, "custom.metrics.k8s.io/widgets - - assumed"},
		{"foos.example.com/web", &apps, "example.com/foos - web assumed"},

		// Both readings are named, neither is taken.
		{"foos.example.com/status", nil, `foos.example.com/status is the subresource "status" or the object named "status": the subresources of foos.example.com are not known`},
		{"pods/exce", nil, `pods/exce is the subresource "exce" or the object named "exce": pods has no subresource exce`},
		{"pods/logs", nil, `pods/logs is the subresource`},
		{"secrets/exec", nil, `secrets/exec is the subresource "exec" or the object named "exec"`},
		{"configmaps/status", nil, `configmaps/status is the subresource`},

		{"pods/web/exec", nil, `pods/web/exec names a resource, an object and more`},
		{"pods/", nil, `"pods/" has nothing behind the /`},
		{"", nil, `"" is no resource`},
		{"po ds", nil, `"po ds" is no resource`},
		{"pods,secrets", nil, `"pods,secrets" is no resource`},
		{".apps", nil, `".apps" is no resource`},
		{"/healthz", &pods, `/healthz is a URL: it has no subresource`},
		{"pdos", nil, `the server has no resource "pdos", or has it in custom.metrics.k8s.io, which it could not tell`},
	} {
		got := describe(resource.Parse(extended(), c.text, resource.Options{Subresource: c.sub}))
		if got != c.want && (strings.Contains(c.want, " - ") || !strings.HasPrefix(got, c.want)) {
			t.Errorf("Parse(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

func describe(target resource.Target, err error) string {
	none := func(s string) string {
		if s == "" {
			return "-"
		}
		return s
	}
	switch {
	case err != nil:
		return err.Error()
	case target.Path != "":
		return "path " + target.Path
	}
	text := target.Resource.Group + "/" + target.Resource.Name + " " + none(target.Sub) + " " + none(target.Name)
	if target.Assumed {
		text += " assumed"
	}
	return text
}

func TestParseHints(t *testing.T) {
	for text, want := range map[string]string{
		"pdos":      "did you mean pods?",
		"secret s":  "RESOURCE is a resource",
		"pods/exce": "for the object write pods/exce --subresource='', for the subresource pods --subresource=exce; subresources there are: attach, ",
		"pods/a/b":  "for the subresource b of the object a write pods/a --subresource=b",
		"secert":    "did you mean secrets?",
		"xyzzy":     "any other resource can be asked for as RESOURCE.GROUP",
	} {
		_, err := resource.Parse(resource.Builtin(), text, resource.Options{})
		var e *resource.Error
		if !errors.As(err, &e) || !strings.HasPrefix(e.Hint, want) {
			t.Errorf("Parse(%q): %+v, want the hint %q", text, err, want)
		}
	}
}

// TestParseTells: what is taken for one thing though it could be another.
func TestParseTells(t *testing.T) {
	target, err := resource.Parse(extended(), "certificates", resource.Options{})
	if err != nil || len(target.Others) != 1 || target.Others[0].Group != "other.example" {
		t.Errorf("certificates: %+v %v", target, err)
	}
	target, err = resource.Parse(extended(), "foos.example.com", resource.Options{})
	if err != nil || len(target.Warnings) != 1 {
		t.Errorf("a resource the server does not serve: %+v %v", target, err)
	}
	target, err = resource.Parse(resource.Builtin(), "foos.example.com", resource.Options{})
	if err != nil || len(target.Warnings) != 0 {
		t.Errorf("without a server nothing is known against it: %+v %v", target, err)
	}
	sub := "exce"
	target, err = resource.Parse(extended(), "pods", resource.Options{Subresource: &sub})
	if err != nil || len(target.Warnings) != 1 || target.Sub != "exce" {
		t.Errorf("an unknown --subresource: %+v %v", target, err)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"pods", "pods/exec", "deployments.v1.apps/web", "/healthz", "*/scale", "a.b.c/d/e", ".", "//"} {
		f.Add(seed, false)
	}
	table := extended()
	f.Fuzz(func(t *testing.T, text string, named bool) {
		var o resource.Options
		if named {
			o.Subresource = new(string)
		}
		target, err := resource.Parse(table, text, o)
		if err == nil && (target.Path == "") == (target.Resource.Name == "") {
			t.Errorf("Parse(%q) is neither a URL nor a resource: %+v", text, target)
		}
		if err == nil && named && target.Sub != "" {
			t.Errorf("Parse(%q) found subresource %q where none was allowed", text, target.Sub)
		}
	})
}
