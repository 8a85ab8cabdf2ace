package rbac

import "strings"

// A grain is the least a rule can say: one verb, one API group, one resource,
// one name or all; or one verb on one URL or prefix. A rule is the union of its
// grains. A grain that says all ("*", no name, a prefix) holds requests whose
// words no rule names, and only a grain that says all as well holds those: so a
// grain is within the union of others exactly when it is within one of them.
// Kubernetes' own escalation check (component-helpers/auth/rbac/validation)
// rests on the same.
type grain struct {
	verb string
	// of resources
	group    string
	resource string // as a rule writes it: pods, pods/exec, */exec, *
	name     string
	named    bool // false: all objects, and requests without a name
	// of URLs; the fields above but verb are empty
	url    string
	urls   bool
	prefix bool // every URL that begins with url
}

const all = "*"

// grains breaks a rule down. What can match no request (the resources pods/ and
// */, the empty URL) is left out.
func (r Rule) grains() []grain {
	var out []grain
	for _, verb := range distinct(r.Verbs) {
		for _, url := range distinct(r.NonResourceURLs) {
			if url != "" {
				out = append(out, urlGrain(verb, url))
			}
		}
		for _, group := range distinct(r.APIGroups) {
			for _, resource := range distinct(r.Resources) {
				if strings.Contains(resource, "/") && subOf(resource) == "" {
					continue
				}
				out = append(out, named(grain{verb: verb, group: group, resource: resource}, r.ResourceNames)...)
			}
		}
	}
	return out
}

func urlGrain(verb, url string) grain {
	if strings.HasSuffix(url, all) {
		return grain{verb: verb, urls: true, prefix: true, url: strings.TrimRight(url, all)}
	}
	return grain{verb: verb, urls: true, url: url}
}

func named(g grain, names []string) []grain {
	if len(names) == 0 {
		return []grain{g}
	}
	var out []grain
	for _, name := range distinct(names) {
		g.named, g.name = true, name
		out = append(out, g)
	}
	return out
}

// subOf is the subresource of a resource as a rule writes it.
func subOf(resource string) string {
	_, sub, _ := strings.Cut(resource, "/")
	return sub
}

// wider are all grains that hold at least what g holds, g itself among them.
func (g grain) wider(visit func(grain) (found bool)) bool {
	for _, verb := range widen(g.verb) {
		h := g
		h.verb = verb
		if g.urls {
			if h.widerURL(visit) {
				return true
			}
			continue
		}
		for _, group := range widen(g.group) {
			h.group = group
			for _, resource := range widenResource(g.resource) {
				h.resource = resource
				if h.named, h.name = g.named, g.name; visit(h) {
					return true
				}
				if h.named, h.name = false, ""; g.named && visit(h) {
					return true
				}
			}
		}
	}
	return false
}

func (g grain) widerURL(visit func(grain) bool) bool {
	if visit(g) {
		return true
	}
	end := len(g.url)
	if g.prefix {
		end-- // itself was visited
	}
	for g.prefix = true; end >= 0; end-- {
		whole := g.url
		g.url = whole[:end]
		if visit(g) {
			return true
		}
		g.url = whole
	}
	return false
}

func widen(word string) []string {
	if word == all {
		return []string{all}
	}
	return []string{word, all}
}

func widenResource(resource string) []string {
	sub := subOf(resource)
	switch {
	case resource == all:
		return []string{all}
	case sub == "" || resource == "*/"+sub:
		return []string{resource, all}
	}
	return []string{resource, "*/" + sub, all}
}

// meet is what both grains hold.
func (g grain) meet(h grain) (both grain, ok bool) {
	if g.urls != h.urls {
		return grain{}, false
	}
	if both.verb, ok = meetWord(g.verb, h.verb); !ok {
		return grain{}, false
	}
	if g.urls {
		return g.meetURL(h, both)
	}
	if both.group, ok = meetWord(g.group, h.group); !ok {
		return grain{}, false
	}
	if both.resource, ok = meetResource(g.resource, h.resource); !ok {
		return grain{}, false
	}
	switch {
	case !g.named:
		both.named, both.name = h.named, h.name
	case !h.named || h.name == g.name:
		both.named, both.name = true, g.name
	default:
		return grain{}, false
	}
	return both, true
}

func (g grain) meetURL(h, both grain) (grain, bool) {
	both.urls = true
	switch {
	case h.prefix && strings.HasPrefix(g.url, h.url):
		both.url, both.prefix = g.url, g.prefix
	case g.prefix && strings.HasPrefix(h.url, g.url):
		both.url, both.prefix = h.url, h.prefix
	case !g.prefix && !h.prefix && g.url == h.url:
		both.url = g.url
	default:
		return grain{}, false
	}
	return both, true
}

func meetWord(a, b string) (string, bool) {
	if a == all {
		return b, true
	}
	return a, b == all || a == b
}

func meetResource(a, b string) (string, bool) {
	switch {
	case a == all || a == b:
		return b, true
	case b == all:
		return a, true
	case a == "*/"+subOf(b):
		return b, true
	case b == "*/"+subOf(a):
		return a, true
	}
	return "", false
}

// distinct leaves out repetitions; the order stays.
func distinct(list []string) []string {
	var out []string
	for _, s := range list {
		if !has(out, s) {
			out = append(out, s)
		}
	}
	return out
}
