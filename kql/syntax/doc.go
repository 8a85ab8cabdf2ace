// Package syntax is the front end of the Kusto Query Language: text to tree.
//
// It owns the lexer, the recovering parser, the nodes, the printer (Format) and Walk. A
// tree says what was written, with byte spans into the source, and nothing
// more: names are not resolved, types not known, operators that the compiler
// refuses still have their node so that the refusal can point at them.
//
//	q, err := syntax.Parse("print x = 1 | extend y = x + 1")
//
// Parse always returns a tree, however broken the text; err is an *ErrorList.
// Format gives text whose tree is the same except for the spans.
// Grammar followed: the Kusto documentation's operator and function pages.
package syntax
