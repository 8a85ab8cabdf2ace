package snapshot_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/azrbac"
	"github.com/postern-dev/postern/rbac/resource"
)

var update = flag.Bool("update", false, "write the golden snapshot anew: only with a new apiVersion")

// TestRoundTrip: what is written is what is read, whatever a cluster holds.
func TestRoundTrip(t *testing.T) {
	for seed := range uint64(300) {
		want := random(seed)
		var text bytes.Buffer
		if err := snapshot.Encode(&text, want, "postern test"); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		got, err := snapshot.Decode(text.Bytes(), "x.json")
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, text.Bytes())
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d:\n got %+v\nwant %+v", seed, got, want)
		}
	}
}

// draw makes values of every type a snapshot has, nil and empty ones among them.
type draw struct{ *rand.Rand }

func random(seed uint64) *snapshot.Snapshot {
	d := draw{rand.New(rand.NewPCG(seed, 1))}
	s := &snapshot.Snapshot{
		Name: "c" + d.text(), Taken: time.Unix(d.Int64N(1<<32), d.Int64N(1e9)).UTC(), Version: d.text(), DefaultNamespace: d.text(), Tenant: d.text(),
		Source:    snapshot.Source{Kind: snapshot.Cluster, Context: d.text(), Server: d.text(), Lab: d.IntN(2) == 0, Namespace: d.text(), Files: list(d, draw.text)},
		Resources: list(d, draw.resource), Unserved: list(d, draw.text), Namespaces: list(d, draw.namespace),
		RBAC:    rbac.Policy{Complete: d.IntN(2) == 0, Roles: list(d, draw.role), Bindings: list(d, draw.binding)},
		Unknown: list(d, draw.unknown), Remarks: list(d, func(d draw) snapshot.Remark { return snapshot.Remark{Text: d.text()} }),
	}
	if d.IntN(2) == 0 {
		s.Identity = &snapshot.Identity{User: d.text(), UID: d.text(), Groups: list(d, draw.text), API: d.text()}
		if d.IntN(2) == 0 {
			s.Identity.Extra = map[string][]string{d.text(): {d.text()}}
		}
	}
	s.Requests = orRead(d, func(d draw) snapshot.CertificateRequest {
		return snapshot.CertificateRequest{Name: d.text(), Signer: d.text(), Requester: d.text(), User: d.text(), Groups: list(d, draw.text), Created: d.time(),
			Approved: d.IntN(2) == 0, Denied: d.IntN(2) == 0, Issued: d.IntN(2) == 0, Expires: d.time()}
	})
	s.TokenSecrets = orRead(d, func(d draw) snapshot.TokenSecret {
		return snapshot.TokenSecret{Namespace: d.text(), Name: d.text(), ServiceAccount: d.text(), Created: d.time(), LastUsed: d.text()}
	})
	flag := func(d draw) *bool {
		if v := d.IntN(3); v < 2 {
			on := v == 0
			return &on
		}
		return nil
	}
	s.ServiceAccounts = orRead(d, func(d draw) snapshot.ServiceAccount {
		return snapshot.ServiceAccount{Namespace: d.text(), Name: d.text(), Automount: flag(d)}
	})
	s.Pods = orRead(d, func(d draw) snapshot.Pod {
		return snapshot.Pod{Namespace: d.text(), Name: d.text(), Owner: d.text(), ServiceAccount: d.text(), Automount: flag(d), Mounts: d.IntN(2) == 0}
	})
	s.ClientCAs = orRead(d, func(d draw) snapshot.Authority {
		return snapshot.Authority{Subject: d.text(), NotBefore: d.time(), NotAfter: d.time(), SHA256: d.text()}
	})
	if d.IntN(2) == 0 {
		s.Azure = &azrbac.Facts{
			ClusterID: d.text(), Enabled: d.IntN(2) == 0, ManagementGroups: list(d, draw.text),
			Assignments: list(d, func(d draw) azrbac.Assignment {
				return azrbac.Assignment{ID: d.text(), PrincipalID: d.text(), Scope: d.text(), Condition: d.text()}
			}),
			Unread: list(d, func(d draw) azrbac.Unread { return azrbac.Unread{Part: azrbac.Cluster, Why: d.text(), Needs: d.text()} }),
		}
	}
	return s
}

