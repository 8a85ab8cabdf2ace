package argquery

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func rows() []Row {
	return []Row{
		{"id": "/A", "name": "a", "type": "microsoft.containerservice/managedclusters", "properties": json.RawMessage(`{"Fqdn":"x","count":2,"on":true}`)},
		{"id": "/B", "name": "b", "type": "microsoft.containerservice/fleets", "tags": map[string]any{"env": "lab"}},
		{"id": "/C", "name": "c", "type": "microsoft.containerservice/managedclusters", "properties": json.RawMessage(`{"fqdn":"y"}`)},
	}
}

func TestQueries(t *testing.T) {
	for text, want := range map[string]string{
		"Resources":                               "a b c",
		"resources | take 1":                      "a",
		"resources | sort by name | limit 2":      "c b",
		"resources | order by type asc, name asc": "b a c",
		"resources | where type == 'microsoft.containerservice/managedclusters'":                  "a c",
		"resources\n| where type =~ 'Microsoft.ContainerService/managedClusters'\n| project name": "a c",
		"resources | where type != 'microsoft.containerservice/fleets' and name in ('a', 'b')":    "a",
		`resources | where type in~ ("Microsoft.ContainerService/Fleets", "x")`:                   "b",
		"resources | where name in~ ('A') | where properties.fqdn == 'x'":                         "a",
		"resources | where properties.count == 2 and properties.on == true":                       "a",
		"resources | where properties == 'x'":                                                     "",
		"resources | where name !~ 'A'":                                                           "b c",
	} {
		q, err := Parse(text)
		if err != nil || q.Table != "resources" {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var names []string
		for _, r := range q.Apply(rows()) {
			names = append(names, r["name"].(string))
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestProject(t *testing.T) {
	q, err := Parse("resources | project id, host = properties.fqdn, tags.env | take 2")
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(q.Apply(rows())); got != "[map[host:x id:/A tags_env:<nil>] map[host:<nil> id:/B tags_env:lab]]" {
		t.Error(got)
	}
}

// TestRefused: nothing that is not understood passes, and it is named.
func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                                       "the end: expected a table",
		"'resources'":                            "expected a table",
		"resources |":                            "the end: expected an operator",
		"resources where":                        `"where", position 11: expected |`,
		"resources | extend a = 1":               "'extend' is not one of",
		"resources | join kind=inner (x) on id":  "'join' is not one of",
		"resources | where type contains 'x'":    `"contains", position 24: expected a comparison`,
		"resources | where type == 'x' or a==1":  "expected |",
		"resources | where type =~ 'x":           "position 27: a string without its end",
		"resources | where type =~ x":            "expected a string",
		"resources | where tolower(type) == 'x'": `"(", position 26: expected a comparison`,
		"resources | take many":                  "expected a number",
		"resources | project a.b = c":            "no dots",
		"resources | where a in ('x'":            "the end: expected )",
		"resources | order name":                 "expected by",
		"resources; x":                           `position 10: ';' is not understood`,
	} {
		if q, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v %v, want %q", text, q, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"resources | where a =~ 'b' and c in~ ('d') | project e = f.g | order by h asc | take 3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := Parse(text)
		if err != nil {
			return
		}
		if q.Table == "" {
			t.Errorf("%q: no table", text)
		}
		q.Apply(rows())
	})
}
