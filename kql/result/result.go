// Package result prints rows of a query: the Log Analytics response shape,
// aligned tables, CSV and YAML.
//
// It owns how each Kusto type is written in each format and nothing of where
// rows come from. Values are those of kql/runtime: bool, int32, int64 (long, and
// ticks for datetime and timespan), float64, string (string, guid, decimal and
// dynamic as JSON text), nil for null. Shapes followed: the Log Analytics query
// API's response format.
//
//	w := result.NewJSON(out, columns)
//	for … { w.Row(values) }
//	w.End()
package result

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/postern-dev/postern/kql/scalar"
	"github.com/postern-dev/postern/kql/types"
)

// Column is one column of a result.
type Column struct {
	Name string
	Type types.Type
}

// Writer prints a result row by row. End writes what is still held back; no
// method may be called after it.
type Writer interface {
	Row(values []any) error
	End() error
}

// Text is a value as a person reads it: null is empty, reals and datetimes as
// Kusto shows them, dynamics as JSON. It is not quoted.
func Text(t types.Type, v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case bool:
		return strconv.FormatBool(v)
	case int32:
		return strconv.FormatInt(int64(v), 10)
	case int64:
		switch t {
		case types.DateTime:
			return scalar.FormatDateTime(v)
		case types.TimeSpan:
			return scalar.FormatTimeSpan(v)
		}
		return strconv.FormatInt(v, 10)
	case float64:
		return realText(v)
	case string:
		return v
	}
	return "BUG: value of unknown kind"
}

// realText is the shortest text that reads back as v; whole numbers keep a
// point, NaN and infinities have Kusto's names.
func realText(v float64) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 1):
		return "Infinity"
	case math.IsInf(v, -1):
		return "-Infinity"
	}
	s := strconv.FormatFloat(v, 'g', -1, 64)
	if abs := math.Abs(v); abs >= 1e-5 && abs < 1e15 {
		s = strconv.FormatFloat(v, 'f', -1, 64)
	}
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

// jsonText is a value as it stands in a JSON answer: numbers as numbers except
// NaN, infinities and decimals, which are strings; dynamics embedded.
func jsonText(t types.Type, v any) string {
	switch x := v.(type) {
	case nil:
		return "null"
	case bool, int32:
		return Text(t, v)
	case int64:
		if t == types.DateTime || t == types.TimeSpan {
			return `"` + Text(t, v) + `"`
		}
		return Text(t, v)
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return `"` + realText(x) + `"`
		}
		return realText(x)
	case string:
		if t == types.Dynamic && json.Valid([]byte(x)) {
			return x
		}
		return quote(x)
	}
	return quote(Text(t, v))
}

// quote writes a JSON string without escaping <, > and &.
func quote(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return `""` // a string always encodes
	}
	return strings.TrimSuffix(b.String(), "\n")
}
