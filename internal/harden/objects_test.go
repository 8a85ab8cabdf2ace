package harden

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

const goneID = "aaaaaaaa-0000-4000-8000-00000000dead"

func gone(name string) bool { return name == goneID }

// apiServer is a stand-in for an API server that keeps bindings and roles, with
// resourceVersions and preconditions, and faults at chosen requests.
type apiServer struct {
	t       *testing.T
	objects map[string]map[string]any
	version int
	calls   int
	changes int
	fault   func(call int) (status int, lost bool)
	before  func(call int)
}

func newAPIServer(t *testing.T) *apiServer {
	a := &apiServer{t: t, objects: map[string]map[string]any{}, version: 10}
	a.put(rbacAPI+"/clusterroles/view", `{"metadata":{"name":"view"}}`)
	a.put(rbacAPI+"/clusterrolebindings/half", `{"kind":"ClusterRoleBinding","metadata":{"name":"half","annotations":{"kept":"so"}},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"view"},"subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"`+goneID+`"},{"apiGroup":"rbac.authorization.k8s.io","kind":"Group","name":"stays","future":"kept"}]}`)
	a.put(rbacAPI+"/clusterrolebindings/whole", `{"kind":"ClusterRoleBinding","metadata":{"name":"whole"},"roleRef":{"kind":"ClusterRole","name":"view"},"subjects":[{"kind":"User","name":"`+goneID+`"}]}`)
	a.put(rbacAPI+"/namespaces/team/rolebindings/dangling", `{"kind":"RoleBinding","metadata":{"name":"dangling","namespace":"team","labels":{"a":"b"}},"roleRef":{"kind":"Role","name":"nobody"},"subjects":[{"kind":"User","name":"ann"}]}`)
	return a
}

func (a *apiServer) put(path, text string) {
	a.t.Helper()
	var o map[string]any
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		a.t.Fatal(err)
	}
	a.version++
	meta := o["metadata"].(map[string]any)
	if meta["uid"] == nil {
		meta["uid"] = fmt.Sprintf("uid-%d", a.version)
	}
	meta["resourceVersion"] = fmt.Sprint(a.version)
	a.objects[path] = o
}

func status(code int, message string) (int, []byte, error) {
	return code, fmt.Appendf(nil, `{"kind":"Status","code":%d,"message":%q}`, code, message), nil
}

func (a *apiServer) Send(_ context.Context, method, path string, body []byte) (int, []byte, error) {
	a.calls++
	if a.before != nil {
		a.before(a.calls)
	}
	if a.fault != nil {
		code, lost := a.fault(a.calls)
		if code != 0 {
			return status(code, "fault")
		}
		if lost { // it arrived, its answer did not
			_, _, _ = a.serve(method, path, body)
			return 0, nil, errors.New("connection reset by peer")
		}
	}
	return a.serve(method, path, body)
}

func (a *apiServer) serve(method, path string, body []byte) (int, []byte, error) {
	var in map[string]any
	if body != nil {
		if err := json.Unmarshal(body, &in); err != nil {
			return status(400, err.Error())
		}
	}
	if method == http.MethodPost {
		path += "/" + in["metadata"].(map[string]any)["name"].(string)
		if a.objects[path] != nil {
			return status(409, "already exists")
		}
		if m := in["metadata"].(map[string]any); m["resourceVersion"] != nil || m["uid"] != nil {
			return status(422, "resourceVersion should not be set")
		}
		a.changes++
		a.put(path, string(body))
		return 201, body, nil
	}
	o := a.objects[path]
	if o == nil {
		return status(404, path+" not found")
	}
	meta := o["metadata"].(map[string]any)
	switch method {
	case http.MethodDelete:
		if p := in["preconditions"].(map[string]any); p["uid"] != meta["uid"] || p["resourceVersion"] != meta["resourceVersion"] {
			return status(409, "precondition failed")
		}
		a.changes++
		delete(a.objects, path)
		return status(200, "")
	case http.MethodPut:
		if m := in["metadata"].(map[string]any); m["resourceVersion"] != meta["resourceVersion"] || m["uid"] != meta["uid"] {
			return status(409, "the object has been modified")
		}
		a.changes++
		a.put(path, string(body))
	}
	text, err := json.Marshal(a.objects[path])
	return 200, text, err
}

