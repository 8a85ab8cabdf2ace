// Package rewrite improves a bound tree by named passes, in this order:
//
//	shred     paths into a document whose structure the catalog knows become
//	          the typed columns that hold them
//	carry     values that are expensive to make (log_s) travel as the columns
//	          they are made of and are made where they leave the query or are
//	          operated on
//	fold      conversions that cancel out, constant expressions
//	pushdown  conditions on stored columns reach the scan in a form that its
//	          statistics can use
//	prune     columns nobody reads disappear
//
// A pass never changes what a query means. It changes the tree in place.
package rewrite
