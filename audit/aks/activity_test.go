package aks

import (
	"strings"
	"testing"

	"github.com/postern-dev/postern/audit"
)

func TestActivity(t *testing.T) {
	const record = `{"time":"2026-06-15T10:36:00.1234567Z","resourceId":"/SUBSCRIPTIONS/S/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/C","operationName":"MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/LISTCLUSTERADMINCREDENTIAL/ACTION","category":"Administrative","resultType":"Success","correlationId":"c","properties":{"a":1}}`
	r, err := DecodeActivity(record, audit.JSON(record).Members())
	if err != nil || r.Category != Activity || r.Log != record || r.Time != audit.ParseTime("2026-06-15T10:36:00.1234567Z").Ticks || !strings.HasSuffix(r.ResourceID, "/C") {
		t.Fatalf("%+v, %v", r, err)
	}
	for text, want := range map[string]bool{
		record: true,
		strings.Replace(record, `{"a":1}`, `{"log":"line"}`, 1):       false,
		strings.Replace(record, `"resultType":"Success",`, "", 1):     false,
		`{"category":"guard","time":"x","properties":{"log":"line"}}`: false,
	} {
		if got := IsActivity(audit.JSON(text).Members()); got != want {
			t.Errorf("%v, want %v: %s", got, want, text)
		}
	}
	for old, wrong := range map[string]string{"2026-06-15T10:36:00.1234567Z": "yesterday", "/SUBSCRIPTIONS/S/": "/TENANTS/T/"} {
		text := strings.Replace(record, old, wrong, 1)
		if _, err := DecodeActivity(text, audit.JSON(text).Members()); err == nil {
			t.Errorf("no error for %s", text)
		}
	}
}
