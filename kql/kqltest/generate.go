package kqltest

import (
	"fmt"
	"strings"
)

// Generate makes a valid query of arbitrary bytes: a literal table of values
// that tend to break things, and operators over it whose expressions fit the
// columns' types. The same bytes give the same query; a fuzz target that feeds
// it explores queries instead of typing errors.
//
// Queries avoid what the language leaves open (which of several equal rows
// comes first), so that two correct engines agree on the answer.
func Generate(data []byte) string {
	g := &generator{data: data, seen: map[string][]string{}}
	cols := g.table()
	if g.pick(4) == 1 { // only here it is certain which rows these are
		g.out.WriteString("\n| take " + g.one("1", "2", "100"))
	}
	if g.pick(2) == 1 {
		g.compared(cols)
	}
	for n := 1 + g.pick(5); n > 0; n-- {
		cols = g.operator(cols)
	}
	if len(g.lets) > 0 {
		return strings.Join(g.lets, "") + g.out.String()
	}
	return g.out.String()
}

type generator struct {
	data []byte
	at   int
	out  strings.Builder
	lets []string
	made int                 // columns named so far
	seen map[string][]string // the cells of the literal table, by column
}

type column struct{ name, typ string }

// pick is a number below n.
func (g *generator) pick(n int) int {
	if g.at >= len(g.data) {
		return 0
	}
	g.at++
	return int(g.data[g.at-1]) % n
}

func (g *generator) one(list ...string) string { return list[g.pick(len(list))] }

func (g *generator) name() string {
	g.made++
	return g.one("c", "n", "Verb", "count_", "x y") + fmt.Sprint(g.made)
}

// scalarTypes are those of generated columns.
func (g *generator) typ() string {
	return g.one("long", "string", "real", "bool", "datetime", "timespan", "dynamic", "int")
}

// literal is a constant of a type, seldom a plain one.
func (g *generator) literal(t string) string {
	switch t {
	case "long":
		return g.one("0", "1", "-1", "7", "long(null)", "9223372036854775807", "-9223372036854775807", "42", "200", "403")
	case "int":
		return g.one("int(0)", "int(1)", "int(-5)", "int(null)", "int(2147483647)")
	case "real":
		return g.one("0.0", "1.5", "-2.25", "real(null)", "real(nan)", "real(+inf)", "1e300", "0.1", "-0.0")
	case "string":
		return g.one(`""`, `""`, `"get"`, `"get"`, `"GET"`, `"kube-system"`, `"a b"`, `"ä€😀"`, `"42"`, `'{"a":1}'`, `"system:node:aks-1"`, `"%_\\"`, `" x "`, `"null"`)
	case "bool":
		return g.one("true", "false", "bool(null)")
	case "datetime":
		return g.one("datetime(2026-11-23T10:00:00Z)", "datetime(null)", "datetime(0001-01-01)", "datetime(9999-12-31)", "datetime(2024-02-29 12:00:00.1234567)")
	case "timespan":
		return g.one("1h", "0s", "-90m", "timespan(null)", "1d", "time(3.04:05:06.7)")
	}
	return g.one(`dynamic({"a":1,"b":{"c":"x"},"l":[1,2.5,null]})`, "dynamic([1,\"two\",3])", "dynamic(null)", `dynamic("text")`, "dynamic(5)", "dynamic([])", "dynamic({})", "dynamic(true)")
}

func (g *generator) table() []column {
	var cols []column
	for n := 2 + g.pick(6); n > 0; n-- {
		cols = append(cols, column{g.name(), g.typ()})
	}
	rows := g.pick(6)
	var cells []string
	for r := 0; r < rows; r++ {
		for _, c := range cols {
			v := g.literal(c.typ)
			cells, g.seen[c.name] = append(cells, v), append(g.seen[c.name], v)
		}
	}
	var head []string
	for _, c := range cols {
		head = append(head, quoted(c.name)+":"+c.typ)
	}
	text := "datatable(" + strings.Join(head, ", ") + ") [" + strings.Join(cells, ", ") + "]"
	if g.pick(3) == 1 {
		name := fmt.Sprintf("T%d", len(g.lets))
		g.lets = append(g.lets, "let "+name+" = "+text+";\n")
		text = name
	}
	g.out.WriteString(text)
	return cols
}