// text has what JSON escapes and what HTML would.
func (d draw) text() string {
	letters := []string{"", "a", "system:masters", "Ä", "\n", `"`, "<&>", "\\", "\u2028", "😀", " "}
	return letters[d.IntN(len(letters))] + letters[d.IntN(len(letters))]
}

// list is nil where it is empty: JSON that leaves empty lists out cannot tell
// the two apart, and no reader does.
func list[T any](d draw, one func(draw) T) (all []T) {
	for range d.IntN(4) {
		all = append(all, one(d))
	}
	return all
}

// orRead is nil where a part was not read, which is not the same as empty.
func orRead[T any](d draw, one func(draw) T) []T {
	if d.IntN(3) == 0 {
		return nil
	}
	return append([]T{}, list(d, one)...)
}

func (d draw) time() time.Time {
	if d.IntN(4) == 0 {
		return time.Time{}
	}
	return time.Unix(d.Int64N(1<<32), 0).UTC()
}

func (d draw) labels() map[string]string {
	if d.IntN(2) == 0 {
		return nil
	}
	return map[string]string{d.text(): d.text(), "k": d.text()}
}

func (d draw) resource() resource.Resource {
	return resource.Resource{
		Group: d.text(), Version: d.text(), Versions: list(d, draw.text), Name: "r" + d.text(), Singular: d.text(), Kind: d.text(),
		ShortNames: list(d, draw.text), Namespaced: d.IntN(2) == 0, Verbs: list(d, draw.text),
		Subresources: list(d, func(d draw) resource.Sub { return resource.Sub{Name: d.text(), Verbs: list(d, draw.text)} }),
	}
}

func (d draw) namespace() snapshot.Namespace {
	return snapshot.Namespace{Name: d.text(), Labels: d.labels()}
}

func (d draw) unknown() snapshot.Unknown {
	return snapshot.Unknown{What: "w" + d.text(), Why: "y" + d.text(), Hint: d.text()}
}

func (d draw) position() rbac.Position {
	return rbac.Position{File: d.text(), Line: d.IntN(3), Column: d.IntN(3)}
}

func (d draw) role() rbac.Role {
	r := rbac.Role{Namespace: d.text(), Name: "r" + d.text(), Labels: d.labels(), Rules: list(d, func(d draw) rbac.Rule {
		return rbac.Rule{Verbs: list(d, draw.text), APIGroups: list(d, draw.text), Resources: list(d, draw.text), ResourceNames: list(d, draw.text), NonResourceURLs: list(d, draw.text)}
	}), At: d.position(), RuleAt: list(d, draw.position)}
	switch d.IntN(3) {
	case 0:
		r.Aggregate = []rbac.Selector{} // aggregated, from nothing
	case 1:
		r.Aggregate = list(d, func(d draw) rbac.Selector {
			return rbac.Selector{MatchLabels: d.labels(), Expressions: list(d, func(d draw) rbac.Requirement {
				return rbac.Requirement{Key: d.text(), Operator: d.text(), Values: list(d, draw.text)}
			})}
		})
	}
	return r
}

func (d draw) binding() rbac.Binding {
	return rbac.Binding{
		Namespace: d.text(), Name: "b" + d.text(), Labels: d.labels(), Role: rbac.RoleRef{Kind: rbac.RoleRoleKind, Name: d.text()}, At: d.position(),
		Subjects: list(d, func(d draw) rbac.Subject {
			return rbac.Subject{Kind: rbac.SubjectKind(d.text()), Namespace: d.text(), Name: d.text()}
		}),
	}
}

