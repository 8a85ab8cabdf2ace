package rbac

import "strings"

// nearlyURL is nearly for requests of URLs.
func (r Rule) nearlyURL(q Request) (NearMiss, bool) {
	verb, path := r.AllowsVerb(q.Verb), r.AllowsPath(q.Path)
	switch {
	case path && !verb:
		return r.missVerb(q)
	case verb && !path:
		return r.missURL(q)
	}
	return NearMiss{}, false
}

func (r Rule) missURL(q Request) (NearMiss, bool) {
	for _, written := range r.NonResourceURLs {
		if why := misspeltURL(written, q.Path); why != "" {
			miss := NearMiss{Kind: NearPath, Text: "names the URL " + written + ": " + why}
			if strings.HasPrefix(written, "/") && !strings.Contains(written, all) {
				other := q
				other.Path = written
				miss.Request = &other
			}
			return miss, true
		}
	}
	return NearMiss{}, false
}

// misspeltURL says why a rule's URL does not match, empty where it means another.
func misspeltURL(written, path string) string {
	below, isPrefix := strings.CutSuffix(written, "/*")
	inner := strings.Contains(strings.TrimRight(written, all), all)
	switch {
	case isPrefix && below == path:
		return "that is what lies below, " + path + " itself must be named too"
	case !strings.Contains(written, all) && strings.TrimRight(written, "/") == strings.TrimRight(path, "/"):
		return "a slash at the end makes another URL, write " + path
	case !strings.Contains(written, all) && strings.HasPrefix(path, strings.TrimRight(written, "/")+"/") && strings.TrimRight(written, "/") != "":
		return "what lies below it needs " + strings.TrimRight(written, "/") + "/*"
	case inner && globs(written, path):
		return "an asterisk counts at the end only"
	case !strings.HasPrefix(written, "/") && (Rule{NonResourceURLs: []string{"/" + written}}).AllowsPath(path):
		return "URLs begin with a slash"
	case strings.EqualFold(written, path):
		return "URLs are compared exactly, write " + path
	case strings.Contains(written, "?"):
		if before, _, _ := strings.Cut(written, "?"); before == path {
			return "the query is not compared, write " + path
		}
	}
	return ""
}

// globs reports whether the URL would match if every asterisk were a wildcard.
func globs(pattern, path string) bool {
	parts := strings.Split(pattern, all)
	if !strings.HasPrefix(path, parts[0]) {
		return false
	}
	path = path[len(parts[0]):]
	for i, part := range parts[1:] {
		if i == len(parts)-2 {
			return strings.HasSuffix(path, part)
		}
		at := strings.Index(path, part)
		if at < 0 {
			return false
		}
		path = path[at+len(part):]
	}
	return path == ""
}
