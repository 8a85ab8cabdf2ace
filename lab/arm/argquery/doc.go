// Package argquery reads the few queries of Azure Resource Graph that the lab
// answers and applies them to rows: one table, then where (comparisons joined
// by and), project, order by, take. It is not a KQL engine: what it does not
// know is refused, never ignored. Which rows there are, and who may see them,
// is the caller's part.
package argquery
