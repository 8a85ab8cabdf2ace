package doorspage_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/internal/doors"
	"github.com/postern-dev/postern/internal/doorspage"
)

// hostile is what somebody might call a group to get into a reader's browser.
const hostile = `</script><img src=x onerror=alert(1)>"'` + "\u202e\x1b[31m"

func report() *doors.Report {
	who := doors.Principal{ID: "p1", Kind: "user", Name: hostile}
	door := doors.Door{
		Kind: doors.LocalAccount, State: doors.Open, Why: hostile, Power: hostile, Fix: hostile,
		Evidence:       []doors.Evidence{{What: hostile, From: hostile, At: time.Unix(1e9, 0)}},
		Holders:        []doors.Holder{{Principal: who, How: doors.Active, Scope: hostile, Unsure: hostile, Path: []doors.Step{{What: hostile, From: hostile}}}},
		HoldersUnknown: []string{hostile},
	}
	return &doors.Report{
		Taken: time.Unix(1e9, 0), TenantID: "t", TenantName: hostile, Lab: true,
		Clusters: []doors.Cluster{{ID: "/subscriptions/" + hostile, Name: hostile, Doors: []doors.Door{door, {Kind: doors.ClusterWrite, Reopens: true, State: doors.Unknown}},
			Breaks: []doors.User{{Name: hostile, Agent: hostile, KindWhy: hostile}}, NotExamined: []doors.Gap{{What: hostile, Why: hostile}}}},
		Keys:        []doors.Key{{Of: who, Who: who, How: doors.Owner, Via: hostile}},
		NotExamined: []doors.Gap{{What: "conditional access", Why: hostile}},
	}
}

func write(t *testing.T, p doorspage.Page) string {
	t.Helper()
	var text bytes.Buffer
	if err := doorspage.Write(&text, p); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func TestHostileNames(t *testing.T) {
	r := report()
	who := r.Keys[0].Of
	for _, p := range []doorspage.Page{{Report: r}, {Report: r, Principal: &who, Becomes: []doors.Principal{who}}} {
		page := write(t, p)
		if strings.Contains(page, "<img") || strings.Contains(page, "\x1b") || strings.Contains(page, "\u202e") {
			t.Error("a name got into the page unescaped")
		}
		if n := strings.Count(page, "</script>"); n != 1 {
			t.Errorf("%d script elements end, want 1", n)
		}
	}
}

// TestSelfContained: nothing of the page comes from elsewhere.
func TestSelfContained(t *testing.T) {
	page := write(t, doorspage.Page{Report: report()})
	if found := regexp.MustCompile(`(?i)(<[a-z]+[^>"]*\s(src|href)=|<link|@import|url\(|https?://)`).FindAllString(page, -1); len(found) > 0 {
		t.Errorf("the page refers to %q", found)
	}
	if !strings.Contains(page, "default-src &#39;none&#39;") {
		t.Error("the page has no policy")
	}
	for _, want := range []string{"Who can open again", "Who breaks if this closes", "Not examined", "conditional access"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
