package azrbac_test

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/azrbac"
)

var update = flag.Bool("update", false, "write what the cases say now")

const (
	testGroup   = "/subscriptions/11110000-0000-4000-8000-000000000001/resourceGroups/rg-shop"
	testCluster = testGroup + "/providers/Microsoft.ContainerService/managedClusters/aks-shop"
)

// TestCases asks what testdata/*.txtar ask: `facts` are written as world reads
// them, each line of `ask` is a question, `want` the answers.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			parts := map[string]string{}
			for _, f := range archive.Files {
				parts[f.Name] = string(f.Data)
			}
			w := world{names: map[string]string{}}
			if err := w.read(parts["facts"]); err != nil {
				t.Fatal(err)
			}
			got := w.answers(t, parts["ask"])
			if *update {
				archive.Files = []txtar.File{{Name: "facts", Data: []byte(parts["facts"])}, {Name: "ask", Data: []byte(parts["ask"])}, {Name: "want", Data: []byte(got)}}
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != parts["want"] {
				t.Errorf("got:\n%s\nwant:\n%s", got, parts["want"])
			}
		})
	}
}

// A world is Facts in a shorter writing. Words stand for GUIDs.
type world struct {
	facts azrbac.Facts
	names map[string]string // GUID to word
}

func (w *world) guid(word string) string {
	if azrbac.IsGUID(word) {
		return word
	}
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte(word)))
	id := sum[:8] + "-" + sum[8:12] + "-" + sum[12:16] + "-" + sum[16:20] + "-" + sum[20:32]
	w.names[id] = word
	return id
}

// scope: . is the cluster, rg its group, sub its subscription, mg:X a management group.
func (w *world) scope(word string) string {
	switch {
	case strings.HasPrefix(word, "."):
		return testCluster + word[1:]
	case strings.HasPrefix(word, "mg:"):
		return "/providers/Microsoft.Management/managementGroups/" + word[3:]
	case word == "rg":
		return testGroup
	case word == "sub":
		return testGroup[:strings.Index(testGroup, "/resourceGroups")]
	}
	return word
}

// role ids of built-in roles, by the ends of their names.
var roleIDs = map[string]string{
	"Reader": "7f6c6a51-bcf8-42ba-9220-52d62157d7db", "Writer": "a7ffa36f-339b-4b5c-8bdf-e2c188b2c0eb",
	"Admin": "3498e952-d568-435e-9b2c-8d77e338d7f7", "ClusterAdmin": "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b",
	"Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
	"AdminRole": "0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8", "UserRole": "4abbcc35-e782-43d8-92c5-2d3f1bd2253f",
}

func (w *world) role(word string) string {
	if id, found := roleIDs[word]; found {
		return w.scope("sub") + "/providers/Microsoft.Authorization/roleDefinitions/" + id
	}
	return w.guid(word)
}

func (w *world) read(text string) error {
	w.facts.ClusterID, w.facts.Enabled = testCluster, true
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "#" {
			continue
		}
		switch f[0] {
		case "disabled":
			w.facts.Enabled = false
		case "above":
			w.facts.ManagementGroups = append(w.facts.ManagementGroups, f[1:]...)
		case "assign": // ID PRINCIPAL[:TYPE] ROLE SCOPE [if CONDITION]
			who, kind, _ := strings.Cut(f[2], ":")
			a := azrbac.Assignment{ID: w.scope(f[4]) + "/providers/Microsoft.Authorization/roleAssignments/" + w.guid(f[1]), PrincipalID: w.guid(who), PrincipalType: kind, RoleDefinitionID: w.role(f[3]), Scope: w.scope(f[4])}
			if len(f) > 6 {
				a.Condition, a.ConditionVersion = strings.Join(f[6:], " "), "2.0"
			}
			w.facts.Assignments = append(w.facts.Assignments, a)
		case "role": // ID then blocks
			w.facts.Definitions = append(w.facts.Definitions, azrbac.Definition{ID: w.guid(f[1]), Name: f[1], Custom: true, Permissions: blocks(f[2:])})
		case "deny": // ID for P,… [except P,…] at SCOPE [only] then blocks
			w.facts.Denies = append(w.facts.Denies, w.deny(f[1:]))
		case "unread": // PART : WHY
			part, why, _ := strings.Cut(strings.TrimSpace(strings.TrimPrefix(line, "unread ")), ": ")
			w.facts.Unread = append(w.facts.Unread, azrbac.Unread{Part: azrbac.Part(part), Why: why})
		default:
			return fmt.Errorf("no such fact: %q", line)
		}
	}
	return nil
}

func (w *world) deny(f []string) azrbac.DenyAssignment {
	d := azrbac.DenyAssignment{ID: w.guid(f[0]), Name: f[0]}
	for i := 1; i < len(f); i++ {
		switch f[i] {
		case "for", "except":
			var list []azrbac.Principal
			for _, p := range strings.Split(f[i+1], ",") {
				if p == "everyone" {
					p = azrbac.Everyone
				}
				list = append(list, azrbac.Principal{ID: w.guid(p)})
			}
			if f[i] == "for" {
				d.Principals = list
			} else {
				d.ExcludePrincipals = list
			}
			i++
		case "at":
			d.Scope = w.scope(f[i+1])
			i++
		case "only":
			d.DoNotApplyToChildScopes = true
		case "if":
			d.Condition = f[i+1]
			i++
		default:
			d.Permissions = blocks(f[i:])
			return d
		}
	}
	return d
}

