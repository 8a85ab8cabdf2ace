package rbac

import (
	"slices"
	"strconv"
	"strings"

	"github.com/postern-dev/postern/rbac/resource"
)

// nearly reports by which one of its lists a rule misses a request. What misses
// by two is not near.
func (r Rule) nearly(q Request, known *resource.Table) (NearMiss, bool) {
	if q.Path != "" {
		return r.nearlyURL(q)
	}
	if len(r.Resources) == 0 {
		return NearMiss{}, false
	}
	verb, group, name := r.AllowsVerb(q.Verb), r.AllowsGroup(q.APIGroup), r.AllowsName(q.Name)
	target := r.AllowsResource(q.Resource, q.Subresource)
	switch {
	case group && target && name && !verb:
		return r.missVerb(q)
	case verb && target && name && !group:
		return r.missGroup(q)
	case verb && group && name && !target:
		return r.missResource(q, known)
	case verb && group && target && !name:
		return r.missName(q)
	}
	return NearMiss{}, false
}

func (r Rule) missVerb(q Request) (NearMiss, bool) {
	if len(r.Verbs) == 0 {
		return NearMiss{}, false
	}
	for _, verb := range r.Verbs {
		if strings.EqualFold(verb, q.Verb) {
			return NearMiss{Kind: NearVerb, Text: "names the verb " + verb + ": verbs are compared exactly, the request says " + q.Verb}, true
		}
	}
	other := q
	other.Verb = r.Verbs[0]
	return NearMiss{Kind: NearVerb, Text: "allows " + listed(r.Verbs, 8) + " on " + q.what() + ", not " + q.Verb, Request: &other}, true
}

// what is the target of a request in a sentence.
func (r Request) what() string {
	if r.Path != "" {
		return r.Path
	}
	return r.FullResource()
}

func (r Rule) missGroup(q Request) (NearMiss, bool) {
	if len(r.APIGroups) == 0 {
		return NearMiss{}, false
	}
	for _, group := range r.APIGroups {
		if why := misspeltGroup(group, q.APIGroup); why != "" {
			return NearMiss{Kind: NearGroup, Text: "names the API group " + quoted(group) + ": " + why}, true
		}
	}
	other := q
	other.APIGroup = r.APIGroups[0]
	var named []string
	for _, group := range r.APIGroups {
		named = append(named, groupWord(group))
	}
	return NearMiss{Kind: NearGroup, Text: "names " + listed(named, 5) + ", the request " + groupWord(q.APIGroup), Request: &other}, true
}

// misspeltGroup says what is wrong with how a rule writes the group, empty where
// it means another.
func misspeltGroup(written, group string) string {
	name, _, versioned := strings.Cut(written, "/")
	switch {
	case group == "" && (written == "core" || written == "legacy" || written == "api" || written == "/"):
		return `the core group is written ""`
	case group == "" && (isVersion(written) || versioned && name == "core"):
		return `that is a version, the core group is written ""`
	case versioned && name == group && group != "":
		return "write " + group + " without the version"
	case group != "" && strings.EqualFold(strings.TrimSpace(written), group):
		return "the group is " + group + ", and is compared exactly"
	}
	return ""
}

// isVersion reports v1, v1beta1 and their like.
func isVersion(s string) bool {
	rest, found := strings.CutPrefix(s, "v")
	return found && rest != "" && rest[0] >= '1' && rest[0] <= '9'
}

func groupWord(group string) string {
	if group == "" {
		return `the core group ("")`
	}
	return group
}

func quoted(s string) string { return strconv.Quote(s) }

func (r Rule) missName(q Request) (NearMiss, bool) {
	if slices.Contains(r.ResourceNames, all) {
		return NearMiss{Kind: NearName, Text: `names only an object called "*": resourceNames know no wildcard, leave them out`}, true
	}
	only := "allows it for " + listed(r.ResourceNames, 5) + " only"
	miss := NearMiss{Kind: NearName, Text: only}
	other := q
	other.Name = r.ResourceNames[0]
	switch {
	case q.Name == "" && q.nameless():
		miss.Text = only + ", but a " + q.Verb + " request carries no name: it takes a rule without resourceNames"
		return miss, true
	case q.Name == "" && (q.Verb == "list" || q.Verb == "watch"):
		miss.Text = only + ": ask with fieldSelector metadata.name=" + r.ResourceNames[0]
	case q.Name == "":
		miss.Text = only + ", the request names no object"
	default:
		miss.Text = only + ", not for " + q.Name
		for _, name := range r.ResourceNames {
			if strings.EqualFold(name, q.Name) {
				other.Name = name
			}
		}
	}
	miss.Request = &other
	return miss, true
}

// nameless reports whether such requests carry no name, whatever they are
// about: the name of what is to be created is in the body, and collections have
// none. On a subresource create does name the object.
func (r Request) nameless() bool {
	return r.Verb == "deletecollection" || r.Verb == "create" && r.Subresource == ""
}

func (r Rule) missResource(q Request, known *resource.Table) (NearMiss, bool) {
	for _, written := range r.Resources {
		if why := q.misspelt(written, known); why != "" {
			return NearMiss{Kind: NearResource, Text: "names the resource " + quoted(written) + ": " + why}, true
		}
	}
	for _, written := range r.Resources {
		miss, ok := q.missSubresource(written)
		if !ok {
			continue
		}
		if miss.Request != nil && miss.Request.nameless() {
			miss.Request.Name = ""
			if !r.AllowsName("") {
				miss.Request = nil
			}
		}
		return miss, true
	}
	return NearMiss{}, false
}

// missSubresource: the rule names the resource whole, or another part of it.
func (r Request) missSubresource(written string) (NearMiss, bool) {
	base, sub, _ := strings.Cut(written, "/")
	miss := NearMiss{Kind: NearSubresource}
	switch {
	case base != r.Resource && (base != all || sub == ""):
		return miss, false
	case strings.HasSuffix(written, "/"):
		miss.Text = "names " + written + ", which nothing is called: write " + r.FullResource()
		return miss, true
	case sub == all:
		miss.Text = "names " + written + ", where the asterisk is no wildcard: write " + r.FullResource()
		return miss, true
	case base == all:
		return miss, false
	}
	other := r
	other.Subresource = sub
	miss.Request = &other
	switch {
	case r.Subresource == "":
		miss.Text = "names " + written + " only, which is a subresource: " + r.Resource + " must be named itself"
	case sub == "":
		miss.Text = "names " + written + ", which does not include its subresources: " + r.FullResource() + " must be named"
	default:
		miss.Text = "names " + written + ", the request is for " + r.FullResource()
	}
	return miss, true
}
