package rbac

import (
	"strings"

	"github.com/postern-dev/postern/rbac/resource"
)

// misspelt says what is wrong with how a rule writes this request's resource;
// empty where it means another. The API server takes any word there and matches
// it literally, so such a rule is accepted and allows nothing.
func (r Request) misspelt(written string, known *resource.Table) string {
	base, sub, _ := strings.Cut(written, "/")
	if sub != r.Subresource || base == r.Resource || base == "" {
		return ""
	}
	right := "write " + r.FullResource()
	word := strings.ToLower(strings.TrimSpace(base))
	switch before, after, dotted := strings.Cut(word, "."); {
	case word == r.Resource:
		return "resources are lower case and compared exactly, " + right
	case dotted && before == r.Resource && (after == r.APIGroup || isVersion(after)):
		return "the group goes to apiGroups, " + right
	case r.abbreviates(word, known):
		return "short names mean nothing in a rule, " + right
	case len(word) > 2 && stem(word) == stem(r.Resource):
		return "resources are written in their plural, " + right
	}
	return ""
}

// stem is a word without what makes it plural, rightly or wrongly.
func stem(word string) string {
	if s, found := strings.CutSuffix(word, "ies"); found {
		return s + "y"
	}
	for _, ending := range []string{"sses", "xes", "ches", "shes"} {
		if strings.HasSuffix(word, ending) {
			word = strings.TrimSuffix(word, "es")
		}
	}
	return strings.TrimRight(word, "s")
}

// abbreviates reports whether a word is a short name of this resource.
func (r Request) abbreviates(word string, known *resource.Table) bool {
	found, ok := known.Get(r.APIGroup, r.Resource)
	return ok && has(found.ShortNames, word)
}
