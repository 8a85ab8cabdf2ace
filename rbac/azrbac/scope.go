package azrbac

import "strings"

const managementGroup = "/providers/microsoft.management/managementgroups/"

// fold brings a scope into the form in which scopes are compared: Resource
// Manager's ids are case-insensitive. The root is "".
func fold(scope string) string {
	return strings.TrimRight(strings.ToLower(strings.TrimSpace(scope)), "/")
}

// last is the last part of an id, folded: of assignments and definitions, their GUID.
func last(id string) string {
	id = fold(id)
	return id[strings.LastIndexByte(id, '/')+1:]
}

// relation is how an assignment's scope stands to the scope asked about.
type relation int

const (
	apart relation = iota
	same
	above
	perhapsAbove // a management group that is not known to be above
)

// relate compares folded scopes; groups are the management groups known to be above.
func relate(assigned, asked string, groups map[string]bool) relation {
	switch {
	case assigned == asked:
		return same
	case assigned == "" || strings.HasPrefix(asked, assigned+"/"):
		return above
	case strings.HasPrefix(assigned, managementGroup):
		if groups[strings.TrimPrefix(assigned, managementGroup)] {
			return above
		}
		return perhapsAbove
	}
	return apart
}

// subscription is the id of the subscription a scope is in, "" above all of them.
func subscription(scope string) string {
	rest, found := strings.CutPrefix(fold(scope), "/subscriptions/")
	if !found {
		return ""
	}
	id, _, _ := strings.Cut(rest, "/")
	return id
}

// IsGUID reports whether a text is an object id as Entra writes them.
func IsGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case c >= '0' && c <= '9', c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
		default:
			return false
		}
	}
	return true
}
