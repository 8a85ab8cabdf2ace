package doors

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestFind holds reports against what cases say. A case is a pair of files in an
// archive: NAME is the world, NAME.want what must be found: the state of doors
// and, for every door it names, exactly its holders.
//
//	c1 DOOR STATE [unknown]                  unknown: HoldersUnknown says something
//	c1 DOOR HOW WHO [power=P] [scope=S] [unsure] [disabled] [deleted] [guest] [until=DATE] [path=WORD,WORD…]
func TestFind(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		parts := map[string]string{}
		for _, f := range archive.Files {
			parts[f.Name] = string(f.Data)
		}
		for _, f := range archive.Files {
			if strings.HasSuffix(f.Name, ".want") {
				if _, ok := parts[strings.TrimSuffix(f.Name, ".want")]; !ok {
					t.Errorf("%s: %s has no world", file, f.Name)
				}
				continue
			}
			want, ok := parts[f.Name+".want"]
			if !ok {
				t.Errorf("%s: %s has no .want", file, f.Name)
				continue
			}
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar")+"/"+f.Name, func(t *testing.T) {
				checkFound(t, Find(world(t, string(f.Data)), Options{}), want)
			})
		}
	}
}

func checkFound(t *testing.T, r *Report, want string) {
	t.Helper()
	found := byName(r)
	expected := map[string][]string{}
	for line := range strings.Lines(want) {
		line, _, _ = strings.Cut(line, " #")
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		if len(f) < 3 {
			t.Fatalf("%q: CLUSTER DOOR WHAT", line)
		}
		at := f[0] + " " + f[1]
		d, ok := found[at]
		if !ok {
			t.Fatalf("%q: no such door", line)
		}
		if _, seen := expected[at]; !seen {
			expected[at] = []string{}
		}
		if slices.Contains(hows(), How(f[2])) {
			expected[at] = append(expected[at], strings.Join(f[2:], " "))
			continue
		}
		if string(d.State) != f[2] {
			t.Errorf("%s is %s (%s), want %s", at, d.State, d.Why, f[2])
		}
		if unknown := len(f) > 3 && f[3] == "unknown"; unknown != (len(d.HoldersUnknown) > 0) {
			t.Errorf("%s: holders unknown %q", at, d.HoldersUnknown)
		}
	}
	for at, lines := range expected {
		left := slices.Clone(lines)
		for _, h := range found[at].Holders {
			i := slices.IndexFunc(left, func(line string) bool { return means(h, line) })
			if i < 0 {
				t.Errorf("%s: also found: %s", at, holderText(h))
				continue
			}
			left = slices.Delete(left, i, i+1)
		}
		for _, line := range left {
			t.Errorf("%s: not found: %s\nthere are:%s", at, line, holdersText(found[at].Holders))
		}
	}
}

// means reports whether a holder is the one of a line.
func means(h Holder, line string) bool {
	f := strings.Fields(line)
	o := flags(f[2:])
	for _, word := range list(o["path"]) {
		if !strings.Contains(pathText(h.Path), strings.ReplaceAll(word, "_", " ")) {
			return false
		}
	}
	until := ""
	if !h.Until.IsZero() {
		until = h.Until.Format("2006-01-02")
	}
	p := h.Principal
	return string(h.How) == f[0] && p.ID == f[1] && h.Power == strings.ReplaceAll(o["power"], "_", " ") && h.Scope == strings.ReplaceAll(o["scope"], "_", " ") && until == o["until"] &&
		(h.Unsure != "") == has(o, "unsure") && p.Disabled == has(o, "disabled") && p.Deleted == has(o, "deleted") && p.Guest == has(o, "guest")
}

func holderText(h Holder) string {
	return fmt.Sprintf("%s %s power=%q scope=%q unsure=%q until=%v %+v path %v", h.How, h.Principal.ID, h.Power, h.Scope, h.Unsure, h.Until, h.Principal, h.Path)
}

func holdersText(all []Holder) (text string) {
	for _, h := range all {
		text += "\n\t" + holderText(h)
	}
	return text
}

// byName are the doors of a report by cluster and kind; the tenant is "tenant".
func byName(r *Report) map[string]Door {
	found := map[string]Door{}
	for _, c := range r.Clusters {
		for _, d := range c.Doors {
			found[c.Name+" "+string(d.Kind)] = d
		}
	}
	for _, d := range r.Tenant {
		found["tenant "+string(d.Kind)] = d
	}
	return found
}
