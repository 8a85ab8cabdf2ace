package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/internal/store/duck/engine"
	"github.com/postern-dev/postern/kql"
	"github.com/postern-dev/postern/kql/syntax"
)

// hostile are texts that would do harm where they became SQL, a path, a format
// or a pattern of the engine. Each carries the mark, which no statement may show.
const mark = "zqxmark"

func hostile() []string {
	var out []string
	for _, s := range []string{
		`'; DROP TABLE canary; --`, `" ; DROP TABLE canary; --`, `') UNION ALL SELECT secret FROM canary --`, `"."main"."canary`,
		`$1`, `$$; DROP TABLE canary; $$`, `?`, `%s%n%d`, `\'; DROP TABLE canary; --`, "`canary`", `/* */ canary /*`, "--\nDROP TABLE canary;\n",
		`read_text('/etc/passwd')`, `file:///etc/passwd`, `$.a[*]`, `/a/b`, `$."x"`, `a"b`, `a.b[0]`, `{"$ref":"x"}`, `NULL`, `c1`, `q1`, `ord`,
		"tab\tnewline\nreturn\r", "null\x00byte", "bidi\u202e\u2066", "emoji😀", strings.Repeat("x", 100_000), `\u0027`, `CAST(1 AS BIGINT)`, `;`, `)`, `]`,
	} {
		out = append(out, mark+s)
	}
	return out
}

// quoted writes a string literal of the language.
func literal(s string) string {
	r := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\x00", `\u0000`)
	return `"` + r.Replace(s) + `"`
}

// TestHostileText puts hostile texts wherever a query may hold text or a name.
// No statement contains them, nothing but the query is done, and what only
// passes through comes back as it was.
func TestHostileText(t *testing.T) {
	db := newEngine(t)
	if _, err := db.SQL().ExecContext(t.Context(), `CREATE TABLE canary AS SELECT 'sings' AS secret`); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, s := range hostile() {
		l := literal(s)
		name := "[" + l + "]"
		same := []string{ // these give the text back, as a value or a column's name
			`print v = ` + l,
			`print v = tostring(dynamic({"k": ` + l + `}).k)`,
			`datatable(v: string) [` + l + `] | where v == ` + l,
			`datatable(v: string) [` + l + `] | where v in (` + l + `, "x") | distinct v`,
			`let f = (p: string) { p }; print v = f(` + l + `)`,
			`print v = replace_string("x", "x", ` + l + `)`,
			`print v = tostring(split(` + l + `, "no such part")[0])`,
			`print b = bag_pack(` + l + `, 1) | mv-expand kind=array b | project v = tostring(b[0])`,
			`print ` + name + ` = "n" | project-rename ['` + "w" + `'] = ` + name + ` | project v = ` + l,
		}
		for _, q := range same {
			cols, rows := ask(t, db, q)
			if len(cols) != 1 || len(rows) != 1 || rows[0][0] != s {
				t.Errorf("%.200q came back as %.300v\n%.300s", s, rows, q)
			}
			ran++
		}
		for _, q := range []string{ // these name a column
			`print ` + name + ` = 1`,
			`datatable(` + name + `: long) [1] | sort by ` + name + ` asc`,
			`print d = bag_pack(` + l + `, 1) | evaluate bag_unpack(d)`,
			`print who = ` + l + ` | evaluate pivot(who)`,
			`union withsource=` + name + ` (print x = 1) | project ` + name,
			`print x = 1 | as hint.x=1 T | extend ` + name + ` = x | project ` + name,
		} {
			cols, err := tryColumns(t, db, q)
			if err == nil && (len(cols) == 0 || cols[0] != s) {
				t.Errorf("the column %.200q came back as %.300q\n%.300s", s, cols, q)
			}
			ran++
		}
		for _, q := range []string{ // these only must not do harm
			`print x = "abc" matches regex ` + l, `print extract(` + l + `, 1, "abc")`, `print trim(` + l + `, "abc")`, `print x = split("abc", ` + l + `)`,
			`print x = "abc" has ` + l, `print x = "abc" contains ` + l, `print x = "abc" startswith ` + l, `print x = "abc" has_any (` + l + `)`,
			`print d = dynamic({"a":1}) | project d[` + l + `], d.a[` + l + `]`, `print x = extract_json(` + l + `, '{"a":1}')`,
			`print m = "abc" | parse m with * ` + l + ` rest`, `print m = "a=1" | parse-kv m as (` + name + `: string) with (pair_delimiter=` + l + `, kv_delimiter="=")`,
			`print x = todatetime(` + l + `), y = tolong(` + l + `), z = toguid(` + l + `), t = totimespan(` + l + `)`, `print format_datetime(now(), ` + l + `)`,
			`print x = strcat_delim(` + l + `, "a", "b"), y = strrep(` + l + `, 2)`, `print x = parse_json(` + l + `), y = parse_url(` + l + `), z = parse_ipv4(` + l + `)`,
			`range x from 1 to 2 step 1 | summarize make_list(` + l + `), make_set(` + l + `), take_any(` + l + `)`, `search ` + l, `search in (T*) ` + l,
			l, name, name + ` | take 1`, `T | where ` + name, `print ` + s, `T | ` + s, `let ` + s + ` = 1; print 1`,
		} {
			_, _ = tryColumns(t, db, q)
			ran++
		}
	}
	var secret string
	if err := db.SQL().QueryRowContext(t.Context(), `SELECT secret FROM canary`).Scan(&secret); err != nil || secret != "sings" {
		t.Errorf("the canary: %q, %v", secret, err)
	}
	t.Logf("%d hostile queries", ran)
}

