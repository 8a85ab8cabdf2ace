package audit

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

const create = `{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"RequestResponse","auditID":"6c6b6e1c-6a3f-4d1e-9b1f-0a2b3c4d5e6f","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/default/pods?fieldManager=kubectl-run\u0026limit=1","verb":"create","user":{"username":"hshahin@contoso.example","uid":"u1","groups":["66992c59-0000-4000-8000-000000000001","system:authenticated"],"extra":{"oid":["11111111-2222-4333-8444-555555555555"]}},"sourceIPs":["10.1.2.3","172.31.0.9"],"userAgent":"kubectl/v1.32.0 (linux/amd64) kubernetes/abc\u003cdef\u003e","objectRef":{"resource":"pods","namespace":"default","name":"web","apiVersion":"v1"},"responseStatus":{"metadata":{},"status":"Failure","message":"pods \"web\" is forbidden","reason":"Forbidden","details":{"name":"web","kind":"pods"},"code":403},"requestObject":{"kind":"Pod","spec":{"n":1.10,"z":-0,"e":1E5,"dup":1,"dup":2}},"requestReceivedTimestamp":"2026-11-23T17:58:21.960996Z","stageTimestamp":"2026-11-23T17:58:21.970000Z","annotations":{"admission.example/a":"x","authorization.k8s.io/decision":"forbid","authorization.k8s.io/reason":"","pod-security.kubernetes.io/enforce-policy":"privileged:latest"}}`

func TestDecodeGivesBackTheSameBytes(t *testing.T) {
	e, misfits, err := Decode([]byte(create))
	if err != nil || misfits != nil {
		t.Fatalf("err %v, misfits %v", err, misfits)
	}
	if got := string(e.AppendJSON(nil)); got != create {
		t.Fatalf("rebuilt\n%s\nfrom\n%s", got, create)
	}
	for _, c := range []struct{ name, got, want string }{
		{"requestURI", e.RequestURI.Value, "/api/v1/namespaces/default/pods?fieldManager=kubectl-run&limit=1"},
		{"userAgent", e.UserAgent.Value, "kubectl/v1.32.0 (linux/amd64) kubernetes/abc<def>"},
		{"message", e.ResponseStatus.Message.Value, `pods "web" is forbidden`},
		{"rest", string(e.Annotations.Rest), `{"admission.example/a":"x","pod-security.kubernetes.io/enforce-policy":"privileged:latest"}`},
		{"requestObject", string(e.RequestObject), `{"kind":"Pod","spec":{"n":1.10,"z":-0,"e":1E5,"dup":1,"dup":2}}`},
		{"received", e.RequestReceivedTime.Ticks.Time().Format("2006-01-02T15:04:05.0000000Z"), "2026-11-23T17:58:21.9609960Z"},
	} {
		if c.got != c.want {
			t.Errorf("%s is %q, want %q", c.name, c.got, c.want)
		}
	}
	if e.ResponseStatus.Code != (Code{403, true}) {
		t.Errorf("code is %+v", e.ResponseStatus.Code)
	}
	if got := e.User.Groups.Strings(); !reflect.DeepEqual(got, []string{"66992c59-0000-4000-8000-000000000001", "system:authenticated"}) {
		t.Errorf("groups are %q", got)
	}
	if !e.Annotations.Reason.Set || e.ImpersonatedUser.Set || e.ObjectRef.Subresource.Set {
		t.Error("presence is confused with emptiness")
	}
}

func TestDecodeTellsAbsentNullAndEmptyApart(t *testing.T) {
	e, misfits, err := Decode([]byte(`{"kind":"Event","verb":"","userAgent":null,"user":{},"objectRef":null}`))
	if err != nil || misfits != nil {
		t.Fatalf("err %v, misfits %v", err, misfits)
	}
	if e.Verb != Str("") || e.UserAgent.Set || e.Stage.Set || !e.User.Set || e.User.Username.Set || e.ObjectRef.Set {
		t.Fatalf("decoded %+v", e)
	}
}

