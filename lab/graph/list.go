package graph

import (
	"net/http"
	"strings"
)

// list serves a collection with an optional $filter.
func (c *call) list(collection string) (any, error) {
	kind := collectionKind(collection)
	if kind == "" || kind == "any" {
		return nil, c.unknown()
	}
	if err := c.may(kind); err != nil {
		return nil, err
	}
	match, err := parseFilter(c.r.URL.Query().Get("$filter"))
	if err != nil {
		return nil, err
	}
	items := []object{}
	add := func(o object) {
		if match(o) {
			items = append(items, c.selected(o))
		}
	}
	switch kind {
	case "user":
		for _, u := range c.world.Users {
			add(user(u))
		}
	case "group":
		for _, g := range c.world.Groups {
			add(group(g))
		}
	case "application":
		for _, p := range c.world.ServicePrincipals {
			add(c.application(p))
		}
		add(c.graphPrincipal())
	}
	return c.paged(collection, items)
}

// parseFilter reads "a eq 'x'", "startswith(a,'x')" and "a/any(c:c eq 'x')",
// joined by "or" or by "and", not both.
func parseFilter(text string) (func(object) bool, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return func(object) bool { return true }, nil
	}
	all := true
	parts := splitOutside(text, " and ")
	if or := splitOutside(text, " or "); len(or) > 1 {
		if len(parts) > 1 {
			return nil, badFilter(text)
		}
		parts, all = or, false
	}
	var tests []func(object) bool
	for _, p := range parts {
		t, ok := parseTest(strings.TrimSpace(p))
		if !ok {
			return nil, badFilter(text)
		}
		tests = append(tests, t)
	}
	return func(o object) bool {
		for _, t := range tests {
			if t(o) != all {
				return !all
			}
		}
		return all
	}, nil
}

func badFilter(text string) error {
	return refuse(http.StatusBadRequest, "Request_UnsupportedQuery", "Unsupported or invalid query filter clause specified: '%s'.", text)
}

func parseTest(s string) (func(object) bool, bool) {
	if inner, ok := strings.CutPrefix(s, "startswith("); ok {
		field, value, ok := strings.Cut(strings.TrimSuffix(inner, ")"), ",")
		text, good := unquote(strings.TrimSpace(value))
		if !ok || !good || !strings.HasSuffix(inner, ")") {
			return nil, false
		}
		return func(o object) bool {
			got, _ := o[strings.TrimSpace(field)].(string)
			return len(got) >= len(text) && strings.EqualFold(got[:len(text)], text)
		}, true
	}
	if field, rest, ok := strings.Cut(s, "/any("); ok {
		_, cond, ok := strings.Cut(rest, ":")
		f := strings.Fields(strings.TrimSuffix(cond, ")"))
		if !ok || len(f) != 3 || f[1] != "eq" {
			return nil, false
		}
		text, good := unquote(f[2])
		return func(o object) bool {
			list, _ := o[field].([]string)
			return foldIn(list, text)
		}, good
	}
	if field, list, ok := strings.Cut(s, " in ("); ok && strings.HasSuffix(list, ")") {
		return parseIn(strings.TrimSpace(field), strings.TrimSuffix(list, ")"))
	}
	field, value, ok := strings.Cut(s, " eq ")
	if !ok {
		return nil, false
	}
	field = strings.TrimSpace(field)
	if value = strings.TrimSpace(value); value == "true" || value == "false" {
		return func(o object) bool { b, is := o[field].(bool); return is && b == (value == "true") }, true
	}
	text, good := unquote(value)
	return func(o object) bool { got, _ := o[field].(string); return strings.EqualFold(got, text) }, good
}

// mostIn is how many values Graph takes in one `in`.
const mostIn = 15

func parseIn(field, list string) (func(object) bool, bool) {
	var values []string
	for _, v := range splitOutside(list, ",") {
		text, good := unquote(strings.TrimSpace(v))
		if !good {
			return nil, false
		}
		values = append(values, text)
	}
	return func(o object) bool { got, _ := o[field].(string); return foldIn(values, got) }, len(values) <= mostIn
}

func unquote(s string) (string, bool) {
	if len(s) < 2 || s[0] != '\'' || s[len(s)-1] != '\'' {
		return "", false
	}
	return strings.ReplaceAll(s[1:len(s)-1], "''", "'"), true
}

// splitOutside splits at a word outside quotes.
func splitOutside(s, sep string) []string {
	var out []string
	in, from := false, 0
	for i := 0; i < len(s); i++ {
		if s[i] == '\'' {
			in = !in
		}
		if !in && strings.HasPrefix(s[i:], sep) {
			out = append(out, s[from:i])
			from = i + len(sep)
			i = from - 1
		}
	}
	return append(out, s[from:])
}
