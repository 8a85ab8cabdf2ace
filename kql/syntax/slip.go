package syntax

import (
	"slices"
	"strings"
)

// What people write who come from another language, and what it is called here.

// operatorHint answers an operator that does not exist.
func operatorHint(word string) string {
	lower := strings.ToLower(word)
	if other, ok := operatorSlips[lower]; ok {
		return other
	}
	for _, k := range operatorNames {
		if lower == k {
			return "operators are written in lower case: '" + k + "'"
		}
	}
	if levels[lower] != 0 {
		return "'|' starts an operator; a condition goes on with and, or"
	}
	return didYouMean(nearest(word, operatorNames))
}

var operatorSlips = map[string]string{
	"select":   "write project to choose columns",
	"fields":   "write project to choose columns",
	"table":    "write project to choose columns",
	"rename":   "write project-rename new = old",
	"drop":     "write project-away to leave columns out",
	"eval":     "write extend column = expression",
	"group":    "write summarize count() by column",
	"groupby":  "write summarize count() by column",
	"group-by": "write summarize count() by column",
	"stats":    "write summarize count() by column",
	"having":   "write where after summarize",
	"orderby":  "write sort by column",
	"order-by": "write sort by column",
	"sortby":   "write sort by column",
	"head":     "write take, or top n by column",
	"tail":     "write top n by column",
	"first":    "write take, or top n by column",
	"uniq":     "write distinct column",
	"dedup":    "write distinct column, or summarize arg_max(TimeGenerated, *) by column",
	"unique":   "write distinct column",
	"grep":     "write where * has \"text\"",
	"offset":   "write serialize | where row_number() > n",
	"and":      "'|' starts an operator; a condition goes on with and, or",
	"or":       "'|' starts an operator; a condition goes on with and, or",
}

// slip is the hint for a token that is out of place.
func (p *parser) slip(wanted string) string {
	t, prev := p.tok(), Token{}
	if p.i > 0 {
		prev = p.toks[p.i-1]
	}
	expression := wanted == "an expression"
	switch {
	case t.is("=") && (p.current == "join" || p.current == "lookup"):
		return "write on $left.a == $right.b"
	case t.is("="):
		return "== compares; = gives a new column its name"
	case t.is("=>"):
		return "write >="
	case t.is(")") && p.nesting[p.i] == 0 && !p.closing[p.i]:
		return "no '(' before it is open"
	case expression && p.commented(prev, t):
		return "// starts a comment, which goes on to the end of the line; put text in quotes"
	case t.is(":") && strings.HasPrefix(p.src[t.End:], "//"):
		return "put text in quotes"
	case expression && prev.is(","):
		return "remove the comma, or write what should follow it"
	case expression && prev.is("!"):
		return "write not(...)"
	case strings.HasPrefix(wanted, "'('") && (t.Kind == String || t.is("[")):
		return "the values stand in parentheses: (a, b)"
	case strings.HasPrefix(wanted, "'('") && prev.Kind == Ident && strings.EqualFold(prev.Text, "between"):
		return "write between (a .. b)"
	case t.word("and") && wanted == "'..'":
		return "write between (a .. b)"
	case t.Kind == String && !expression && prev.Kind == Ident:
		return "an operator, such as ==, is missing before the text"
	case t.Kind == Ident && !expression:
		return p.wordSlip(prev, t)
	}
	return ""
}

// commented says whether a comment stands between two tokens, on the line of the
// first.
func (p *parser) commented(prev, t Token) bool {
	between := p.src[min(prev.End, t.Start):t.Start]
	if t.Kind == EOF {
		between = p.src[prev.End:]
	}
	if i := strings.IndexByte(between, '\n'); i >= 0 {
		between = between[:i]
	}
	return strings.Contains(between, "//")
}

var timeUnits = map[string]string{
	"day": "d", "days": "d", "hour": "h", "hours": "h", "minute": "m", "minutes": "m", "min": "m", "mins": "m",
	"second": "s", "seconds": "s", "sec": "s", "secs": "s", "d": "d", "h": "h", "m": "m", "s": "s",
	"week": "", "weeks": "", "month": "", "months": "", "year": "", "years": "",
}

// wordSlip is the hint for a word that stands where an operand has ended.
func (p *parser) wordSlip(prev, t Token) string {
	lower, next := strings.ToLower(t.Text), p.ahead(1)
	if unit, ok := timeUnits[lower]; ok && prev.Kind == Integer {
		if unit == "" {
			return "a timespan is written in days or less: 7d, 30d"
		}
		return "a timespan is written without a blank: " + prev.Text + unit
	}
	switch {
	case strings.HasPrefix(lower, "cs_"):
		return didYouMean(lower[3:] + "_cs")
	case prev.Kind == Ident && strings.EqualFold(prev.Text, "distinct"):
		return "dcount(column) counts distinct values"
	case prev.Kind == Ident && strings.EqualFold(prev.Text, "case"):
		return "write case(condition, value, ..., otherwise)"
	}
	switch lower {
	case "is":
		return "write isnull(x) or isnotnull(x), for text isempty(x) or isnotempty(x)"
	case "not":
		return "negated operators start with '!', for example !in, !has, !contains; not(...) negates a condition"
	case "like", "rlike", "ilike", "regexp", "glob":
		return "write has, contains, startswith, endswith or matches regex"
	case "as":
		return "the name stands before: name = expression"
	case "group":
		return "write | summarize count() by column"
	case "descending", "ascending":
		return "write " + strings.TrimSuffix(lower, "ending")
	case "equals", "eq", "is_equal":
		return "write =="
	}
	if lower != t.Text && (levels[lower] != 0 || lower == "by" || lower == "asc" || lower == "desc" || lower == "on" || lower == "from" || lower == "to" || lower == "step" || lower == "of" || lower == "with" || lower == "matches") {
		return "the words of the language are written in lower case: '" + lower + "'"
	}
	if _, ok := p.reader(lower); ok {
		return "a '|' is missing before '" + lower + "'"
	}
	if next.Kind != Op || next.is("(") {
		return didYouMean(nearest(t.Text, operatorWords()))
	}
	return ""
}

func operatorWords() []string {
	out := make([]string, 0, len(levels))
	for w := range levels {
		if isIdentStart(w) && len(w) > 2 && !strings.Contains(w, " ") && !strings.Contains(w, "like") {
			out = append(out, w)
		}
	}
	slices.Sort(out) // the first of several that are as near
	return out
}

// foreignStatement says what a statement of another language is.
func (p *parser) foreignStatement() bool {
	t, next := p.tok(), p.ahead(1)
	if t.Kind != Ident || p.failed {
		return false
	}
	switch strings.ToLower(t.Text) {
	case "select":
		if next.Kind == Ident && !isOperatorWord(next.Text) || next.is("*") {
			p.fail(t.Span, "start with a table: table | where condition | project columns", "SQL is not understood")
			for p.tok().Kind != EOF && !p.tok().is(";") {
				p.i++
			}
			return true
		}
	}
	return false
}

func isOperatorWord(w string) bool { return levels[w] != 0 }
