package guard

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/lab/entra"
)

func serve(t *testing.T, aad *cloud.AADProfile) (*Server, *bytes.Buffer) {
	t.Helper()
	dir := t.TempDir()
	state, err := cloud.Open(cloud.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { state.Close() })
	key, err := entra.OpenKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	world := state.World()
	if aad != nil {
		err := state.Update(func(w *cloud.World) error {
			props := map[string]any{}
			if err := json.Unmarshal(w.Clusters[0].Properties, &props); err != nil {
				return err
			}
			props["aadProfile"] = aad
			w.Clusters[0].Properties, err = json.Marshal(props)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var log bytes.Buffer
	return &Server{State: state, Key: key, ClusterID: world.ClusterID(world.Clusters[0]), Log: &log}, &log
}

func post(t *testing.T, s *Server, path string, in, out any) {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body)))
	if w.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
		t.Fatal(err)
	}
}

// TestIdentity: names are those AKS gives.
func TestIdentity(t *testing.T) {
	w := cloud.DefaultWorld()
	for _, c := range []struct {
		name   string
		token  entra.Token
		want   string
		groups int
	}{
		{"person", entra.Token{UPN: "a@b.c", ObjectID: "o1", Groups: []string{"g"}}, "a@b.c", 1},
		{"guest or application", entra.Token{ObjectID: "o2"}, "o2", 0},
		{"overage asks the directory", entra.Token{UPN: "hshahin", ObjectID: w.Users[0].ID, Overage: true}, "hshahin", 3},
	} {
		u := identity(w, c.token)
		if u.Username != c.want || len(u.Groups) != c.groups || u.Extra["oid"][0] != c.token.ObjectID {
			t.Errorf("%s: %+v", c.name, u)
		}
	}
}

// TestTokenNotOurs: without Entra integration nobody is known and nothing is
// said; with it a foreign token is refused with a reason.
func TestTokenNotOurs(t *testing.T) {
	in := tokenReview{}
	in.Spec.Token = "not-a-token"
	for _, c := range []struct {
		aad   *cloud.AADProfile
		error bool
	}{{nil, false}, {&cloud.AADProfile{Managed: true}, true}} {
		s, _ := serve(t, c.aad)
		var out tokenReview
		post(t, s, TokenReviewPath, in, &out)
		if out.Status.Authenticated || (out.Status.Error != "") != c.error || out.Spec.Token != "" {
			t.Errorf("aadProfile %v: %+v", c.aad, out)
		}
	}
}

func TestAccess(t *testing.T) {
	s, log := serve(t, &cloud.AADProfile{Managed: true, EnableAzureRBAC: true})
	w := s.State.World()
	reader, ok := w.User("test-user@lab.onmicrosoft.com")
	if !ok {
		t.Fatal("test-user is not in the world")
	}
	role, ok := w.RoleDefinition("Azure Kubernetes Service RBAC Reader")
	if !ok {
		t.Fatal("RBAC Reader is not in the world")
	}
	const assignment = "59ae41cf-f153-4419-94fc-e848787e000b"
	err := s.State.Update(func(w *cloud.World) error {
		w.RoleAssignments = append(w.RoleAssignments, cloud.RoleAssignment{ID: assignment, PrincipalID: reader.ID, RoleID: role.ID, Scope: s.ClusterID + "/namespaces/shop"})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	oid := map[string][]string{"oid": {reader.ID}}
	for _, c := range []struct {
		name    string
		spec    accessSpec
		allowed bool
		reason  string
	}{
		{"read in the namespace", accessSpec{User: reader.UPN, Extra: oid, Resource: &resource{Namespace: "shop", Verb: "list", Resource: "pods"}}, true, "Role Assignment 59ae41cff153441994fce848787e000b of Role 7f6c6a51bcf842ba922052d62157d7db to user " + reader.UPN},
		{"write in the namespace", accessSpec{User: reader.UPN, Extra: oid, Resource: &resource{Namespace: "shop", Verb: "create", Resource: "pods"}}, false, reasonDenied},
		{"secrets in the namespace", accessSpec{User: reader.UPN, Extra: oid, Resource: &resource{Namespace: "shop", Verb: "get", Resource: "secrets"}}, false, reasonDenied},
		{"exec", accessSpec{User: reader.UPN, Extra: oid, Resource: &resource{Namespace: "shop", Verb: "get", Resource: "pods", Subresource: "exec"}}, false, reasonDenied},
		{"read elsewhere", accessSpec{User: reader.UPN, Extra: oid, Resource: &resource{Namespace: "default", Verb: "list", Resource: "pods"}}, false, reasonDenied},
		{"apps group", accessSpec{User: reader.UPN, Extra: oid, Resource: &resource{Namespace: "shop", Verb: "get", Group: "apps", Resource: "deployments"}}, true, "Access allowed by Azure RBAC"},
		{"discovery", accessSpec{User: reader.UPN, Extra: oid, NonResource: &nonResource{Verb: "get", Path: "/api/v1"}}, true, ""},
		{"system user", accessSpec{User: "system:node:a", Extra: oid, Resource: &resource{Namespace: "shop", Verb: "list", Resource: "pods"}}, false, ""},
		{"no object id", accessSpec{User: "jane", Resource: &resource{Namespace: "shop", Verb: "list", Resource: "pods"}}, false, reasonNoOID},
	} {
		in, out := accessReview{Spec: c.spec}, accessReview{}
		post(t, s, AccessReviewPath, in, &out)
		if out.Status.Allowed != c.allowed || !strings.Contains(out.Status.Reason, c.reason) || out.Status.Denied {
			t.Errorf("%s: %+v, want allowed=%v and reason %q", c.name, out.Status, c.allowed, c.reason)
		}
	}
	if !strings.Contains(log.String(), "checkaccess.go") {
		t.Errorf("guard log is empty: %q", log)
	}
}

// TestNoOpinionWithoutAzureRBAC: with Kubernetes RBAC alone the webhook has no
// opinion on anything.
func TestNoOpinionWithoutAzureRBAC(t *testing.T) {
	s, _ := serve(t, &cloud.AADProfile{Managed: true})
	var out accessReview
	post(t, s, AccessReviewPath, accessReview{Spec: accessSpec{User: "x", Extra: map[string][]string{"oid": {"y"}}, Resource: &resource{Verb: "get", Resource: "pods"}}}, &out)
	if out.Status != (accessStatus{}) {
		t.Errorf("%+v", out.Status)
	}
}

func TestBadReview(t *testing.T) {
	s, _ := serve(t, nil)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, AccessReviewPath, strings.NewReader("{")))
	if w.Code != http.StatusBadRequest {
		t.Errorf("status %d", w.Code)
	}
}