func ask(t *testing.T, db *engine.DB, q string) ([]string, [][]any) {
	t.Helper()
	p, err := kql.Compile(nil, q, kql.Options{Now: now, Look: db.Look(t.Context())})
	if err != nil {
		t.Errorf("%.300s\n%.600s", q, err)
		return nil, nil
	}
	checkStatement(t, q, p)
	cols, rows, _, err := run(t.Context(), db, nil, q)
	if err != nil {
		t.Errorf("%.300s\n%.600s", q, err)
	}
	var names []string
	for _, c := range cols {
		names = append(names, c.Name)
	}
	return names, rows
}

// tryColumns runs a query that may be refused, but by the compiler only.
func tryColumns(t *testing.T, db *engine.DB, q string) ([]string, error) {
	t.Helper()
	p, err := kql.Compile(nil, q, kql.Options{Now: now, Look: db.Look(t.Context())})
	if err != nil {
		return nil, err
	}
	checkStatement(t, q, p)
	cols, _, _, err := run(t.Context(), db, nil, q)
	if err != nil {
		t.Errorf("compiled query fails: %.300s\n%.600s", q, err)
	}
	var names []string
	for _, c := range cols {
		names = append(names, c.Name)
	}
	return names, err
}

func checkStatement(t *testing.T, q string, p *kql.Program) {
	t.Helper()
	if strings.Contains(p.SQL, mark) || strings.Contains(p.SQL, "canary") {
		t.Errorf("the statement shows text of the query: %.300s\n%.600s", q, p.SQL)
	}
}

// TestGreedyQueries: what would take all memory, all time or all depth ends with
// a clear fault, and the engine answers afterwards.
func TestGreedyQueries(t *testing.T) {
	db, err := engine.Open(t.Context(), engine.Options{Memory: 128 << 20, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	nest := func(open, middle, end string, n int) string {
		return strings.Repeat(open, n) + middle + strings.Repeat(end, n)
	}
	lets := "let x0 = 1;"
	for i := range 60 {
		lets += fmt.Sprintf("let x%d = x%d + x%d;", i+1, i, i)
	}
	for name, c := range map[string]struct {
		query, want string
		compiles    bool
	}{
		"parentheses":       {"print " + nest("(", "1", ")", 100_000), "", false},
		"functions":         {"print " + nest("not(", "true", ")", 20_000), "", false},
		"arrays":            {"print dynamic(" + nest("[", "1", "]", 50_000) + ")", "", false},
		"lets double":       {lets + "print x60", "too large", false},
		"pipes":             {"print x = 1" + strings.Repeat(" | extend x = x + 1", 1_000), "too large", false},
		"recursion":         {"let f = (n: long) { f(n) }; print f(1)", "f", false},
		"memory":            {"range x from 1 to 4000000 step 1 | summarize make_list(strcat('some text that is as long as texts are, several times over ', x))", "Out of Memory", true},
		"time":              {"range x from 1 to 100000000000 step 1 | summarize sum(x % 7)", "deadline", true},
		"rows without end":  {"range x from 1 to 9223372036854775807 step 1 | where x < 0", "deadline", true},
		"a cross of ranges": {"range x from 1 to 1000000 step 1 | extend k = 1 | join kind=inner (range y from 1 to 1000000 step 1 | extend k = 1) on k | where x * y == -1 | count", "", true},
	} {
		start := time.Now()
		p, err := kql.Compile(nil, c.query, kql.Options{Now: now})
		if took := time.Since(start); took > 30*time.Second {
			t.Errorf("%s: compiled for %s", name, took)
		}
		if err != nil {
			var list *syntax.ErrorList
			if c.compiles || !asList(err, &list) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: refused by %.300s", name, err)
			}
			continue
		}
		ctx, cancel := context.WithTimeout(t.Context(), map[bool]time.Duration{true: time.Minute, false: 2 * time.Second}[name == "memory"])
		_, err = drain(ctx, db, p)
		cancel()
		if c.compiles && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: ended with %.300v, want %q", name, err, c.want)
		}
		if !c.compiles && err != nil && !strings.Contains(err.Error(), "deadline") {
			t.Errorf("%s: compiled, then %.300v", name, err)
		}
		if _, rows := ask(t, db, "print x = 1"); len(rows) != 1 {
			t.Fatalf("%s: the engine answers no more", name)
		}
	}
}

func asList(err error, list **syntax.ErrorList) bool {
	l, ok := err.(*syntax.ErrorList)
	*list = l
	return ok
}

func drain(ctx context.Context, db *engine.DB, p *kql.Program) (int, error) {
	rows, err := db.Query(ctx, p, engine.Limits{Rows: 1000})
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	n := 0
	for rows.Next(ctx) {
		n++
	}
	return n, rows.Err()
}
