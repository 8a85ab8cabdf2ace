package aks

import (
	"strings"
	"testing"

	"github.com/postern-dev/postern/audit"
)

const lease = `{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"7f3c1e7e-0001-4000-8000-00000000000a","stage":"ResponseComplete","requestURI":"/readyz","verb":"get","user":{"username":"readinessChecker","groups":["system:authenticated"]}}`

func slashes(s string) string { return strings.ReplaceAll(s, "/", `\/`) }

func TestDecodeTodaysFormWithEscapedSlashes(t *testing.T) {
	log := string(audit.Quote(lease + "\n"))
	text := `{ "category": "kube-audit", "operationName": "Microsoft.ContainerService/managedClusters/diagnosticLogs/Read", "properties": {"pod":"kube-apiserver-1","containerID":"c1","log":` + slashes(log) + `,"stream":"stdout"}, "resourceId": "/SUBSCRIPTIONS/AB/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/ONE", "serviceBuild": "na", "time": "2026-11-23T17:58:21.960996298Z"}`
	r, err := Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	want := Record{
		Category: KubeAudit, Time: audit.ParseTime("2026-11-23T17:58:21.9609962Z").Ticks, Pod: "kube-apiserver-1", Stream: "stdout", ContainerID: "c1",
		ResourceID: "/SUBSCRIPTIONS/AB/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/ONE",
		Rest:       `{"operationName":"Microsoft.ContainerService/managedClusters/diagnosticLogs/Read","serviceBuild":"na"}`,
		Log:        lease + "\n",
	}
	if r != want {
		t.Fatalf("decoded\n%+v\nwant\n%+v", r, want)
	}
	if got := r.Cluster(); got != "/subscriptions/ab/resourcegroups/rg/providers/microsoft.containerservice/managedclusters/one" {
		t.Fatalf("cluster is %s", got)
	}
	again, err := Decode(string(r.AppendJSON(nil)))
	if err != nil || again != r {
		t.Fatalf("written and read again: %+v, %v", again, err)
	}
}

func TestDecodeOlderForm(t *testing.T) {
	r, err := Decode(`{"Cloud":"AzureCloud","Environment":"prod","category":"guard","ccpNamespace":"5e4b","operationName":"x","properties":{"log":"I1123 line","pod":"guard-1","node":"n1"},"resourceId":"/SUBSCRIPTIONS/A","time":"2020-11-09T10:57:31.0000000Z"}`)
	if err != nil {
		t.Fatal(err)
	}
	if r.Category.Audit() || r.Log != "I1123 line" || r.Rest != `{"Cloud":"AzureCloud","Environment":"prod","ccpNamespace":"5e4b","operationName":"x","properties":{"node":"n1"}}` {
		t.Fatalf("decoded %+v", r)
	}
	again, err := Decode(string(r.AppendJSON(nil)))
	if err != nil || again.Log != r.Log || len(again.Rest) != len(r.Rest) {
		t.Fatalf("written and read again: %+v, %v", again, err)
	}
}

func TestDecodeSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		`{"category":"guard"`: "byte 19: the text ends inside the value",
		`[1]`:                 "expected an object, got array",
		`{"category":"guard","time":"2020-11-09T10:57:31Z"}`:                                 "no properties.log",
		`{"category":"guard","properties":{"log":"x"}}`:                                      "no time",
		`{"time":"2020-11-09T10:57:31Z","properties":{"log":"x"}}`:                           "no category",
		`{"category":"guard","time":"now","properties":{"log":"x"}}`:                         `time "now" is not RFC 3339`,
		`{"category":"guard","time":"2020-11-09T10:57:31Z","properties":7}`:                  "properties is number",
		`{"category":"guard","time":"2020-11-09T10:57:31Z","properties":"{\"log\":\"x\"}x"}`: "text after the value",
	} {
		if _, err := Decode(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestSplit(t *testing.T) {
	for text, want := range map[string]int{`{"records":[{"a":1},{"b":2}]}`: 2, `[{},{},{}]`: 3, `{"category":"x"}`: 1, `{"records":[]}`: 0} {
		got, err := Split(text)
		if err != nil || len(got) != want {
			t.Errorf("%s: %d records, %v", text, len(got), err)
		}
	}
	if _, err := Split(`7`); err == nil {
		t.Error("a number is no set of records")
	}
}

func TestSettingSends(t *testing.T) {
	for _, c := range []struct {
		verb         string
		watch        bool
		audit, admin bool
	}{
		{"create", false, true, true}, {"deletecollection", false, true, true}, {"get", true, true, false}, {"list", true, true, false},
		{"watch", true, true, true}, {"watch", false, true, false}, {"", true, true, true}, {"post", true, true, true},
	} {
		if audit, admin := (Setting{Audit: true, Admin: true, WatchInAdmin: c.watch}).Sends(c.verb); audit != c.audit || admin != c.admin {
			t.Errorf("%+v: audit %v, admin %v", c, audit, admin)
		}
	}
	if audit, admin := (Setting{Admin: true}).Sends("create"); audit || !admin {
		t.Error("a category that is off was sent to")
	}
}

func TestParseResource(t *testing.T) {
	r, ok := ParseResource("/SUBSCRIPTIONS/S/resourceGroups/RG/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/One")
	if !ok || r != (Resource{"S", "RG", "MICROSOFT.CONTAINERSERVICE", "MANAGEDCLUSTERS", "One"}) {
		t.Fatalf("%+v %v", r, ok)
	}
	if _, ok := ParseResource("local"); ok {
		t.Fatal("local is no ARM id")
	}
}

func row(m map[string]string) Row {
	return func(c string) (string, bool) { v, ok := m[c]; return v, ok }
}

func TestAzureDiagnosticsRows(t *testing.T) {
	m := map[string]string{"Category": "kube-audit", "ResourceId": "/S", "pod_s": "p", "stream_s": "stdout", "containerID_s": "c", "log_s": lease, "TimeGenerated": "2026-11-23T17:58:21.9609960Z", "OperationName": "op"}
	want, err := FromAzureDiagnostics(row(m))
	if err != nil || want.Log != lease || want.Rest != `{"operationName":"op"}` {
		t.Fatalf("%+v %v", want, err)
	}
	for _, c := range []string{"pod_s", "stream_s", "containerID_s", "log_s"} {
		delete(m, c)
	}
	m["AdditionalFields"] = string(audit.Quote(`{"log":` + string(audit.Quote(lease)) + `,"pod":"p","stream":"stdout","containerID":"c"}`))
	if got, err := FromAzureDiagnostics(row(m)); err != nil || got != want {
		t.Fatalf("from AdditionalFields: %+v %v", got, err)
	}
}

func TestAKSAuditRows(t *testing.T) {
	got, err := FromAKSAudit(KubeAuditAdmin, row(map[string]string{
		"TimeGenerated": "2026-11-23T17:58:21.9609960Z", "Level": "Metadata", "AuditId": "a1", "Stage": "ResponseComplete", "RequestUri": "/api?a=1&b=2", "Verb": "create",
		"User": `{"username":"u"}`, "SourceIps": `"[\"1.2.3.4\"]"`, "RequestObject": "skipped-too-big-size-object", "RequestReceivedTime": "2026-11-23T17:58:21.9609960Z", "PodName": "p", "_ResourceId": "/s",
	}))
	want := `{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"a1","stage":"ResponseComplete","requestURI":"/api?a=1\u0026b=2","verb":"create","user":{"username":"u"},"sourceIPs":["1.2.3.4"],"requestObject":"skipped-too-big-size-object","requestReceivedTimestamp":"2026-11-23T17:58:21.960996Z"}`
	if err != nil || got.Log != want || got.Pod != "p" {
		t.Fatalf("%v\n%s\n%s", err, got.Log, want)
	}
	e, misfits, err := audit.DecodeString(got.Log)
	if err != nil || misfits != nil || string(e.AppendJSON(nil)) != want {
		t.Fatalf("the composed event does not rebuild: %v %v", err, misfits)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(`{"category":"kube-audit","time":"2026-11-23T17:58:21Z","resourceId":"/s","properties":{"log":"x","pod":"p"}}`)
	f.Add(`{"records":[{}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Decode(text)
		if err != nil {
			return
		}
		again, err := Decode(string(r.AppendJSON(nil)))
		if err != nil {
			t.Fatalf("own output: %v", err)
		}
		if len(r.Rest) == 0 && again.Time == r.Time && again.Pod != string([]rune(r.Pod)) {
			t.Fatalf("pod %q became %q", r.Pod, again.Pod)
		}
		Split(text)
	})
}
