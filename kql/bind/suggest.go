package bind

import (
	"strings"

	"github.com/postern-dev/postern/kql/syntax"
)

// didYouMean is the hint for a name that is not known: the same name in another
// case, or one a few letters away.
func didYouMean(name string, among []string) string {
	best, dist := "", min(len(name), max(2, (len(name)+1)/3+1)) // at most a third of the letters
	for _, s := range among {
		if s == anything {
			continue
		}
		if strings.EqualFold(s, name) {
			return "names are case-sensitive: did you mean " + s + "?"
		}
		if d := distance(strings.ToLower(name), strings.ToLower(s)); d < dist || (d == dist && best != "" && s < best) {
			best, dist = s, d
		}
	}
	if best == "" {
		return ""
	}
	return "did you mean " + best + "?"
}

// unknownType reports a type that does not exist.
func (b *binder) unknownType(t *syntax.TypeName) {
	if t == nil || t.Text == "" {
		return // a fault of syntax
	}
	hint := didYouMean(t.Text, typeNames)
	if hint == "" {
		hint = "types: " + join(typeNames)
	}
	b.errorf(t, hint, "unknown type %s", t.Text)
}

var typeNames = []string{"bool", "int", "long", "real", "decimal", "string", "datetime", "timespan", "guid", "dynamic"}

// functionHint answers a function that does not exist.
func (b *binder) functionHint(name string) string {
	if here, ok := functionSlips[strings.ToLower(name)]; ok {
		return "write " + here
	}
	return didYouMean(name, append(b.fns.Names(), specialNames()...))
}

// functionSlips are functions of other languages.
var functionSlips = map[string]string{
	"length": "strlen(text) or array_length(array)", "len": "strlen(text) or array_length(array)",
	"size":   "strlen(text) or array_length(array)",
	"concat": "strcat(a, b, ...)", "lower": "tolower(text)", "upper": "toupper(text)", "ucase": "toupper(text)", "lcase": "tolower(text)",
	"substr": "substring(text, start, length)", "nvl": "coalesce(a, b, ...)", "ifnull": "coalesce(a, b, ...)",
	"if": "iff(condition, then, else)", "cast": "tolong(x), tostring(x), todatetime(x) ...", "str": "tostring(x)", "string": "tostring(x)",
	"to_string": "tostring(x)", "to_date": "todatetime(x)", "date": "startofday(t)", "datediff": "datetime_diff('day', later, earlier)",
	"dateadd": "datetime_add('day', n, t)", "date_trunc": "bin(t, 1d) or startofday(t)", "trunc": "bin(x, size)",
	"current_timestamp": "now()", "getdate": "now()", "json_extract": "extract_json(path, text), or a path: parse_json(text).a.b",
	"json_value": "extract_json(path, text), or a path: parse_json(text).a.b", "regexp_match": "text matches regex pattern",
	"is_null": "isnull(x)", "is_empty": "isempty(text)", "mean": "avg(x)", "average": "avg(x)", "median": "percentile(x, 50)",
	"row_count": "count()", "first": "arg_min(TimeGenerated, *)", "last": "arg_max(TimeGenerated, *)", "earliest": "min(t)", "latest": "max(t)",
	"values": "make_set(x)", "list": "make_list(x)", "group_concat": "strcat_array(make_list(x), \", \")", "string_agg": "strcat_array(make_list(x), \", \")",
}

// distance is the Levenshtein distance, in which two letters that changed places
// are one step.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return max(len(a), len(b)) // too long to be a slip
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