func quoted(name string) string {
	if strings.Contains(name, " ") {
		return "['" + name + "']"
	}
	return name
}

// of finds a column of a type.
func (g *generator) of(cols []column, t string) (string, bool) {
	var list []string
	for _, c := range cols {
		if c.typ == t {
			list = append(list, quoted(c.name))
		}
	}
	if len(list) == 0 {
		return "", false
	}
	return g.one(list...), true
}

// expr is an expression of a type over the columns.
func (g *generator) expr(cols []column, t string, depth int) string {
	if depth == 0 || g.pick(4) == 0 {
		if c, ok := g.of(cols, t); ok && g.pick(8) > 0 {
			return c
		}
		return g.literal(t)
	}
	sub := func(t string) string { return g.expr(cols, t, depth-1) }
	number := g.one("long", "real", "int")
	switch t {
	case "bool":
		o := g.typ()
		switch g.pick(9) {
		case 0:
			return "(" + sub("bool") + " and " + sub("bool") + ")"
		case 1:
			return "(" + sub("bool") + " or " + sub("bool") + ")"
		case 2:
			return "not(" + sub("bool") + ")"
		case 3:
			if o == "dynamic" || o == "bool" {
				o = "long"
			}
			return "(" + sub(o) + " " + g.one("==", "!=", "<", "<=", ">", ">=") + " " + sub(o) + ")"
		case 4:
			return "(" + sub("string") + " " + g.one("has", "!has", "contains", "!contains", "startswith", "!startswith", "endswith", "=~", "!~", "has_cs", "contains_cs") + " " + g.literal("string") + ")"
		case 5:
			return g.one("isnull", "isnotnull") + "(" + sub(o) + ")"
		case 6:
			return g.one("isempty", "isnotempty") + "(" + sub("string") + ")"
		case 7:
			return "(" + sub("string") + " " + g.one("in", "!in", "in~", "!in~") + " (" + g.literal("string") + ", " + g.literal("string") + "))"
		}
		return "(" + sub("long") + " " + g.one("between", "!between") + " (" + g.literal("long") + " .. " + g.literal("long") + "))"
	case "long":
		switch g.pick(7) {
		case 0:
			return "(" + sub("long") + " " + g.one("+", "-", "*", "/", "%") + " " + sub("long") + ")"
		case 1:
			return "strlen(" + sub("string") + ")"
		case 2:
			return "tolong(" + sub(g.one("string", "real", "bool", "dynamic", "int")) + ")"
		case 3:
			return "bin(" + sub("long") + ", " + g.one("5", "10") + ")"
		case 4:
			return "iff(" + sub("bool") + ", " + sub("long") + ", " + sub("long") + ")"
		case 5:
			return "array_length(" + sub("dynamic") + ")"
		}
		return "coalesce(" + sub("long") + ", " + sub("long") + ")"
	case "int":
		return "toint(" + sub(g.one("long", "string", "real")) + ")"
	case "real":
		switch g.pick(3) {
		case 0:
			return "(" + sub("real") + " " + g.one("+", "-", "*") + " " + sub(number) + ")"
		case 1:
			return "toreal(" + sub(g.one("string", "long", "dynamic")) + ")"
		}
		return "(" + sub("real") + " / " + g.one("2.0", "-4.0", "0.5") + ")"
	case "string":
		switch g.pick(7) {
		case 0:
			return "strcat(" + sub("string") + ", " + sub(g.typ()) + ")"
		case 1:
			return g.one("tolower", "toupper") + "(" + sub("string") + ")"
		case 2:
			return "tostring(" + sub(g.one("long", "bool", "datetime", "timespan", "dynamic", "int")) + ")"
		case 3:
			return "substring(" + sub("string") + ", " + g.one("0", "1", "-1", "3") + ", " + g.one("1", "2", "100") + ")"
		case 4:
			return "case(" + sub("bool") + ", " + sub("string") + ", " + sub("bool") + ", " + sub("string") + ", " + sub("string") + ")"
		case 5:
			return `extract(@"` + g.one(`([a-z]+)`, `(\d+)`, `^(.)`) + `", 1, ` + sub("string") + ")"
		}
		return "coalesce(" + sub("string") + ", " + sub("string") + ")"
	case "datetime":
		switch g.pick(3) {
		case 0:
			return "(" + sub("datetime") + " " + g.one("+", "-") + " " + sub("timespan") + ")"
		case 1:
			return "bin(" + sub("datetime") + ", " + g.one("1h", "1d") + ")"
		}
		return g.one("startofday", "startofweek", "endofmonth") + "(" + sub("datetime") + ")"
	case "timespan":
		switch g.pick(2) {
		case 0:
			return "(" + sub("datetime") + " - " + sub("datetime") + ")"
		}
		return "(" + sub("timespan") + " + " + sub("timespan") + ")"
	}
	switch g.pick(6) {
	case 0:
		return "parse_json(" + sub("string") + ")"
	case 1:
		return "bag_pack(\"k\", " + sub(g.typ()) + ")"
	case 2:
		return "pack_array(" + sub(g.typ()) + ", " + sub(g.typ()) + ")"
	case 3:
		return "todynamic(" + sub("dynamic") + ")" + g.one(".a", ".b.c", "[0]", "[-1]", `["l"]`)
	case 4:
		return `split(` + sub("string") + `, "` + g.one("-", ":", " ") + `")`
	}
	return "array_concat(" + sub("dynamic") + ", " + sub("dynamic") + ")"
}

