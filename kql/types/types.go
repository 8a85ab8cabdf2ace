// Package types is the scalar type system of the Kusto Query Language.
//
// It owns the closed set of scalar types and nothing else: no values, no
// conversions, no functions. Source followed: the Kusto documentation's
// "Scalar data types" pages.
package types

// Type is one Kusto scalar type. The zero value is Unknown, which the binder
// uses after an error so that one mistake is reported once.
type Type uint8

// The scalar types, in the order of the Kusto documentation.
const (
	Unknown Type = iota
	Bool
	Int      // 32-bit signed
	Long     // 64-bit signed
	Real     // IEEE 754 double
	Decimal  // 34 significant digits
	String   // never null
	DateTime // UTC, 100 ns ticks since 0001-01-01, years 1 to 9999
	TimeSpan // signed 100 ns ticks
	Guid
	Dynamic // any JSON value, null included
)

var names = [...]string{"unknown", "bool", "int", "long", "real", "decimal", "string", "datetime", "timespan", "guid", "dynamic"}

// String gives the name Kusto prints and the query result carries.
func (t Type) String() string {
	if int(t) < len(names) {
		return names[t]
	}
	return "unknown"
}

// Parse resolves a type name as written in a query, aliases included
// ("boolean", "double", "date", "time", "uuid", "uniqueid").
func Parse(name string) (Type, bool) {
	switch name {
	case "bool", "boolean":
		return Bool, true
	case "int", "int32":
		return Int, true
	case "long", "int64":
		return Long, true
	case "real", "double":
		return Real, true
	case "decimal":
		return Decimal, true
	case "string":
		return String, true
	case "datetime", "date":
		return DateTime, true
	case "timespan", "time":
		return TimeSpan, true
	case "guid", "uuid", "uniqueid":
		return Guid, true
	case "dynamic":
		return Dynamic, true
	}
	return Unknown, false
}

// Numeric reports whether arithmetic applies to t itself.
func (t Type) Numeric() bool { return t == Int || t == Long || t == Real || t == Decimal }
