// Package kusto holds the KQL compiler against Kusto's own parser and binder,
// the npm package @kusto/language-service-next: do both accept a query, and has
// its result the same columns?
//
// It owns the process that asks them (oracle.js under Node.js), the queries, and
// the comparison. A query the compiler refuses as "not supported" is counted, not
// compared. A difference must be explained in docs/kql-oracle.jsonl; an
// explanation without a difference fails as well. Rows are not its business:
// that is docs/kql-differences.jsonl and the engine's tests.
package kusto