// operator appends one operator and gives the columns after it.
func (g *generator) operator(cols []column) []column {
	w := &g.out
	grouped := func(t string) bool { return t != "dynamic" && t != "real" }
	switch g.pick(13) {
	case 12:
		g.compared(cols)
	case 0, 1:
		w.WriteString("\n| where " + g.expr(cols, "bool", 3))
	case 2, 3:
		c := column{g.name(), g.typ()}
		w.WriteString("\n| extend " + quoted(c.name) + " = " + g.expr(cols, c.typ, 3))
		return append(append([]column{}, cols...), c)
	case 4:
		var out []column
		var list []string
		for n := 1 + g.pick(3); n > 0; n-- {
			c := column{g.name(), g.typ()}
			out = append(out, c)
			list = append(list, quoted(c.name)+" = "+g.expr(cols, c.typ, 2))
		}
		w.WriteString("\n| project " + strings.Join(list, ", "))
		return out
	case 5:
		return g.summarize(cols)
	case 6:
		var keys, names []string
		var out []column
		for _, c := range cols {
			if grouped(c.typ) {
				keys, out = append(keys, quoted(c.name)), append(out, c)
			}
		}
		_ = names
		if len(keys) == 0 {
			return cols
		}
		w.WriteString("\n| distinct " + strings.Join(keys, ", "))
		return out
	case 7:
		w.WriteString("\n| count")
		return []column{{"Count", "long"}}
	case 8:
		return g.join(cols)
	case 9:
		right := g.one("long", "string")
		c := column{g.name(), right}
		w.WriteString("\n| union (print " + quoted(c.name) + " = " + g.literal(right) + ")")
		return append(append([]column{}, cols...), c)
	case 10:
		if d, ok := g.of(cols, "dynamic"); ok {
			w.WriteString("\n| mv-expand " + d)
		}
	case 11:
		if d, ok := g.of(cols, "string"); ok {
			a, b := column{g.name(), "string"}, column{g.name(), "long"}
			w.WriteString("\n| parse " + d + " with " + g.one("* ", "") + `"` + g.one("", ":", "-", "e") + `" ` + quoted(a.name) + ` "` + g.one("-", "4", "t") + `" ` + quoted(b.name) + ":long " + g.one("", "*"))
			return append(append([]column{}, cols...), a, b)
		}
	}
	return cols
}

