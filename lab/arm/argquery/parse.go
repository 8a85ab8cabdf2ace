package argquery

import (
	"fmt"
	"strconv"
	"strings"
)

// A Query is a parsed one.
type Query struct {
	Table  string // lower case
	stages []stage
}

// Row is a resource's columns.
type Row = map[string]any

// stage is where, project, order or take.
type stage interface{ apply([]Row) []Row }

type (
	where      []comparison
	comparison struct {
		path   []string
		op     string // ==, !=, =~, !~, in, in~
		values []any
	}
	project []column
	column  struct {
		name string
		path []string
	}
	order []key
	key   struct {
		path       []string
		descending bool
	}
	take int
)

// Parse reads a query.
func Parse(text string) (*Query, error) {
	p := &parser{}
	if err := p.scan(text); err != nil {
		return nil, err
	}
	table, err := p.word("a table")
	if err != nil {
		return nil, err
	}
	q := &Query{Table: strings.ToLower(table)}
	for !p.end() {
		if err := p.want("|"); err != nil {
			return nil, err
		}
		s, err := p.stage()
		if err != nil {
			return nil, err
		}
		q.stages = append(q.stages, s)
	}
	return q, nil
}

func (p *parser) stage() (stage, error) {
	at := p.at
	name, err := p.word("an operator")
	if err != nil {
		return nil, err
	}
	switch strings.ToLower(name) {
	case "where":
		return p.where()
	case "project":
		return p.project()
	case "order", "sort":
		if err := p.want("by"); err != nil {
			return nil, err
		}
		return p.order()
	case "take", "limit":
		return p.take()
	}
	return nil, p.fault(at, "the operator '"+name+"' is not one of where, project, order by, take")
}

func (p *parser) where() (stage, error) {
	var out where
	for {
		path, err := p.path()
		if err != nil {
			return nil, err
		}
		c := comparison{path: path}
		at := p.at
		switch t := p.next(); strings.ToLower(t.text) {
		case "==", "!=", "=~", "!~":
			c.op = t.text
			v, err := p.value()
			if err != nil {
				return nil, err
			}
			c.values = []any{v}
		case "in", "in~":
			c.op = strings.ToLower(t.text)
			if c.values, err = p.values(); err != nil {
				return nil, err
			}
		default:
			return nil, p.fault(at, "expected a comparison (== != =~ !~ in in~)")
		}
		out = append(out, c)
		if !p.take1("and") {
			return out, nil
		}
	}
}

func (p *parser) values() ([]any, error) {
	if err := p.want("("); err != nil {
		return nil, err
	}
	var out []any
	for {
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		out = append(out, v)
		if !p.take1(",") {
			return out, p.want(")")
		}
	}
}

func (p *parser) project() (stage, error) {
	var out project
	for {
		path, err := p.path()
		if err != nil {
			return nil, err
		}
		c := column{name: strings.Join(path, "_"), path: path}
		if p.take1("=") {
			if len(path) > 1 {
				return nil, p.fault(p.at-1, "a column's name has no dots")
			}
			if c.path, err = p.path(); err != nil {
				return nil, err
			}
		}
		out = append(out, c)
		if !p.take1(",") {
			return out, nil
		}
	}
}

func (p *parser) order() (stage, error) {
	var out order
	for {
		path, err := p.path()
		if err != nil {
			return nil, err
		}
		k := key{path: path, descending: true} // as Kusto has it
		if p.take1("asc") {
			k.descending = false
		} else {
			p.take1("desc")
		}
		out = append(out, k)
		if !p.take1(",") {
			return out, nil
		}
	}
}

func (p *parser) take() (stage, error) {
	at := p.at
	n, err := strconv.Atoi(p.next().text)
	if err != nil || n < 0 {
		return nil, p.fault(at, "expected a number of rows")
	}
	return take(n), nil
}

// path is a column with pieces joined by dots.
func (p *parser) path() ([]string, error) {
	var out []string
	for {
		w, err := p.word("a column")
		if err != nil {
			return nil, err
		}
		out = append(out, w)
		if !p.take1(".") {
			return out, nil
		}
	}
}

func (p *parser) value() (any, error) {
	at := p.at
	switch t := p.next(); {
	case t.quoted:
		return t.text, nil
	case t.text == "true", t.text == "false":
		return t.text == "true", nil
	default:
		if n, err := strconv.ParseFloat(t.text, 64); err == nil && t.text != "" && (t.text[0] >= '0' && t.text[0] <= '9') {
			return n, nil
		}
	}
	return nil, p.fault(at, "expected a string, a number, true or false")
}

func (p *parser) fault(at int, why string) error {
	where := "the end"
	if at < len(p.tokens) {
		where = fmt.Sprintf("%q, position %d", p.tokens[at].text, p.tokens[at].pos)
	}
	return fmt.Errorf("parse query at %s: %s", where, why)
}
