package recorded_test

import (
	"testing"

	"github.com/postern-dev/postern/audit"
	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/recorded"
)

const ann = `"user":{"username":"ann","groups":["dev","system:authenticated"],"extra":{"oid":["4f0d"]}}`

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, event string
		want        rbac.Request
		verdict     recorded.Verdict
		admission   bool
	}{
		{
			"a created object's name is not what was asked",
			`{"verb":"create","requestURI":"/api/v1/namespaces/dev/pods?fieldManager=kubectl-run",` + ann + `,"objectRef":{"resource":"pods","namespace":"dev","name":"web","apiVersion":"v1"},"responseStatus":{"code":201},"annotations":{"authorization.k8s.io/decision":"allow"}}`,
			rbac.Request{Verb: "create", Resource: "pods", Namespace: "dev"}, recorded.Allowed, false,
		},
		{
			"a subresource is created by name",
			`{"verb":"create","requestURI":"/api/v1/namespaces/dev/pods/web/exec?command=sh",` + ann + `,"objectRef":{"resource":"pods","namespace":"dev","name":"web","apiVersion":"v1","subresource":"exec"},"responseStatus":{"code":101}}`,
			rbac.Request{Verb: "create", Resource: "pods", Subresource: "exec", Namespace: "dev", Name: "web"}, recorded.Allowed, false,
		},
		{
			"a cluster-wide list has no namespace",
			`{"verb":"list","requestURI":"/apis/apps/v1/deployments?limit=500",` + ann + `,"objectRef":{"resource":"deployments","apiGroup":"apps","apiVersion":"v1"},"responseStatus":{"code":403},"annotations":{"authorization.k8s.io/decision":"forbid"}}`,
			rbac.Request{Verb: "list", APIGroup: "apps", Resource: "deployments"}, recorded.Forbidden, false,
		},
		{
			"a list by field selector has a name",
			`{"verb":"list","requestURI":"/api/v1/namespaces/dev/pods?fieldSelector=metadata.name%3Dweb",` + ann + `,"objectRef":{"resource":"pods","namespace":"dev","name":"web","apiVersion":"v1"},"responseStatus":{"code":200}}`,
			rbac.Request{Verb: "list", Resource: "pods", Namespace: "dev", Name: "web"}, recorded.Allowed, false,
		},
		{
			"a namespace is asked for in itself",
			`{"verb":"get","requestURI":"/api/v1/namespaces/dev",` + ann + `,"objectRef":{"resource":"namespaces","namespace":"dev","name":"dev","apiVersion":"v1"},"responseStatus":{"code":404}}`,
			rbac.Request{Verb: "get", Resource: "namespaces", Namespace: "dev", Name: "dev"}, recorded.Allowed, false,
		},
		{
			"conflict and invalid were authorised",
			`{"verb":"update","requestURI":"/api/v1/namespaces/dev/configmaps/lock",` + ann + `,"objectRef":{"resource":"configmaps","namespace":"dev","name":"lock","apiVersion":"v1"},"responseStatus":{"code":409}}`,
			rbac.Request{Verb: "update", Resource: "configmaps", Namespace: "dev", Name: "lock"}, recorded.Allowed, false,
		},
		{
			"403 after allow is admission",
			`{"verb":"create","requestURI":"/api/v1/namespaces/dev/pods",` + ann + `,"objectRef":{"resource":"pods","namespace":"dev","apiVersion":"v1"},"responseStatus":{"code":403},"annotations":{"authorization.k8s.io/decision":"allow"}}`,
			rbac.Request{Verb: "create", Resource: "pods", Namespace: "dev"}, recorded.Allowed, true,
		},
		{
			"a URL",
			`{"verb":"get","requestURI":"/metrics?x=1",` + ann + `,"responseStatus":{"code":500}}`,
			rbac.Request{Verb: "get", Path: "/metrics"}, recorded.Unknown, false,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, misfits, err := audit.DecodeString(c.event)
			if err != nil || len(misfits) > 0 {
				t.Fatal(err, misfits)
			}
			got, err := recorded.Read(e)
			if err != nil {
				t.Fatal(err)
			}
			if got.Request != c.want || got.Verdict != c.verdict || got.Admission != c.admission {
				t.Errorf("got %+v", got)
			}
			if got.Who.Username != "ann" || len(got.Who.Groups) != 2 || got.Who.Extra["oid"][0] != "4f0d" || got.Impersonator != nil {
				t.Errorf("who %+v", got.Who)
			}
		})
	}
}

func TestImpersonationIsForSomebodyElse(t *testing.T) {
	e, _, err := audit.DecodeString(`{"verb":"list","requestURI":"/api/v1/pods",` + ann + `,"impersonatedUser":{"username":"bob","groups":["system:authenticated"]},"objectRef":{"resource":"pods"},"responseStatus":{"code":403}}`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := recorded.Read(e)
	if err != nil || got.Who.Username != "bob" || got.Impersonator == nil || got.Impersonator.Username != "ann" || got.Verdict != recorded.Forbidden {
		t.Errorf("%+v %v", got, err)
	}
}

func TestIncompleteEvents(t *testing.T) {
	for event, want := range map[string]error{
		`{"requestURI":"/x",` + ann + `}`:  recorded.ErrNoVerb,
		`{"verb":"get","requestURI":"/x"}`: recorded.ErrNoUser,
		`{"verb":"get",` + ann + `}`:       recorded.ErrNoURI,
	} {
		e, _, err := audit.DecodeString(event)
		if err != nil {
			t.Fatal(err)
		}
		if _, got := recorded.Read(e); got != want {
			t.Errorf("%s: %v, want %v", event, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("create", "/api/v1/namespaces/dev/pods/web/exec?command=sh", "pods", "web")
	f.Add("get", "//%zz?", "", "")
	f.Add("watch", "/api/v1/watch", "x", "")
	f.Fuzz(func(t *testing.T, verb, uri, resource, name string) {
		e := audit.Event{Verb: audit.Str(verb), RequestURI: audit.Str(uri), User: audit.Identity{Set: true, Username: audit.Str("ann")}}
		e.ObjectRef = audit.ObjectRef{Set: resource != "", Resource: audit.Str(resource), Name: audit.Str(name)}
		got, err := recorded.Read(e)
		if err != nil {
			return
		}
		if got.Request.Verb != verb || (got.Request.Path == "") == (resource == "") && uri != "" && resource == "" {
			t.Errorf("%+v", got)
		}
	})
}
