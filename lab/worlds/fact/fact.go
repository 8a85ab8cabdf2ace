// Package fact takes a world file apart: each thing in it that gives somebody a
// way in, or takes one away, and the world without that thing. People, groups,
// clusters and role bodies are not facts by themselves; memberships, assignments,
// settings of clusters, what is installed in them and what their history says
// are. What concerns the application that reads the world is left alone.
package fact

import (
	"encoding/json"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/postern-dev/postern/lab/worlds/expect"
)

// Fact is one thing that a world plants.
type Fact struct {
	ID string // groups[g-flat].members[ann@lab.onmicrosoft.com]
	// Without is the world file that does not plant it.
	Without []byte
}

// Reader is the application that is not taken apart.
const Reader = "sp-postern"

type object = map[string]any

// Of are the facts of a world file, in its order.
func Of(world []byte) ([]Fact, error) {
	text, err := yaml.YAMLToJSON(world)
	if err != nil {
		return nil, fmt.Errorf("read world file: %w", err)
	}
	x := &taker{text: text}
	var file object
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("read world file: %w", err)
	}
	x.groups(file)
	x.applications(file)
	for _, section := range []string{"directoryRoles", "roleAssignments", "eligibleAssignments", "denyAssignments"} {
		x.elements(file, []any{section}, section)
	}
	x.clusters(file)
	for i, f := range list(file, "fleets") {
		x.elements(f, []any{"fleets", i, "members"}, "fleets["+name(f)+"].members")
	}
	x.elements(file, []any{"activity"}, "activity")
	return x.facts, x.err
}

// taker gathers facts.
type taker struct {
	text  []byte
	facts []Fact
	seen  map[string]int
	err   error
}

func (x *taker) groups(file object) {
	for i, g := range list(file, "groups") {
		for _, of := range []string{"members", "owners", "eligible"} {
			x.elements(g, []any{"groups", i, of}, "groups["+name(g)+"]."+of)
		}
	}
}

func (x *taker) applications(file object) {
	for i, p := range list(file, "servicePrincipals") {
		if name(p) == Reader {
			continue
		}
		at := "servicePrincipals[" + name(p) + "]."
		for _, of := range []string{"owners", "federatedCredentials", "graphRoles"} {
			x.elements(p, []any{"servicePrincipals", i, of}, at+of)
		}
		if a, ok := p["application"].(object); ok {
			x.elements(a, []any{"servicePrincipals", i, "application", "owners"}, at+"application.owners")
		}
	}
}

func (x *taker) clusters(file object) {
	for i, c := range list(file, "clusters") {
		at := "clusters[" + name(c) + "]."
		properties, _ := c["properties"].(object)
		for _, p := range []string{"disableLocalAccounts", "aadProfile", "apiServerAccessProfile"} {
			if _, ok := properties[p]; ok {
				x.take(at+p, []any{"clusters", i, "properties", p})
			}
		}
		if aad, ok := properties["aadProfile"].(object); ok {
			if aad["enableAzureRBAC"] == true {
				x.take(at+"aadProfile.enableAzureRBAC", []any{"clusters", i, "properties", "aadProfile", "enableAzureRBAC"})
			}
			x.elements(aad, []any{"clusters", i, "properties", "aadProfile", "adminGroupObjectIDs"}, at+"aadProfile.adminGroupObjectIDs")
		}
		for _, of := range []string{"trustedAccess", "flux", "extensions"} {
			x.elements(c, []any{"clusters", i, of}, at+of)
		}
		kubernetes, ok := c["kubernetes"].(object)
		if !ok {
			continue
		}
		x.take(at+"kubernetes", []any{"clusters", i, "kubernetes"})
		for j, o := range list(kubernetes, "objects") {
			meta, _ := o["metadata"].(object)
			notes, _ := meta["annotations"].(object)
			if _, planted := notes[expect.Plants]; planted {
				x.take(fmt.Sprintf("%s%s[%s]", at, o["kind"], name(meta)), []any{"clusters", i, "kubernetes", "objects", j})
			}
		}
	}
}

// elements takes away each element of a list. path ends with the list's key in
// holder.
func (x *taker) elements(holder object, path []any, id string) {
	all, _ := holder[path[len(path)-1].(string)].([]any)
	for i, e := range all {
		if o, ok := e.(object); ok && o["principal"] == Reader {
			continue
		}
		x.take(id+"["+label(e)+"]", append(path[:len(path):len(path)], i))
	}
}

func (x *taker) take(id string, path []any) {
	if x.seen == nil {
		x.seen = map[string]int{}
	}
	if x.seen[id]++; x.seen[id] > 1 {
		id = fmt.Sprintf("%s#%d", id, x.seen[id])
	}
	var file any
	err := json.Unmarshal(x.text, &file)
	if err == nil {
		file, err = without(file, path)
	}
	var text []byte
	if err == nil {
		text, err = json.Marshal(file)
	}
	if err != nil && x.err == nil {
		x.err = fmt.Errorf("take %s away: %w", id, err)
	}
	x.facts = append(x.facts, Fact{ID: strings.ReplaceAll(id, " ", "_"), Without: text})
}

// without is a value less what a path leads to.
func without(v any, path []any) (any, error) {
	switch at := path[0].(type) {
	case string:
		o, ok := v.(object)
		if !ok {
			return nil, fmt.Errorf("%q: not an object", at)
		}
		if len(path) == 1 {
			delete(o, at)
			return o, nil
		}
		inner, err := without(o[at], path[1:])
		o[at] = inner
		return o, err
	case int:
		l, ok := v.([]any)
		if !ok || at >= len(l) {
			return nil, fmt.Errorf("%d: not in a list", at)
		}
		if len(path) == 1 {
			return append(l[:at:at], l[at+1:]...), nil
		}
		inner, err := without(l[at], path[1:])
		l[at] = inner
		return l, err
	}
	return nil, fmt.Errorf("%v: no key", path[0])
}

func list(o object, key string) (out []object) {
	all, _ := o[key].([]any)
	for _, e := range all {
		if o, ok := e.(object); ok {
			out = append(out, o)
		}
	}
	return out
}

func name(o object) string {
	for _, key := range []string{"displayName", "name"} {
		if s, ok := o[key].(string); ok {
			return s
		}
	}
	return "?"
}

// label is how an id calls an element of a list.
func label(e any) string {
	o, ok := e.(object)
	if !ok {
		return fmt.Sprint(e)
	}
	var parts []string
	for _, key := range []string{"name", "principal", "access", "role", "operation", "resource", "caller", "scope", "time"} {
		if s, ok := o[key].(string); ok && len(parts) < 3 {
			parts = append(parts, s[strings.LastIndex(s, "/")+1:])
		}
	}
	return strings.Join(parts, " ")
}
