package posture

import (
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/internal/doors"
	"github.com/postern-dev/postern/internal/finding"
	"github.com/postern-dev/postern/internal/snapshot"
)

const certificate = "X509SHA256=aa"

func day(n int) time.Time { return testNow().AddDate(0, 0, n) }

// complete is a log that covers the whole time asked about.
func complete(uses ...Use) *Log {
	for i := range uses {
		uses[i].Cluster, uses[i].Count = strings.ToLower(testID), 3
		if uses[i].First.IsZero() {
			uses[i].First, uses[i].Last = day(-10), day(-9)
		}
	}
	return &Log{Since: day(-30), Until: testNow(), Uses: uses, Coverage: []Covered{{strings.ToLower(testID), "kube-audit", day(-60), testNow()}, {strings.ToLower(testID), "kube-audit-admin", day(-60), testNow()}}}
}

func logged(tenant *snapshot.Tenant, log *Log, check string) ([]finding.Finding, []finding.Unknown) {
	r := Scan(tenant, doors.Find(tenant, doors.Options{Now: testNow()}), Options{Now: testNow(), Checks: []string{check}, Log: log})
	return r.Findings, r.Unknown
}

func use(user, credential, address string) Use {
	return Use{User: user, Credential: credential, Address: address, Agent: "kubectl/v1.33"}
}

func TestManyAddresses(t *testing.T) {
	for name, c := range map[string]struct {
		uses []Use
		want int
	}{
		"one certificate, two places":        {[]Use{use("masterclient", certificate, "198.51.100.1"), use("masterclient", certificate, "198.51.100.2")}, 1},
		"somebody's own certificate":         {[]Use{use("eve", certificate, "198.51.100.1"), use("eve", certificate, "203.0.113.1")}, 1},
		"the shared account, no ids":         {[]Use{use("clusterAdmin", "", "198.51.100.1"), use("clusterAdmin", "", "198.51.100.2")}, 1},
		"two IPv6 networks":                  {[]Use{use("eve", certificate, "2001:db8:0:1::1"), use("eve", certificate, "2001:db8:0:2::1")}, 1},
		"two of them":                        {[]Use{use("a", certificate, "198.51.100.1"), use("a", certificate, "198.51.100.2"), use("b", "X509SHA256=bb", "198.51.100.1"), use("b", "X509SHA256=bb", "198.51.100.2")}, 2},
		"one place, two agents":              {[]Use{use("masterclient", certificate, "198.51.100.1"), {User: "masterclient", Credential: certificate, Address: "198.51.100.1", Agent: "helm"}}, 0},
		"rotated: two certificates":          {[]Use{use("masterclient", certificate, "198.51.100.1"), use("masterclient", "X509SHA256=bb", "198.51.100.2")}, 0},
		"one IPv6 network":                   {[]Use{use("eve", certificate, "2001:db8::1"), use("eve", certificate, "2001:db8::2")}, 0},
		"one address written in two manners": {[]Use{use("eve", certificate, "::ffff:198.51.100.1"), use("eve", certificate, "198.51.100.1")}, 0},
		"an address that is not told":        {[]Use{use("eve", certificate, ""), use("eve", certificate, "198.51.100.1")}, 0},
		"nobody":                             {nil, 0},
	} {
		found, unknown := logged(tidy(), complete(c.uses...), "credential-many-addresses")
		if len(found) != c.want || len(unknown) != 0 {
			t.Errorf("%s: %+v %+v", name, found, unknown)
		}
		for _, f := range found {
			if f.Object == "" || len(f.Evidence) != 2 || !strings.Contains(f.What, "from 2 addresses") {
				t.Errorf("%s: %+v", name, f)
			}
		}
	}
	elsewhere := complete(use("eve", certificate, "198.51.100.1"), use("eve", certificate, "198.51.100.2"))
	elsewhere.Uses[0].Cluster, elsewhere.Uses[1].Cluster = "another", "another"
	if found, _ := logged(tidy(), elsewhere, "credential-many-addresses"); len(found) != 0 {
		t.Errorf("of another cluster: %+v", found)
	}
}

