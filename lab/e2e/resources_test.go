package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

var record = flag.Bool("record", false, "write what the API server serves into rbac/resource/builtin.txt")

// TestBuiltinResources holds the table of resources that the product uses
// without a cluster against what the lab's kube-apiserver serves. After a new
// version of Kubernetes: go test ./e2e -run TestBuiltinResources -record.
func TestBuiltinResources(t *testing.T) {
	lab := startLab(t)
	config, err := clientcmd.BuildConfigFromFlags("", lab.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	got := describeResources(t, &server{config, httpClient(t, config)})
	file := filepath.Join("..", "..", "rbac", "resource", "builtin.txt")
	if *record {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	have := strings.Split(string(want), "\n")
	for n, line := range strings.Split(got, "\n") {
		if n >= len(have) || line != have[n] {
			t.Fatalf("builtin.txt:%d is not what the API server serves:\nserver %s\nfile   %s\nrun with -record to write it anew", n+1, line, strings.Join(have[min(n, len(have)-1):min(n+1, len(have))], ""))
		}
	}
	t.Fatalf("builtin.txt has more lines than the API server serves")
}

type server struct {
	config *rest.Config
	client *http.Client
}

func httpClient(t *testing.T, config *rest.Config) *http.Client {
	t.Helper()
	cert, err := tls.X509KeyPair(config.CertData, config.KeyData)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(config.CAData)
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{cert}}}}
}

func (s *server) get(t *testing.T, path string, out any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.config.Host+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := s.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s %v\n%s", path, res.Status, err, data)
	}
	if err := json.Unmarshal(data, out); err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
}

// kubernetesVersion is the one the lab is built from. The server itself tells it
// only when it was linked with it.
func kubernetesVersion(t *testing.T) string {
	t.Helper()
	mod, err := os.ReadFile(filepath.Join("..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^\s*k8s.io/kubernetes (v\S+)`).FindSubmatch(mod)
	if m == nil {
		t.Fatal("lab/go.mod does not name k8s.io/kubernetes")
	}
	return string(m[1])
}

// description is one resource in all its versions.
type description struct {
	versions []string
	metav1.APIResource
	subs []string
}

// describeResources asks in the oldest form of discovery, a group version at a
// time: the product's own reading, which prefers the newer form, is thereby
// checked by another route.
func describeResources(t *testing.T, s *server) string {
	var all []*description
	group := func(name string, versions []string) {
		for _, v := range versions {
			path := "/api/" + v
			if name != "" {
				path = "/apis/" + name + "/" + v
			}
			var list metav1.APIResourceList
			s.get(t, path, &list)
			all = add(all, name, v, list.APIResources)
		}
	}
	var core metav1.APIVersions
	s.get(t, "/api", &core)
	group("", core.Versions)
	var named metav1.APIGroupList
	s.get(t, "/apis", &named)
	for _, g := range named.Groups {
		versions := []string{g.PreferredVersion.Version}
		for _, v := range g.Versions {
			if v.Version != g.PreferredVersion.Version {
				versions = append(versions, v.Version)
			}
		}
		group(g.Name, versions)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# What kube-apiserver %s serves with its default features.\n", kubernetesVersion(t))
	b.WriteString("# Recorded by lab/e2e TestBuiltinResources -record; not edited by hand.\n#\n")
	b.WriteString("# group/version,… plural singular Kind short-names scope verbs\n#   subresource verbs\n\n")
	for _, d := range all {
		b.WriteString(d.String())
	}
	return b.String()
}

func add(all []*description, group, version string, list []metav1.APIResource) []*description {
	for _, r := range list {
		name, sub, isSub := strings.Cut(r.Name, "/")
		i := slices.IndexFunc(all, func(d *description) bool { return d.Group == group && d.Name == name })
		if i < 0 {
			all = append(all, &description{})
			i = len(all) - 1
			all[i].Group, all[i].Name = group, name
		}
		d := all[i]
		if !slices.Contains(d.versions, version) {
			d.versions = append(d.versions, version)
		}
		if isSub {
			line := "  " + sub + " " + words(r.Verbs) + "\n"
			if !slices.ContainsFunc(d.subs, func(s string) bool { return strings.HasPrefix(s, "  "+sub+" ") }) {
				d.subs = append(d.subs, line)
			}
			continue
		}
		d.Kind, d.SingularName, d.ShortNames, d.Namespaced, d.Verbs = r.Kind, r.SingularName, r.ShortNames, r.Namespaced, r.Verbs
	}
	return all
}

func (d *description) String() string {
	scope := "cluster"
	if d.Namespaced {
		scope = "namespaced"
	}
	prefix := ""
	if d.Group != "" {
		prefix = d.Group + "/"
	}
	slices.Sort(d.subs)
	return fmt.Sprintf("%s%s %s %s %s %s %s %s\n%s", prefix, strings.Join(d.versions, ","), d.Name, orNone(d.SingularName), d.Kind, words(d.ShortNames), scope, words(d.Verbs), strings.Join(d.subs, ""))
}

func words(list []string) string {
	list = slices.Clone(list)
	slices.Sort(list)
	return orNone(strings.Join(list, ","))
}

func orNone(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
