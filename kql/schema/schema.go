// Package schema is how a store tells the KQL compiler which tables it has.
//
// A table is a relation of the engine plus, for every Kusto column, where its
// value is found: in one physical column, or built from several by a function
// of the engine (log_s, rebuilt from the shredded event). A column that holds a
// JSON document may describe the document's known paths, so that
// parse_json(log_s).user.username reads a typed column instead of the text.
//
// Everything is a plain value: stores build catalogs as literals, the compiler
// only reads them.
package schema

import "github.com/postern-dev/postern/kql/types"

// Catalog is the set of tables a query may name. Names are case-sensitive.
type Catalog struct {
	Tables []*Table
}

// Table finds a table by its exact name, nil if there is none.
func (c *Catalog) Table(name string) *Table {
	if c == nil {
		return nil
	}
	for _, t := range c.Tables {
		if t.Name == name {
			return t
		}
	}
	return nil
}

// Table is one Kusto table.
type Table struct {
	Name     string   // as written in a query, e.g. AzureDiagnostics
	Relation string   // the engine's table or view, e.g. kql_azure_diagnostics
	Columns  []Column // in the order a bare query returns them

	// Branches, where a store gives them, are what Relation unites. The compiler
	// reads them in its place, with the columns a query needs only and without
	// those that the query's conditions exclude: planning a view of many columns
	// costs an engine more than a selective query over it.
	Branches []Branch
}

// Branch is one input of a table: text of the store's own, in the engine's
// language.
type Branch struct {
	From   string            // what stands after FROM, its WHERE included
	Exprs  map[string]string // by physical column
	Consts map[string]string // the physical columns that have one string in all rows
}

// Column finds a column by its exact name, nil if there is none.
func (t *Table) Column(name string) *Column {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return &t.Columns[i]
		}
	}
	return nil
}

// Column is one Kusto column of a table. Exactly one of Physical and Built is set.
type Column struct {
	Name     string
	Type     types.Type
	Physical string // column of Relation. Dynamic values are held as JSON text, datetime and timespan as ticks (BIGINT).
	Built    *Built // the value is computed
	Doc      *Node  // known structure of the document; for Dynamic columns the value itself, for String columns what parse_json gives
}

// Built is a value that an engine function makes from physical columns of the
// relation. It is expensive: the compiler carries Args through the query and
// calls Func last, at the root for rows that leave it, or where the text itself
// is operated on.
//
// Parsed, if set, is a function of the same arguments that gives what parse_json
// makes of the value, so that the text need not come back first.
type Built struct {
	Func   string
	Args   []string
	Parsed string
}

// Node is one JSON value at a known path of a document.
//
// Physical, if set, names the column of the relation that holds it. With Type
// Dynamic the column holds the value as JSON text; with any other type it holds
// the scalar itself (SQL NULL where the path is absent or JSON null). Fields are
// the known properties below. A path that leaves the known tree continues as
// JSON access on the deepest ancestor that has a Physical of type Dynamic; if
// there is none, on the whole document.
type Node struct {
	Physical string
	Type     types.Type
	Fields   map[string]*Node
}
