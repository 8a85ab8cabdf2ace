// Package scalar reads and writes the text forms of Kusto scalar values.
//
// It owns what a literal, a conversion function and the result printer must
// agree on: datetime as ticks (100 ns since 0001-01-01T00:00:00Z), timespan as
// ticks, durations such as 1.5h, guid, real. It knows no types of the compiler
// and no functions of the language. Sources followed: the Kusto documentation's
// datetime, timespan, guid and real data type pages.
package scalar