func TestAccountUsed(t *testing.T) {
	// In tidy the settings were last written five days ago.
	before, after := use("masterclient", certificate, "198.51.100.1"), use("masterclient", certificate, "198.51.100.1")
	after.First, after.Last = day(-3), day(-2)
	enabled := tidy()
	body(on)(enabled)
	silent := tidy()
	silent.Activity = nil
	for name, c := range map[string]struct {
		tenant *snapshot.Tenant
		use    Use
		want   finding.Severity // empty: silent
	}{
		"before it was closed":      {tidy(), before, finding.Medium},
		"after it was closed":       {tidy(), after, finding.High},
		"open":                      {enabled, after, finding.Medium},
		"nobody knows since when":   {silent, after, finding.Medium},
		"somebody with a name":      {tidy(), use("eve", certificate, "198.51.100.1"), ""},
		"a name that is nearly one": {tidy(), use("masterclient2", certificate, "198.51.100.1"), ""},
	} {
		found, unknown := logged(c.tenant, complete(c.use), "local-account-used")
		if len(unknown) != 0 || c.want == "" && len(found) != 0 || c.want != "" && (len(found) != 1 || found[0].Severity != c.want) {
			t.Errorf("%s: %+v %+v", name, found, unknown)
		}
	}
	// Who fetched it there, before it was used.
	pulled := tidy()
	pull := snapshot.Activity{Time: day(-11), Operation: "Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action", Resource: testID, Status: "Succeeded", Caller: "bob@x", Address: "198.51.100.1"}
	far, late, failed := pull, pull, pull
	far.Caller, far.Address = "far@x", "203.0.113.9"
	late.Caller, late.Time = "late@x", day(-1)
	failed.Caller, failed.Status = "failed@x", "Failed"
	pulled.Activity = append(pulled.Activity, pull, far, late, failed)
	found, _ := logged(pulled, complete(before), "local-account-used")
	if len(found) != 1 || !strings.HasSuffix(found[0].Evidence[0].What, "fetched from that address by bob@x") {
		t.Errorf("%+v", found)
	}
}

// What the log does not cover is unknown, and what it shows is told all the same.
func TestLogWanting(t *testing.T) {
	id := strings.ToLower(testID)
	for name, c := range map[string]struct {
		log  *Log
		want string // empty: decided
	}{
		"not asked":         {nil, "was not asked"},
		"no store":          {&Log{Unread: "there is no store"}, "there is no store"},
		"nothing of it":     {&Log{Since: day(-30), Until: testNow(), Coverage: []Covered{{"another", "kube-audit", day(-60), testNow()}}}, "no audit records"},
		"writes alone":      {&Log{Since: day(-30), Until: testNow(), Coverage: []Covered{{id, "kube-audit-admin", day(-60), testNow()}}}, "only kube-audit-admin"},
		"begins too late":   {&Log{Since: day(-30), Until: testNow(), Coverage: []Covered{{id, "kube-audit", day(-3), testNow()}}}, day(-3).UTC().Format(time.RFC3339) + " to"},
		"ends too early":    {&Log{Since: day(-30), Until: testNow(), Coverage: []Covered{{id, "kube-audit", day(-60), day(-1)}}}, "only, asked was"},
		"by the short name": {&Log{Since: day(-30), Until: testNow(), Coverage: []Covered{{testID[strings.LastIndexByte(testID, '/')+1:], "kube-audit", day(-60), testNow()}}}, ""},
		"whole":             {complete(), ""},
	} {
		for _, check := range []string{"credential-many-addresses", "local-account-used"} {
			found, unknown := logged(tidy(), c.log, check)
			if len(found) != 0 || c.want == "" && len(unknown) != 0 || c.want != "" && (len(unknown) != 1 || !strings.Contains(unknown[0].Why, c.want)) {
				t.Errorf("%s, %s: %+v %+v", name, check, found, unknown)
			}
		}
	}
	part := complete(use("masterclient", "", "198.51.100.1"), use("masterclient", "", "198.51.100.2"))
	part.Coverage = part.Coverage[1:]
	for _, check := range []string{"credential-many-addresses", "local-account-used"} {
		if found, unknown := logged(tidy(), part, check); len(found) != 1 || len(unknown) != 1 {
			t.Errorf("%s: %+v %+v", check, found, unknown)
		}
	}
}

func TestNeedsLog(t *testing.T) {
	if !NeedsLog(nil) || !NeedsLog([]string{"run-command", "local-account-used"}) || NeedsLog([]string{"run-command"}) {
		t.Error("who needs the log")
	}
}