// blocks reads `data P… notdata P… actions P… notactions P…`, blocks parted by |.
// Data patterns are written without the provider.
func blocks(f []string) []azrbac.Permission {
	all := []azrbac.Permission{{}}
	var into *[]string
	data := false
	for _, word := range f {
		p := &all[len(all)-1]
		switch word {
		case "|":
			all = append(all, azrbac.Permission{})
		case "data":
			into, data = &p.DataActions, true
		case "notdata":
			into, data = &p.NotDataActions, true
		case "actions":
			into, data = &p.Actions, false
		case "notactions":
			into, data = &p.NotActions, false
		default:
			if data {
				word = "Microsoft.ContainerService/managedClusters/" + word
			}
			*into = append(*into, word)
		}
	}
	return all
}

// answers: `WHO: VERB …` decides, `who: VERB …` lists holders, `WHO: action A at SCOPE`.
func (w *world) answers(t *testing.T, ask string) string {
	t.Helper()
	x := azrbac.New(w.facts)
	var out strings.Builder
	for line := range strings.Lines(ask) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		fmt.Fprintln(&out, line)
		who, what, _ := strings.Cut(line, ": ")
		f := strings.Fields(what)
		switch {
		case who == "who" && f[0] == "action":
			w.holders(&out, x.WhoHolds(f[1], w.scope(f[3])))
		case who == "who":
			q := request(f)
			w.holders(&out, x.WhoCan(q))
			w.lines(&out, "unread", x.Unread(q))
		case f[0] == "action":
			w.decision(&out, x.ActionAllows(append([]string{w.user(who).Extra["oid"][0]}, w.user(who).Groups...), f[1], w.scope(f[3])))
		default:
			w.decision(&out, x.Evaluate(w.user(who), request(f)))
		}
	}
	return out.String()
}

// user: NAME[+GROUP…]; -NAME has no object id, +GROUP alone no name.
func (w *world) user(text string) rbac.UserInfo {
	f := strings.Split(text, "+")
	u := rbac.UserInfo{Username: f[0]}
	switch name, none := strings.CutPrefix(f[0], "-"); {
	case none:
		u.Username = name
	case name != "":
		u.Extra = map[string][]string{"oid": {w.guid(name)}}
	}
	for _, g := range f[1:] {
		if !strings.HasPrefix(g, "system:") {
			g = w.guid(g)
		}
		u.Groups = append(u.Groups, g)
	}
	return u
}

// request: VERB RESOURCE[.GROUP][/SUBRESOURCE] [in NAMESPACE] or VERB /PATH.
func request(f []string) rbac.Request {
	q := rbac.Request{Verb: f[0]}
	if strings.HasPrefix(f[1], "/") {
		q.Path = f[1]
		return q
	}
	var rest string
	rest, q.Subresource, _ = strings.Cut(f[1], "/")
	q.Resource, q.APIGroup, _ = strings.Cut(rest, ".")
	if len(f) > 3 {
		q.Namespace = f[3]
	}
	return q
}

func (w *world) decision(out *strings.Builder, d azrbac.Decision) {
	fmt.Fprintf(out, "  %s (%s)", d.Verdict, d.Code)
	if d.Action != "" {
		fmt.Fprintf(out, " %s at %s", strings.TrimPrefix(d.Action, "Microsoft.ContainerService/managedClusters/"), strings.Replace(d.Scope, testCluster, ".", 1))
	}
	fmt.Fprintln(out)
	for _, g := range d.Allows {
		fmt.Fprintf(out, "    by %s\n", w.grant(g))
	}
	for _, g := range d.Maybe {
		fmt.Fprintf(out, "    perhaps by %s: %s\n", w.grant(g), w.word(g.Why))
	}
	w.lines(out, "because", d.Reasons)
	w.lines(out, "basis", d.Basis)
}

func (w *world) holders(out *strings.Builder, list []azrbac.Holder) {
	for _, h := range list {
		fmt.Fprintf(out, "  %s %s %s by %s\n", w.word(h.PrincipalID), h.PrincipalType, h.Verdict, w.grant(h.Grant))
		w.lines(out, "because", h.Reasons)
	}
}

func (w *world) grant(g azrbac.Grant) string {
	pattern := strings.TrimPrefix(g.DataAction+g.Action, "Microsoft.ContainerService/managedClusters/")
	id := g.Assignment.ID[strings.LastIndexByte(g.Assignment.ID, '/')+1:]
	return fmt.Sprintf("%s: %s to %s, %s at %s", w.word(id), strings.TrimPrefix(g.Definition.Name, "Azure Kubernetes Service "), w.word(g.Principal), pattern, strings.Replace(g.Scope(), testCluster, ".", 1))
}

func (w *world) lines(out *strings.Builder, label string, list []string) {
	for _, s := range list {
		fmt.Fprintf(out, "    %s: %s\n", label, w.word(s))
	}
}

func (w *world) word(text string) string {
	for id, name := range w.names {
		text = strings.ReplaceAll(text, id, name)
	}
	return strings.ReplaceAll(text, testCluster, ".")
}