// planned reads the stand-in as a snapshot would and plans all object remedies.
func (a *apiServer) planned() []Binding {
	k := &snapshot.Snapshot{}
	for _, path := range slices.Sorted(maps.Keys(a.objects)) {
		if !strings.Contains(path, "bindings/") {
			continue
		}
		text, _ := json.Marshal(a.objects[path])
		var o struct {
			Metadata struct{ Name, Namespace string }
			RoleRef  rbac.RoleRef
			Subjects []rbac.Subject
		}
		if err := json.Unmarshal(text, &o); err != nil {
			a.t.Fatal(err)
		}
		k.RBAC.Bindings = append(k.RBAC.Bindings, rbac.Binding{Name: o.Metadata.Name, Namespace: o.Metadata.Namespace, Role: o.RoleRef, Subjects: o.Subjects})
	}
	return Bindings(k, ObjectRemedies(), []string{"RoleBinding/team/dangling"}, gone)
}

func (a *apiServer) applier(undo *[]UndoFile) ObjectApplier {
	return ObjectApplier{
		Kubernetes: a, Say: func(string, ...any) {}, Pause: func(context.Context, time.Duration) error { return nil }, Tries: 3,
		Undo: func(object string, before []byte, d Difference) error {
			if undo != nil {
				*undo = append(*undo, UndoFile{Object: object, Before: before, Differences: []Difference{d}})
			}
			return nil
		},
	}
}

func applyAll(a ObjectApplier, plan []Binding) error {
	for _, b := range plan {
		if _, err := a.Apply(context.Background(), b); err != nil {
			return err
		}
	}
	return nil
}

// state is the bindings without what the server counts.
func (a *apiServer) state() string {
	text, _ := json.Marshal(a.objects)
	var v map[string]map[string]any
	_ = json.Unmarshal(text, &v)
	for _, o := range v {
		delete(o["metadata"].(map[string]any), "resourceVersion")
		delete(o["metadata"].(map[string]any), "uid")
	}
	text, _ = json.Marshal(v)
	return string(text)
}

func done(t *testing.T, a *apiServer) {
	t.Helper()
	if got := len(a.objects); got != 2 {
		t.Errorf("%d objects are left, want the role and half", got)
	}
	text, _ := json.Marshal(a.objects[rbacAPI+"/clusterrolebindings/half"])
	if strings.Contains(string(text), goneID) || !strings.Contains(string(text), `"future":"kept"`) || !strings.Contains(string(text), `"kept":"so"`) {
		t.Errorf("half is %s", text)
	}
}

func TestBindingsApplied(t *testing.T) {
	a := newAPIServer(t)
	before := a.state()
	plan := a.planned()
	if len(plan) != 3 {
		t.Fatalf("%d bindings are planned, want 3: %v", len(plan), plan)
	}
	var undo []UndoFile
	if err := applyAll(a.applier(&undo), plan); err != nil {
		t.Fatal(err)
	}
	done(t, a)
	if a.changes != 3 || len(undo) != 3 {
		t.Errorf("%d changes, %d undo files, want 3 each", a.changes, len(undo))
	}
	// Again, by the plan made before: nothing is done twice.
	if err := applyAll(a.applier(nil), plan); err != nil || a.changes != 3 {
		t.Errorf("again: %d changes: %v", a.changes, err)
	}
	// What an undo file shows is what it does.
	forged := undo[0]
	forged.Before = []byte(strings.Replace(string(forged.Before), `"view"`, `"cluster-admin"`, 1))
	other := undo[0]
	other.Before = []byte(strings.Replace(string(other.Before), `"name":"half"`, `"name":"other"`, 1))
	for _, u := range []UndoFile{forged, other} {
		if string(u.Before) == string(undo[0].Before) {
			t.Fatal("nothing was forged")
		}
		if _, err := a.applier(nil).Restore(context.Background(), u); err == nil || a.changes != 3 {
			t.Errorf("a forged undo file: %d changes: %v", a.changes, err)
		}
	}
	// And back.
	for _, u := range undo {
		for range 2 {
			if _, err := a.applier(nil).Restore(context.Background(), u); err != nil {
				t.Fatalf("restore %s: %v", u.Object, err)
			}
		}
	}
	if after := a.state(); after != before || a.changes != 6 {
		t.Errorf("put back with %d changes:\n%s\nwas\n%s", a.changes, after, before)
	}
}

