package sqlgen

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/postern-dev/postern/kql/types"
)

// SQL is a piece of a statement. The sum is closed: Text, *Param, Seq,
// *Select, *join.
type SQL interface{ sql() }

// Text is SQL that the generator itself wrote; text of a query never becomes one.
type Text string

// Param is a value handed to the engine beside the statement.
type Param struct {
	T types.Type
	V any
}

// Seq is pieces in a row.
type Seq []SQL

// Select is one SELECT.
type Select struct {
	Items  []SQL
	From   SQL // nil for none
	Where  []SQL
	Group  []SQL
	Order  []SQL
	Limit  SQL
	Prefix string // DISTINCT ON … and the like: see op_dedup
	On     []SQL
}

// join is two selects in FROM.
type join struct {
	left, right *Select
	word        Text
	on          []SQL
}

func (*join) sql()   {}
func (Text) sql()    {}
func (*Param) sql()  {}
func (Seq) sql()     {}
func (*Select) sql() {}

// Column is the name a column has in SQL.
func Column(id int) Text { return Text("c" + strconv.Itoa(id)) }

// maxText bounds a statement: templates repeat their arguments, and an
// expression nested deeply enough would outgrow any engine.
const maxText = 4 << 20

// maxDepth bounds selects within selects: engines bound the depth of a
// statement, DuckDB at 1,000 levels of which a select takes two or three.
const maxDepth = 250

// ErrTooLarge says that the SQL of a query outgrew the bound.
var ErrTooLarge = errors.New("the query's SQL is too large: split the expression over several extend steps")

// ErrText says that a string constant is not valid Unicode, which the engine
// does not store.
var ErrText = errors.New("a string of the query is not valid Unicode")

// Write gives the statement and its parameters in order.
func Write(s SQL, d Dialect) (text string, params []any, err error) {
	w := &writer{dialect: d, seen: map[*Param]int{}}
	w.write(s)
	if w.deep || w.b.Len() > maxText {
		return "", nil, ErrTooLarge
	}
	for _, v := range w.params {
		if s, ok := v.(string); ok && !utf8.ValidString(s) {
			return "", nil, ErrText
		}
	}
	return w.b.String(), w.params, nil
}

type writer struct {
	b       strings.Builder
	dialect Dialect
	params  []any
	seen    map[*Param]int
	alias   int
	depth   int  // selects that are open
	deep    bool // they were too many
}

func (w *writer) write(s SQL) {
	if w.b.Len() > maxText {
		return
	}
	switch s := s.(type) {
	case Text:
		w.b.WriteString(string(s))
	case *Param:
		n, ok := w.seen[s]
		if !ok {
			w.params = append(w.params, s.V)
			n = len(w.params)
			w.seen[s] = n
		}
		w.b.WriteString(w.dialect.Param(n, s.T))
	case Seq:
		for _, x := range s {
			w.write(x)
		}
	case *Select:
		w.selectFrom(s)
	}
}

func (w *writer) selectFrom(s *Select) {
	if w.depth++; w.depth > maxDepth {
		w.deep = true
		return
	}
	defer func() { w.depth-- }()
	w.b.WriteString("SELECT ")
	if s.Prefix != "" {
		w.b.WriteString(s.Prefix)
		w.list(s.On, ", ")
		w.b.WriteString(") ")
	}
	w.list(s.Items, ", ")
	if s.From != nil {
		w.b.WriteString(" FROM ")
		w.from(s.From)
	}
	w.clause(" WHERE ", s.Where, " AND ")
	w.clause(" GROUP BY ", s.Group, ", ")
	w.clause(" ORDER BY ", s.Order, ", ")
	if s.Limit != nil {
		w.b.WriteString(" LIMIT ")
		w.write(s.Limit)
	}
}

// from writes a table, a join, or a derived table with a name.
func (w *writer) from(s SQL) {
	if sub, ok := s.(*Select); ok {
		w.b.WriteByte('(')
		w.selectFrom(sub)
		w.b.WriteString(") AS q")
		w.alias++
		w.b.WriteString(strconv.Itoa(w.alias))
		return
	}
	if j, ok := s.(*join); ok {
		w.from(j.left)
		w.write(j.word)
		w.from(j.right)
		w.clause(" ON ", j.on, " AND ")
		return
	}
	w.write(s)
}

func (w *writer) clause(word string, list []SQL, sep string) {
	if len(list) > 0 {
		w.b.WriteString(word)
		w.list(list, sep)
	}
}

func (w *writer) list(list []SQL, sep string) {
	for i, x := range list {
		if i > 0 {
			w.b.WriteString(sep)
		}
		w.write(x)
	}
}

// Template fills $1, $2 … of a dialect's template. `$*` is all arguments,
// separated by commas.
func Template(t string, args []SQL) SQL {
	var out Seq
	for {
		i := strings.IndexByte(t, '$')
		if i < 0 || i+1 >= len(t) {
			break
		}
		out = append(out, Text(t[:i]))
		switch c := t[i+1]; {
		case c == '*':
			for j, a := range args {
				if j > 0 {
					out = append(out, Text(", "))
				}
				out = append(out, a)
			}
		case c >= '1' && c <= '9':
			out = append(out, args[c-'1'])
		}
		t = t[i+2:]
	}
	return append(out, Text(t))
}
