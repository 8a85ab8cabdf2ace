package doors

import (
	"context"
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/lab/worlds/expect"
)

var binary = flag.String("postern", "../../bin/postern", "the program that is tried")

// report is what `postern doors -o json` says, as far as worlds plant it.
type report struct {
	Clusters []struct {
		Name        string
		Doors       []door
		NotExamined []gap
	}
	Tenant []door
	Keys   []struct {
		Of, Who principal
		How     string
	}
	NotExamined []gap
}

type gap struct{ What, Why, Needs string }

type door struct {
	Kind, State    string
	HoldersUnknown []string
	Holders        []holder
}

type holder struct {
	Principal                 principal
	How, Power, Scope, Unsure string
}

type principal struct{ ID, Kind, Name string }

// name is how lines call a principal.
func (p principal) name() string {
	n := p.Name
	if n == "" || p.Kind == "source" {
		n = p.ID
	}
	return strings.ReplaceAll(n, " ", "_")
}

// lines says a report as planted files say it.
func (r report) lines() []string {
	sure := map[string]bool{}
	note := func(cluster string, doors []door) {
		for _, d := range doors {
			sure[strings.Join([]string{cluster, d.Kind, "state", d.State}, " ")] = true
			for _, h := range d.Holders {
				parts := []string{cluster, d.Kind, h.How, h.Principal.name()}
				if d.Kind == "azure-rbac" {
					parts = append(parts, "power="+h.Power)
					if h.Scope != "" {
						parts = append(parts, "scope="+strings.TrimPrefix(h.Scope, "namespace "))
					}
				}
				line := strings.Join(parts, " ")
				sure[line] = sure[line] || h.Unsure == ""
			}
		}
	}
	for _, c := range r.Clusters {
		note(c.Name, c.Doors)
	}
	note("tenant", r.Tenant)
	for _, k := range r.Keys {
		who := k.Who.name()
		if k.How == "source" {
			who = strings.Replace(k.Who.ID, " ", "|", 1)
		}
		sure[strings.Join([]string{"key", k.Of.name(), k.How, who}, " ")] = true
	}
	var out []string
	for l, s := range sure {
		if !s {
			l += " unsure"
		}
		out = append(out, l)
	}
	slices.Sort(out)
	return out
}

// differ are the lines of one list that the other lacks.
func differ(a, b []string) (only []string) {
	for _, l := range a {
		if _, found := slices.BinarySearch(b, l); !found {
			only = append(only, l)
		}
	}
	return only
}

func check(t *testing.T, found, planted []string) {
	t.Helper()
	const most = 400
	for what, list := range map[string][]string{"not found": differ(planted, found), "not planted": differ(found, planted)} {
		for i, l := range list {
			if i == most {
				t.Errorf("%s: and %d more", what, len(list)-most)
				break
			}
			t.Errorf("%s: %s", what, l)
		}
	}
}

func load(t *testing.T, file string) *cloud.World {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	w, err := cloud.ParseWorld(text)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func start(t *testing.T, w *cloud.World) *Azure {
	t.Helper()
	if _, err := os.Stat(*binary); err != nil {
		t.Fatalf("%v: make build makes it", err)
	}
	a, err := Start(t.TempDir(), w, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Stop)
	return a
}

// doors runs postern doors as the world's reader.
func (a *Azure) doors(t *testing.T, args ...string) (report, int) {
	t.Helper()
	r, exit, said := a.tryDoors(t, args...)
	if r == nil {
		t.Fatalf("postern doors: exit %d\n%s", exit, said)
	}
	return *r, exit
}

// tryDoors is doors where there may be no report at all.
func (a *Azure) tryDoors(t *testing.T, args ...string) (*report, int, string) {
	t.Helper()
	reader, ok := a.State.World().ServicePrincipal(readerID(t, a.State.World()))
	if !ok {
		t.Fatal("the world has no reader")
	}
	program, err := filepath.Abs(*binary)
	if err != nil {
		t.Fatal(err)
	}
	out, said, exit, err := a.Run(context.Background(), reader, program, append([]string{"doors", "-o", "json"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	if len(out) == 0 {
		return nil, exit, string(said)
	}
	r := new(report)
	if err := json.Unmarshal(out, r); err != nil {
		t.Fatalf("postern doors: exit %d, %v\n%s", exit, err, said)
	}
	return r, exit, string(said)
}

// readerID finds the service principal that worlds call the reader.
func readerID(t *testing.T, w *cloud.World) string {
	t.Helper()
	for _, p := range w.ServicePrincipals {
		if p.DisplayName == "sp-postern" {
			return p.ID
		}
	}
	t.Fatal("the world has no service principal sp-postern")
	return ""
}

// TestForty: 40 clusters over 5 subscriptions, one of which refuses and one of
// which throttles. What is found is what is planted, in both directions; the
// planted file itself is what the rules make of the world.
func TestForty(t *testing.T) {
	w := load(t, "../worlds/forty.yaml")
	text, err := os.ReadFile("../worlds/forty.planted.txt")
	if err != nil {
		t.Fatal(err)
	}
	planted := strings.Split(strings.TrimSpace(string(text)), "\n")
	var unread expect.Unread
	for _, s := range w.AllSubscriptions() {
		if s.DisplayName == "LAB sealed" {
			unread.Subscriptions = append(unread.Subscriptions, s.ID)
		}
	}
	if again := expect.Doors(w, unread); !slices.Equal(again, planted) {
		check(t, again, planted)
		t.Fatal("forty.planted.txt is not what the rules make of forty.yaml: go run ./worlds/gen -dir worlds")
	}
	a := start(t, w)
	began := time.Now()
	r, exit := a.doors(t)
	t.Logf("%d clusters in %.1f s, %d requests", len(r.Clusters), time.Since(began).Seconds(), len(a.State.Requests()))
	if exit != 5 {
		t.Errorf("exit %d, want 5: a subscription refuses", exit)
	}
	check(t, r.lines(), planted)
	a.onlyRead(t)
}

// onlyRead: nothing that the lab was asked lists a credential of a cluster or
// changes anything.
func (a *Azure) onlyRead(t *testing.T) {
	t.Helper()
	if len(a.State.Requests()) == 0 {
		t.Error("the lab was asked nothing")
	}
	for _, q := range a.State.Requests() {
		uri := strings.ToLower(q.URI)
		for _, word := range []string{"listclusteradmincredential", "listclusterusercredential", "listclustermonitoringusercredential", "listcredential", "listkeys", "runcommand", "begingetaccess"} {
			if strings.Contains(uri, word) {
				t.Errorf("%s %s: a credential was asked for", q.Method, q.URI)
			}
		}
		read := q.Method == "GET" || q.Host == "login.microsoftonline.com" || q.Method == "POST" &&
			(strings.HasPrefix(uri, "/providers/microsoft.resourcegraph/resources") || strings.HasPrefix(uri, "/v1.0/directoryobjects/getbyids") ||
				// Who am I: a create that stores nothing.
				strings.HasPrefix(uri, "/apis/authentication.k8s.io/v1/selfsubjectreviews"))
		if !read {
			t.Errorf("%s %s %s: this is no reading", q.Method, q.Host, q.URI)
		}
	}
}