func TestDecodeNamesMisfits(t *testing.T) {
	for text, path := range map[string]string{
		`{"verb":1}`:                                             "verb",
		`{"user":{"username":["x"]}}`:                            "user.username",
		`{"user":{"groups":[1]}}`:                                "user.groups[]",
		`{"user":{"extra":{"oid":"x"}}}`:                         "user.extra.oid",
		`{"user":"x"}`:                                           "user",
		`{"verb":"a","verb":"b"}`:                                "verb",
		`{"user":{},"user":{}}`:                                  "user",
		`{"sourceIPs":"1.2.3.4"}`:                                "sourceIPs",
		`{"responseStatus":{"code":"200"}}`:                      "responseStatus.code",
		`{"responseStatus":{"code":99999999999}}`:                "responseStatus.code",
		`{"responseStatus":{"code":200.0}}`:                      "responseStatus.code",
		`{"stageTimestamp":"yesterday"}`:                         "stageTimestamp",
		`{"stageTimestamp":5}`:                                   "stageTimestamp",
		`{"annotations":{"a":{}}}`:                               "annotations.a",
		`{"authenticationMetadata":"x"}`:                         "authenticationMetadata",
		`{"x":1,"x":2}`:                                          "x",
		"{\"verb\":\"\xff\"}":                                    "",
		`{"annotations":{"authorization.k8s.io/decision":true}}`: "annotations.authorization.k8s.io/decision",
	} {
		_, misfits, err := Decode([]byte(text))
		if err != nil || len(misfits) != 1 || misfits[0].Path != path {
			t.Errorf("%s: err %v, misfits %v, want one at %q", text, err, misfits, path)
		}
	}
}

func TestDecodeAcceptsWhatEncodingJSONAccepts(t *testing.T) {
	for _, text := range []string{
		`{}`, ` { } `, "{}\n", `{"a":1e5,"b":-0,"c":0.10,"d":1E+2,"e":[],"f":[[],{}],"g":true,"h":false,"i":null}`,
		`{"a":"\u00e9\ud83d\ude00\ud800\n\/"}`, `{"":{"":""}}`,
		``, ` `, `{`, `[]`, `"x"`, `{}{}`, `{,}`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{"a":01}`, `{"a":.5}`, `{"a":1.}`, `{"a":+1}`, `{"a":-}`, `{"a":1e}`,
		`{"a":[1,]}`, `{"a":[,]}`, `{"a":"` + "\n" + `"}`, `{"a":"\x"}`, `{"a":"\u12g4"}`, `{"a":tru}`, `{"a":nul`, `{'a':1}`, "{\"a\":\"\x00\"}", "\x00{}", `{"a":1 "b":2}`,
		strings.Repeat(`{"a":`, 9000) + `1` + strings.Repeat(`}`, 9000),
	} {
		var m map[string]any
		want := json.Unmarshal([]byte(text), &m) == nil
		_, _, err := Decode([]byte(text))
		if (err == nil) != want {
			t.Errorf("%.40q: err %v, encoding/json accepts %v", text, err, want)
		}
	}
	if _, _, err := Decode([]byte(strings.Repeat(`{"a":`, 20000))); err == nil || err.(*SyntaxError).Cut {
		t.Errorf("no limit of depth: %v", err)
	}
}

func TestUnknownFieldsAreKept(t *testing.T) {
	text := `{"kind":"Event","user":{"username":"a","tenant":{"x":[1.0]}},"objectRef":{"resource":"pods","shard":7},"responseStatus":{"code":200,"more":null},"future":"\u0041"}`
	e, misfits, err := Decode([]byte(text))
	if err != nil || misfits != nil {
		t.Fatalf("err %v, misfits %v", err, misfits)
	}
	if got := string(e.AppendJSON(nil)); got != text {
		t.Fatalf("rebuilt %s", got)
	}
}