// fixed is a snapshot that has something of everything.
func fixed() *snapshot.Snapshot {
	return &snapshot.Snapshot{
		Name: "aks-lab", Taken: time.Date(2026, 11, 23, 17, 58, 21, 960996000, time.UTC), Version: "v1.36.3", DefaultNamespace: "default", Tenant: "7f2b0c5e-0000-4000-8000-000000000001",
		Source:     snapshot.Source{Kind: snapshot.Cluster, Context: "aks-lab", Server: "https://127.0.0.1:16443", Lab: true},
		Identity:   &snapshot.Identity{User: "hshahin@lab.onmicrosoft.com", UID: "u", Groups: []string{"66992c59-0f3b-4d6a-9c81-5e7b2a4d8f06", "system:authenticated"}, Extra: map[string][]string{"oid": {"4f0d9a52"}}, API: "authentication.k8s.io/v1"},
		Resources:  []resource.Resource{{Version: "v1", Versions: []string{"v1"}, Name: "pods", Singular: "pod", Kind: "Pod", ShortNames: []string{"po"}, Namespaced: true, Verbs: []string{"create", "get"}, Subresources: []resource.Sub{{Name: "exec", Verbs: []string{"create", "get"}}}}},
		Unserved:   []string{"metrics.k8s.io"},
		Namespaces: []snapshot.Namespace{{Name: "dev", Labels: map[string]string{"pod-security.kubernetes.io/enforce": "baseline"}}},
		RBAC: rbac.Policy{
			Roles: []rbac.Role{
				{Name: "edit", Labels: map[string]string{"a": "b"}, Rules: []rbac.Rule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"pods"}, ResourceNames: []string{"web"}}, {Verbs: []string{"get"}, NonResourceURLs: []string{"/healthz"}}}, Aggregate: []rbac.Selector{{MatchLabels: map[string]string{"to": "edit"}, Expressions: []rbac.Requirement{{Key: "k", Operator: "In", Values: []string{"v"}}}}}},
				{Namespace: "dev", Name: "own", At: rbac.Position{File: "r.yaml", Line: 3, Column: 1}},
			},
			Bindings: []rbac.Binding{{Namespace: "dev", Name: "own", Role: rbac.RoleRef{Kind: rbac.RoleRoleKind, Name: "own"}, Subjects: []rbac.Subject{rbac.User("ann"), rbac.ServiceAccount("dev", "bot")}}},
		},
		Azure:   &azrbac.Facts{ClusterID: "/subscriptions/s/resourcegroups/rg-lab/providers/microsoft.containerservice/managedclusters/aks-lab", Enabled: true, Unread: []azrbac.Unread{{Part: azrbac.Denies, Why: "AuthorizationFailed", Needs: "Microsoft.Authorization/denyAssignments/read"}}},
		Unknown: []snapshot.Unknown{{What: snapshot.ClusterRoleBindings, Why: "forbidden", Hint: "ask for list"}, {What: snapshot.Discovery, Why: "metrics.k8s.io does not answer"}},
		Remarks: []snapshot.Remark{{Text: "read by hand"}},
	}
}