// compared is a condition of columns with constants, as scans take them over.
func (g *generator) compared(cols []column) {
	var list []string
	for n := 1 + g.pick(2); n > 0; n-- {
		if c := cols[g.pick(len(cols))]; c.typ != "dynamic" && c.typ != "bool" {
			v := g.literal(c.typ)
			if cells := g.seen[c.name]; len(cells) > 0 && g.pick(3) > 0 {
				v = g.one(cells...)
			}
			list = append(list, quoted(c.name)+" "+g.one("==", "!=", "<", ">=", "==")+" "+v)
		}
	}
	if len(list) > 0 {
		g.out.WriteString("\n| where " + strings.Join(list, " and "))
	}
}

func (g *generator) summarize(cols []column) []column {
	var out []column
	var aggs, keys []string
	for n := 1 + g.pick(3); n > 0; n-- {
		c := column{g.name(), "long"}
		agg := ""
		switch g.pick(7) {
		case 0:
			agg = "count()"
		case 1:
			agg = "countif(" + g.expr(cols, "bool", 2) + ")"
		case 2:
			c.typ = g.one("long", "datetime", "timespan", "int")
			agg = g.one("min", "max") + "(" + g.expr(cols, c.typ, 2) + ")"
		case 3:
			agg = "dcount(" + g.expr(cols, g.one("long", "string"), 2) + ")"
		case 4:
			agg = "sum(tolong(" + g.expr(cols, "int", 1) + "))"
		case 5:
			c.typ = "dynamic"
			agg = "array_sort_asc(make_set(" + g.expr(cols, "string", 1) + "))"
		case 6:
			agg = "sumif(tolong(" + g.expr(cols, "int", 1) + "), " + g.expr(cols, "bool", 1) + ")"
		}
		out = append(out, c)
		aggs = append(aggs, quoted(c.name)+" = "+agg)
	}
	for n := g.pick(3); n > 0; n-- {
		c := column{g.name(), g.one("string", "long", "bool", "datetime")}
		keys = append(keys, quoted(c.name)+" = "+g.expr(cols, c.typ, 2))
		out = append(out, c)
	}
	g.out.WriteString("\n| summarize " + strings.Join(aggs, ", "))
	if len(keys) > 0 {
		g.out.WriteString(" by " + strings.Join(keys, ", "))
		split := len(out) - len(keys)
		out = append(append([]column{}, out[split:]...), out[:split]...)
	}
	return out
}

func (g *generator) join(cols []column) []column {
	t := g.one("string", "long")
	left, ok := g.of(cols, t)
	if !ok {
		return cols
	}
	key, value := column{g.name(), t}, column{g.name(), "long"}
	kind := g.one("inner", "leftouter", "rightouter", "fullouter", "leftsemi", "leftanti", "rightsemi", "rightanti")
	var cells []string
	for n := g.pick(4); n > 0; n-- {
		cells = append(cells, g.literal(t), g.literal("long"))
	}
	fmt.Fprintf(&g.out, "\n| join kind=%s (datatable(%s:%s, %s:long) [%s]) on $left.%s == $right.%s",
		kind, quoted(key.name), t, quoted(value.name), strings.Join(cells, ", "), left, quoted(key.name))
	switch kind {
	case "leftsemi", "leftanti":
		return cols
	case "rightsemi", "rightanti":
		return []column{key, value}
	}
	return append(append([]column{}, cols...), key, value)
}