// TestBindingsFaults: every answer that is none at every call, once and for good,
// and then the command again.
func TestBindingsFaults(t *testing.T) {
	clean := newAPIServer(t)
	if err := applyAll(clean.applier(nil), clean.planned()); err != nil {
		t.Fatal(err)
	}
	for at := 1; at <= clean.calls; at++ {
		for _, code := range []int{409, 429, 500, 503, 0} {
			for _, lasting := range []bool{false, true} {
				t.Run(fmt.Sprintf("call %d, %d, lasting %t", at, code, lasting), func(t *testing.T) {
					a := newAPIServer(t)
					plan := a.planned()
					a.fault = func(call int) (int, bool) {
						if call == at || lasting && call > at {
							return code, code == 0
						}
						return 0, false
					}
					first := applyAll(a.applier(nil), plan)
					if !lasting && code != 409 && first != nil {
						t.Errorf("one fault was not survived: %v", first)
					}
					if lasting && first == nil && code != 0 {
						t.Error("a fault that lasts was not reported")
					}
					a.fault = nil
					if err := applyAll(a.applier(nil), a.planned()); err != nil {
						t.Fatalf("again: %v", err)
					}
					done(t, a)
					if a.changes != 3 {
						t.Errorf("%d changes, want 3", a.changes)
					}
				})
			}
		}
	}
}

// TestBindingsConflict: what somebody else did before any call is kept.
func TestBindingsConflict(t *testing.T) {
	half := rbacAPI + "/clusterrolebindings/half"
	foreign := `{"kind":"ClusterRoleBinding","metadata":{"name":"half","uid":"u"},"roleRef":{"kind":"ClusterRole","name":"view"},"subjects":[{"kind":"User","name":"` + goneID + `"},{"kind":"Group","name":"new"}]}`
	for at := 1; at <= 3; at++ {
		a := newAPIServer(t)
		plan := a.planned()
		i := slices.IndexFunc(plan, func(b Binding) bool { return b.Before.Name == "half" })
		a.before = func(call int) {
			if call == at {
				a.put(half, foreign)
			}
		}
		_, err := a.applier(nil).Apply(context.Background(), plan[i])
		var conflict *Conflict
		if at < 3 && !errors.As(err, &conflict) {
			t.Errorf("before call %d: %v, want a conflict", at, err)
		}
		text, _ := json.Marshal(a.objects[half])
		if !strings.Contains(string(text), `"new"`) {
			t.Errorf("before call %d: what somebody else did is gone: %s", at, text)
		}
	}
	// The role is made again in between: its binding grants something.
	a := newAPIServer(t)
	plan := a.planned()
	i := slices.IndexFunc(plan, func(b Binding) bool { return b.Dangling })
	a.put(rbacAPI+"/namespaces/team/roles/nobody", `{"metadata":{"name":"nobody"}}`)
	var conflict *Conflict
	if _, err := a.applier(nil).Apply(context.Background(), plan[i]); !errors.As(err, &conflict) || a.changes != 0 {
		t.Errorf("a binding whose role came back: %v, %d changes", err, a.changes)
	}
}

// TestBindingsPlan: who is known to be gone, and nobody else.
func TestBindingsPlan(t *testing.T) {
	one := func(s ...rbac.Subject) *snapshot.Snapshot {
		return &snapshot.Snapshot{RBAC: rbac.Policy{Bindings: []rbac.Binding{{Name: "b", Subjects: s}}}}
	}
	dead, live := rbac.Subject{Kind: rbac.UserKind, Name: goneID}, rbac.Subject{Kind: rbac.GroupKind, Name: "g"}
	for _, c := range []struct {
		name string
		k    *snapshot.Snapshot
		want int
	}{
		{"gone", one(dead), 1},
		{"one of two", one(dead, live), 1},
		{"there", one(live), 0},
		{"a ServiceAccount of that name", one(rbac.Subject{Kind: rbac.ServiceAccountKind, Namespace: "a", Name: goneID}), 0},
		{"nobody", one(), 0},
		{"not read", nil, 0},
	} {
		if got := Bindings(c.k, ObjectRemedies(), nil, gone); len(got) != c.want {
			t.Errorf("%s: %d are planned, want %d", c.name, len(got), c.want)
		}
	}
	if got := Bindings(one(dead), Remedies(), nil, gone); len(got) != 0 {
		t.Error("planned though nobody asked")
	}
}
