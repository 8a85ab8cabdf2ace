// Package sarif holds what postern scan writes as SARIF against the schema that
// OASIS publishes. The schema comes with the library; it has tests only.
package sarif
