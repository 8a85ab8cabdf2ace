package azure

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestSilent: what is never answered is given up after some requests, and what
// else the subscription is asked for, and the same of another, is not.
func TestSilent(t *testing.T) {
	f := newTenant()
	for _, k := range []string{cluster, other} {
		f.always(k+diagnosticOf, fault{hang: true})
	}
	server := tenantServer(t, f)
	o := TenantOptions{transport: server.Client(), patience: 300 * time.Millisecond, Version: "test"}
	s := newReader(asReader, o, server.URL)
	ask := func(path string) error {
		_, err := s.get(t.Context(), server.URL+path+"?api-version=1")
		return err
	}
	for range 2 * atOnce {
		err := ask(cluster + diagnosticOf)
		if why, _ := armReason(t.Context(), err); err == nil || !strings.Contains(why, "in time") {
			t.Fatalf("%v: %s", err, why)
		}
	}
	f.mu.Lock()
	asked := len(f.seen)
	f.mu.Unlock()
	if asked != atOnce {
		t.Errorf("asked %d times, want %d", asked, atOnce)
	}
	if err := ask(cluster + fluxOf); err != nil {
		t.Errorf("another kind: %v", err)
	}
	_ = ask(other + diagnosticOf) // hangs as well
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.seen) != atOnce+2 {
		t.Error("another subscription was not asked")
	}
}

func TestArmLane(t *testing.T) {
	for url, want := range map[string][2]string{
		"https://h" + subscriptionA + authorization + "roleAssignments?x=/providers/y": {subscriptionA[15:], "microsoft.authorization/roleassignments"},
		"https://h" + strings.ToUpper(cluster) + diagnosticOf:                          {subscriptionA[15:], "microsoft.insights/diagnosticsettings"},
		"https://h" + cluster + "/trustedAccessRoleBindings":                           {subscriptionA[15:], "microsoft.containerservice/managedclusters/trustedaccessrolebindings"},
		"https://h/subscriptions?api-version=1":                                        {"", "https://h/subscriptions"},
		"https://g/v1.0/groups/" + admins + "/members?$top=999":                        {"", "https://g/v1.0/groups//members"},
	} {
		if lane, kind := armLane(url); lane != want[0] || kind != want[1] {
			t.Errorf("%s: %q %q", url, lane, kind)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	for _, c := range []struct {
		name, value string
		want        time.Duration
		told        bool
	}{
		{"Retry-After", "2", 2 * time.Second, true},
		{"Retry-After", taken.Add(3 * time.Second).Format(http.TimeFormat), 3 * time.Second, true},
		{"Retry-After", taken.Add(-time.Hour).Format(http.TimeFormat), 0, true},
		{"X-Ms-Retry-After-Ms", "1500", 1500 * time.Millisecond, true},
		{"Retry-After", "-1", 0, false},
		{"Retry-After", "soon", 0, false},
	} {
		if got, told := retryAfter(&http.Response{Header: http.Header{c.name: {c.value}}}, taken); got != c.want || told != c.told {
			t.Errorf("%s: %s is %s, %v", c.name, c.value, got, told)
		}
	}
}