// TestGolden: files of this version stay readable. The golden file is that of
// the day the version began; it is never edited, a new version has its own.
func TestGolden(t *testing.T) {
	file := filepath.Join("testdata", "snapshot-v1.json")
	if *update {
		var text bytes.Buffer
		if err := snapshot.Encode(&text, fixed(), "postern v0.1.0"); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, text.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got, err := snapshot.Decode(data, file)
	if err != nil {
		t.Fatal(err)
	}
	if want := fixed(); !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
}

// TestCutAnywhere: no beginning of a file passes for a whole one, and each says
// where it ends.
func TestCutAnywhere(t *testing.T) {
	var text bytes.Buffer
	if err := snapshot.Encode(&text, fixed(), "postern test"); err != nil {
		t.Fatal(err)
	}
	whole := bytes.TrimSpace(text.Bytes())
	recognised := 0
	for n := range whole {
		_, err := snapshot.Decode(whole[:n], "cut.json")
		var e *snapshot.FileError
		if !errors.As(err, &e) {
			t.Fatalf("%d of %d bytes: %v", n, len(whole), err)
		}
		if !snapshot.IsSnapshot(whole[:n]) {
			continue
		}
		recognised++
		if e.Msg != "it is cut off here" || e.Offset != int64(n) {
			t.Fatalf("%d of %d bytes: %+v", n, len(whole), e)
		}
	}
	if recognised < len(whole)-100 {
		t.Errorf("only %d of %d beginnings are recognised as a snapshot's", recognised, len(whole))
	}
}

func TestDecodeFaults(t *testing.T) {
	valid := func(edit func(string) string) string {
		var text bytes.Buffer
		if err := snapshot.Encode(&text, fixed(), "postern test"); err != nil {
			t.Fatal(err)
		}
		return edit(text.String())
	}
	replace := func(old, new string) string {
		return valid(func(s string) string {
			if !strings.Contains(s, old) {
				t.Fatalf("the snapshot has no %s", old)
			}
			return strings.Replace(s, old, new, 1)
		})
	}
	for name, c := range map[string]struct{ text, want string }{
		"later version":    {replace("postern.dev/v1", "postern.dev/v12"), "newer than this postern reads"},
		"another version":  {replace("postern.dev/v1", "postern.dev/v1beta"), `apiVersion is "postern.dev/v1beta"`},
		"unknown field":    {replace(`"madeBy"`, `"maker"`), `unknown field "maker"`},
		"deep field":       {replace(`"roleRef"`, `"roleRefs"`), `unknown field "roleRefs"`},
		"wrong type":       {replace(`"name": "aks-lab"`, `"name": ["aks-lab"]`), "name is a JSON array"},
		"broken":           {replace(`"name": "aks-lab"`, `"name": aks-lab`), "invalid character 'a'"},
		"no time":          {replace(`"2026-11-23T17:58:21.960996Z"`, `null`), "taken is missing"},
		"no such time":     {replace(`"2026-11-23T17:58:21.960996Z"`, `"yesterday"`), "parsing time"},
		"source":           {replace(`"kind": "cluster"`, `"kind": "guess"`), `source.kind is "guess"`},
		"nameless":         {replace(`"name": "aks-lab"`, `"name": ""`), "name is empty"},
		"unknown unsaid":   {replace(`"why": "forbidden"`, `"why": ""`), "unknown[0] does not say what and why"},
		"roleRef kind":     {replace(`"kind": "Role",`, `"kind": "Rule",`), `rbac.bindings[0].roleRef.kind is "Rule"`},
		"nameless role":    {replace(`"name": "edit"`, `"name": ""`), "rbac.roles[0] has no name"},
		"nameless binding": {replace(`"name": "own",`+"\n    \"roleRef\"", `"name": "",`+"\n    \"roleRef\""), "rbac.bindings[0] has no name"},
		"two":              {valid(func(s string) string { return s + s }), "something follows the snapshot"},
	} {
		_, err := snapshot.Decode([]byte(c.text), "x.json")
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "read snapshot x.json") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for seed := range uint64(3) {
		var text bytes.Buffer
		if err := snapshot.Encode(&text, random(seed), "postern test"); err != nil {
			f.Fatal(err)
		}
		f.Add(text.Bytes())
	}
	f.Add([]byte(`{"kind":"Snapshot","apiVersion":"postern.dev/v9"}`))
	f.Add([]byte(`{"kind":"Snapshot","apiVersion":"postern.dev/v1","x":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := snapshot.Decode(data, "x.json")
		if err != nil {
			var e *snapshot.FileError
			if !errors.As(err, &e) || e.Line > 0 && (e.Offset > int64(len(data)) || e.Column < 1) {
				t.Errorf("%#v", err)
			}
			return
		}
		// What could be read can be written and read again.
		var text bytes.Buffer
		if err := snapshot.Encode(&text, s, ""); err != nil {
			t.Fatal(err)
		}
		again, err := snapshot.Decode(text.Bytes(), "x.json")
		if err != nil {
			t.Fatalf("%v\n%s", err, text.Bytes())
		}
		if fmt.Sprintf("%+v", again) != fmt.Sprintf("%+v", s) && s.Identity == nil && s.Azure == nil {
			t.Errorf("\n got %+v\nwant %+v", again, s)
		}
	})
}
