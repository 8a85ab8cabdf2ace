// Package planted holds faults to plant into the KQL compiler, to show that its
// tests would notice them. A fault replaces one text of one source file; the
// tests run over the changed file by go test's overlay, the files themselves
// stay as they are.
package planted

import (
	"fmt"
	"strings"
)

// Fault is one change that must be found. Old stands exactly once in File, a
// path from the project's root. Tests names those that must notice.
type Fault struct {
	Name, File, Old, New string
	Package, Tests       string
}

const (
	enginePkg = "./internal/store/duck/engine"
	goldens   = "^TestCases$"
)

// Faults lists them, from the front of the compiler to its back. The tests are
// the recorded cases, and the fuzz targets with the seeds they have.
func Faults() []Fault {
	const all = "^(TestCases|TestGenerated|FuzzCompile|FuzzGenerated)$"
	return []Fault{
		{"a comment eats the line after it", "kql/syntax/lex.go", "l.pos += i + 1\n", "l.pos = len(l.src)\n", enginePkg, goldens},
		{"and binds as or does", "kql/syntax/parse_expr.go", `"and": levelAnd,`, `"and": levelOr,`, "./kql/syntax", "."},
		{"innerunique keeps every row of the left", "kql/bind/op_join.go", "ir.Inner, &ir.Dedup{In: l.node, Keys: by}", "ir.Inner, l.node\n\t\t_ = by", enginePkg, goldens},
		{"columns of several types lose their suffix", "kql/bind/op_union.go", "unique(k.name+\"_\"+k.t.String(),", "unique(k.name,", enginePkg, goldens},
		{"a pushed condition loses its neighbour", "kql/rewrite/pushdown.go",
			"scan.Where = append(scan.Where, x)", "scan.Where = []ir.Expr{x}", enginePkg, all},
		{"an empty string is pushed down as if never NULL", "kql/rewrite/pushdown.go",
			`s, ok := k.V.(string); !ok || s == "" || c.Op != "eq"`, `_, ok := k.V.(string); !ok || c.Op != "eq"`, enginePkg, all},
		{"a condition moves below take", "kql/rewrite/pushdown.go",
			"\t\tcase *ir.Filter:\n\t\t\tn = x.In\n", "\t\tcase *ir.Filter:\n\t\t\tn = x.In\n\t\tcase *ir.Limit:\n\t\t\tn = x.In\n\t\tcase *ir.Sort:\n\t\t\tn = x.In\n", enginePkg, all},
		{"a real loses its fraction where integers are compared", "kql/rewrite/fold.go", "if !ok || f != math.Trunc(f) || math.Abs(f) >= exact {", "if !ok || math.Abs(f) >= exact {", enginePkg, all},
		{"the aggregate nobody reads is pruned with its row", "kql/rewrite/prune.go",
			"n.Aggs = n.Aggs[:1]", "n.Keys, n.Aggs = []ir.Def{{ID: n.Aggs[0].ID, X: &ir.Call{Op: \"true\"}}}, nil", enginePkg, all},
		{"two nulls are unequal", "kql/sqlgen/duckdb/compare.go",
			`t = "CASE WHEN $1 IS NULL AND $2 IS NULL THEN NULL ELSE coalesce(" + plain + ", true) END"`, `t = "coalesce(" + plain + ", true)"`, enginePkg, all},
		{"NaN is greater than everything", "kql/sqlgen/duckdb/compare.go",
			"guards[i] = \"NOT \" + g", "guards[i] = \"true OR \" + g", enginePkg, all},
		{"join keys that are null find nothing", "kql/sqlgen/op_join.go", "IS NOT DISTINCT FROM", "=", enginePkg, all},
		{"the missing side of a join has null strings", "kql/sqlgen/op_join.go",
			`as(Seq{Text("coalesce("), Column(int(f.From)), Text(", '')")}, f.ID)`, "as(Column(int(f.From)), f.ID)", enginePkg, all},
		{"the average of nothing is null", "kql/sqlgen/duckdb/aggregate.go",
			"coalesce(CAST($1 AS DOUBLE) / nullif($2, 0), CAST('NaN' AS DOUBLE))", "CAST($1 AS DOUBLE) / nullif($2, 0)", enginePkg, goldens},
		{"a term's end is not looked for", "kql/runtime/term.go", "start, end = start && inTerm(first), end && inTerm(last)", "start, end = start && inTerm(first), end && false && inTerm(last)", enginePkg, goldens},
	}
}

// Plant gives the file's text with the fault in it.
func (f Fault) Plant(text string) (string, error) {
	if n := strings.Count(text, f.Old); f.Old == "" || n != 1 {
		return "", fmt.Errorf("plant %q: the text to change stands %d times in %s, once is wanted", f.Name, n, f.File)
	}
	return strings.Replace(text, f.Old, f.New, 1), nil
}
