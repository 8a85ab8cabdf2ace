package audit

import (
	"strings"
	"testing"
)

// Cut at every byte: what is salvaged must be what the whole event says, and it
// only ever grows.
func TestSalvageOfEveryPrefixIsCertain(t *testing.T) {
	whole, _, err := Decode([]byte(create))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, cut, err := Salvage([]byte(create)); cut || err != nil {
		t.Fatalf("whole text: cut %v, err %v", cut, err)
	}
	before := 0
	for n := 1; n < len(create); n++ {
		e, misfits, cut, err := Salvage([]byte(create[:n]))
		if !cut || err == nil || misfits != nil {
			t.Fatalf("cut at %d: cut %v, err %v, misfits %v", n, cut, err, misfits)
		}
		facts := 0
		pair := func(name string, got, want Text) {
			if got.Set {
				facts++
				if got != want {
					t.Fatalf("cut at %d: %s is %q, want %q", n, name, got.Value, want.Value)
				}
			}
		}
		doc := func(name string, got, want JSON) {
			if got != "" {
				facts++
				if got != want {
					t.Fatalf("cut at %d: %s is %s, want %s", n, name, got, want)
				}
			}
		}
		pair("auditID", e.AuditID, whole.AuditID)
		pair("stage", e.Stage, whole.Stage)
		pair("requestURI", e.RequestURI, whole.RequestURI)
		pair("verb", e.Verb, whole.Verb)
		pair("username", e.User.Username, whole.User.Username)
		doc("groups", e.User.Groups, whole.User.Groups)
		doc("extra", e.User.Extra, whole.User.Extra)
		doc("sourceIPs", e.SourceIPs, whole.SourceIPs)
		pair("userAgent", e.UserAgent, whole.UserAgent)
		pair("resource", e.ObjectRef.Resource, whole.ObjectRef.Resource)
		pair("name", e.ObjectRef.Name, whole.ObjectRef.Name)
		pair("message", e.ResponseStatus.Message, whole.ResponseStatus.Message)
		doc("details", e.ResponseStatus.Details, whole.ResponseStatus.Details)
		doc("requestObject", e.RequestObject, whole.RequestObject)
		pair("decision", e.Annotations.Decision, whole.Annotations.Decision)
		if e.ResponseStatus.Code.Set {
			facts++
			if e.ResponseStatus.Code != whole.ResponseStatus.Code {
				t.Fatalf("cut at %d: code is %d", n, e.ResponseStatus.Code.Value)
			}
		}
		for _, when := range []struct{ got, want Time }{{e.RequestReceivedTime, whole.RequestReceivedTime}, {e.StageTime, whole.StageTime}} {
			if when.got.Set {
				facts++
				if when.got != when.want {
					t.Fatalf("cut at %d: time is %v", n, when.got)
				}
			}
		}
		if facts < before {
			t.Fatalf("cut at %d: %d facts, %d with one byte less", n, facts, before)
		}
		before = facts
	}
	if before < 18 {
		t.Fatalf("only %d facts from the longest prefix", before)
	}
}

func TestSalvageCutsAfterTheVerbKeepTheVerb(t *testing.T) {
	n := strings.Index(create, `"verb":"create"`) + len(`"verb":"create"`)
	e, _, _, _ := Salvage([]byte(create[:n]))
	if e.Verb != Str("create") {
		t.Fatalf("verb is %+v", e.Verb)
	}
	n = strings.Index(create, `"code":403`) + len(`"code":403`)
	if e, _, _, _ = Salvage([]byte(create[:n])); e.ResponseStatus.Code.Set {
		t.Fatal("a number at the very end of the text was taken for certain")
	}
}

func TestSalvageRefusesWhatIsNoBeginning(t *testing.T) {
	for _, text := range []string{"", "  ", "I1123 klog line", `{"a":x`, `["a"`, `{"a":1}}`} {
		if _, _, cut, err := Salvage([]byte(text)); cut || err == nil {
			t.Errorf("%q: cut %v, err %v", text, cut, err)
		}
	}
}
