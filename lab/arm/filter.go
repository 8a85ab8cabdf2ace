package arm

import (
	"net/http"
	"strings"
	"time"
)

// A filter is a $filter of the kind Resource Manager takes: terms joined by
// "and", each a comparison with a value or a function.
type filter []term

type term struct {
	field string // or the function's name
	op    string // eq, ge, le; "()" for a function
	value string
}

func badFilter(text, why string) error {
	return refuse(http.StatusBadRequest, "InvalidFilterInQueryString", "Invalid $filter '%s': %s.", text, why)
}

// parseFilter reads a $filter. Nothing in it is ignored.
func parseFilter(text string) (filter, error) {
	var f filter
	rest := strings.TrimSpace(text)
	for rest != "" {
		t, after, why := parseTerm(rest)
		if why != "" {
			return nil, badFilter(text, why)
		}
		f = append(f, t)
		rest = strings.TrimSpace(after)
		if rest == "" {
			break
		}
		if len(rest) < 4 || !strings.EqualFold(rest[:4], "and ") {
			return nil, badFilter(text, "expected 'and' before '"+rest+"'")
		}
		if rest = strings.TrimSpace(rest[4:]); rest == "" {
			return nil, badFilter(text, "nothing follows 'and'")
		}
	}
	return f, nil
}

func parseTerm(s string) (t term, rest, why string) {
	i := strings.IndexAny(s, " (")
	if i <= 0 {
		return t, "", "expected a field or function at '" + s + "'"
	}
	t.field = s[:i]
	if s[i] == '(' {
		return parseCall(t, s[i+1:])
	}
	s = strings.TrimLeft(s[i:], " ")
	op, s, ok := strings.Cut(s, " ")
	t.op = strings.ToLower(op)
	if !ok || (t.op != "eq" && t.op != "ge" && t.op != "le") {
		return t, "", "unknown operator '" + op + "'"
	}
	s = strings.TrimLeft(s, " ")
	if !strings.HasPrefix(s, "'") {
		// az writes times without quotes.
		t.value, rest, _ = strings.Cut(s, " ")
		if t.value == "" {
			return t, "", "expected a value after '" + t.field + " " + op + "'"
		}
		return t, rest, ""
	}
	if t.value, rest, ok = quoted(s); !ok {
		return t, "", "unterminated value after '" + t.field + " " + op + "'"
	}
	return t, rest, ""
}

func parseCall(t term, s string) (term, string, string) {
	t.op = "()"
	s = strings.TrimLeft(s, " ")
	if strings.HasPrefix(s, "'") {
		var ok bool
		if t.value, s, ok = quoted(s); !ok {
			return t, "", "unterminated value in " + t.field + "()"
		}
		s = strings.TrimLeft(s, " ")
	}
	if !strings.HasPrefix(s, ")") {
		return t, "", "expected ) after " + t.field + "("
	}
	return t, s[1:], ""
}

// quoted reads a value in single quotes, doubled inside.
func quoted(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, "'") {
		return "", s, false
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != '\'' {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == '\'' {
			b.WriteByte('\'')
			i++
			continue
		}
		return b.String(), s[i+1:], true
	}
	return "", s, false
}

// only refuses terms that this listing does not know; names are lower case.
func (f filter) only(names ...string) error {
	for _, t := range f {
		name := strings.ToLower(t.field)
		if t.op == "()" {
			name += "()"
		} else {
			name += " " + t.op
		}
		if !foldIn(names, name) {
			return badFilter(name, "not supported here; known are "+strings.Join(names, ", "))
		}
	}
	return nil
}

// matches reports whether every "field eq" term has this value.
func (f filter) matches(field, value string) bool {
	for _, t := range f {
		if t.op == "eq" && strings.EqualFold(t.field, field) && !strings.EqualFold(t.value, value) {
			return false
		}
	}
	return true
}

// value is what a field must equal.
func (f filter) value(field string) (string, bool) {
	for _, t := range f {
		if t.op == "eq" && strings.EqualFold(t.field, field) {
			return t.value, true
		}
	}
	return "", false
}

// call is a function's argument.
func (f filter) call(name string) (string, bool) {
	for _, t := range f {
		if t.op == "()" && strings.EqualFold(t.field, name) {
			return t.value, true
		}
	}
	return "", false
}

// covers applies "field ge" and "field le" to a time.
func (f filter) covers(field string, at time.Time) (bool, error) {
	for _, t := range f {
		if !strings.EqualFold(t.field, field) || t.op == "eq" || t.op == "()" {
			continue
		}
		bound, err := parseTime(t.value)
		if err != nil {
			return false, badFilter(t.value, "not a time")
		}
		if t.op == "ge" && at.Before(bound) || t.op == "le" && at.After(bound) {
			return false, nil
		}
	}
	return true, nil
}

func parseTime(s string) (time.Time, error) {
	var err error
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02"} {
		var at time.Time
		if at, err = time.Parse(layout, s); err == nil {
			return at, nil
		}
	}
	return time.Time{}, err
}
