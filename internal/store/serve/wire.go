package serve

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/postern-dev/postern/kql"
	"github.com/postern-dev/postern/kql/types"
)

// span is the question for a coverage: ticks, both included.
type span struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// An answer is a stream of JSON values, one a line: a head, rows, and an end. A
// stream without its end was broken off.

type head struct {
	Columns []column `json:"columns"`
}

type column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// message is a row, or the end of the stream.
type message struct {
	Row []json.RawMessage `json:"row,omitempty"`
	End *end              `json:"end,omitempty"`
}

type end struct {
	Truncated bool   `json:"truncated,omitempty"`
	Error     string `json:"error,omitempty"`
}

func headOf(cols []kql.Column) head {
	var h head
	for _, c := range cols {
		h.Columns = append(h.Columns, column{c.Name, c.Type.String()})
	}
	return h
}

func (h head) columns() ([]kql.Column, error) {
	var out []kql.Column
	for _, c := range h.Columns {
		t, ok := types.Parse(c.Type)
		if !ok {
			return nil, fmt.Errorf("column %s has the unknown type %q", c.Name, c.Type)
		}
		out = append(out, kql.Column{Name: c.Name, Type: t})
	}
	return out, nil
}

// appendRow writes {"row":[…]} and a newline. Reals are exact; NaN and the
// infinities, which JSON has not, are strings.
func appendRow(dst []byte, values []any) ([]byte, error) {
	dst = append(dst, `{"row":[`...)
	for i, v := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		switch v := v.(type) {
		case nil:
			dst = append(dst, "null"...)
		case bool:
			dst = strconv.AppendBool(dst, v)
		case int32:
			dst = strconv.AppendInt(dst, int64(v), 10)
		case int64:
			dst = strconv.AppendInt(dst, v, 10)
		case float64:
			if math.IsNaN(v) || math.IsInf(v, 0) {
				dst = strconv.AppendQuote(dst, strconv.FormatFloat(v, 'g', -1, 64))
			} else {
				dst = strconv.AppendFloat(dst, v, 'g', -1, 64)
			}
		case string:
			text, err := json.Marshal(v)
			if err != nil {
				return nil, err
			}
			dst = append(dst, text...)
		default:
			return nil, fmt.Errorf("BUG: a value of type %T in a result", v)
		}
	}
	return append(dst, "]}\n"...), nil
}

// value reads what appendRow wrote of a value of type t.
func value(t types.Type, text json.RawMessage) (any, error) {
	if string(text) == "null" {
		return nil, nil
	}
	switch t {
	case types.Bool:
		return strconv.ParseBool(string(text))
	case types.Int:
		n, err := strconv.ParseInt(string(text), 10, 32)
		return int32(n), err
	case types.Long, types.DateTime, types.TimeSpan:
		return strconv.ParseInt(string(text), 10, 64)
	case types.Real:
		s := string(text)
		if s[0] == '"' {
			if err := json.Unmarshal(text, &s); err != nil {
				return nil, err
			}
		}
		return strconv.ParseFloat(s, 64)
	case types.String, types.Decimal, types.Guid, types.Dynamic:
		var s string
		err := json.Unmarshal(text, &s)
		return s, err
	}
	return nil, errors.New("a value of unknown type")
}
