package syntax

import (
	"math"
	"strconv"
	"strings"

	"github.com/postern-dev/postern/kql/scalar"
	"github.com/postern-dev/postern/kql/types"
)

const (
	boolType    = types.Bool
	longType    = types.Long
	dynamicType = types.Dynamic
)

// stringLiteral reads adjacent string tokens, which are one string.
func (p *parser) stringLiteral() Expr {
	start := p.here()
	var b strings.Builder
	hidden := false
	for p.tok().Kind == String {
		t := p.advance()
		b.WriteString(t.Value)
		hidden = hidden || t.Hidden
	}
	return &Literal{Span: p.from(start), Type: types.String, Value: b.String(), Hidden: hidden}
}

// constant reads a number, a duration or a typed literal.
func (p *parser) constant(t Token) Expr {
	lit := &Literal{Span: t.Span}
	ok := true
	hint := ""
	switch t.Kind {
	case Integer:
		lit.Type = types.Long
		lit.Value, ok = longValue(t.Text)
		hint = "long is a 64-bit integer; decimal(...) holds more digits"
	case Real:
		lit.Type = types.Real
		lit.Value, ok = realValue(t.Text)
	case Duration:
		lit.Type = types.TimeSpan
		lit.Value, ok = scalar.ParseDuration(t.Text)
	case TypedText:
		lit.Type, _ = types.Parse(t.Name)
		lit.Value, ok = typedValue(lit.Type, t.Value)
		hint = typedHint(lit.Type)
		if isIdentStart(t.Value) && !strings.ContainsAny(t.Value, " ") && lit.Type != types.Guid {
			hint = "to" + lit.Type.String() + "(" + t.Value + ") converts a value"
		}
	}
	if !ok {
		lit.Value = nil
		p.errs.Add(t.Span, hint, "invalid %s literal %s", lit.Type, t.describe())
	}
	return lit
}

func typedHint(t types.Type) string {
	switch t {
	case types.DateTime:
		return "write datetime(2026-11-23T17:58:21.96Z), datetime(2026-11-23) or datetime(null)"
	case types.TimeSpan:
		return "write 1d, timespan(1.02:03:04) or timespan(null)"
	case types.Guid:
		return "write guid(74be27de-1e4e-49d9-b579-fe0b331d3642)"
	}
	return ""
}

func longValue(s string) (any, bool) {
	if h, ok := strings.CutPrefix(strings.ToLower(s), "0x"); ok {
		v, err := strconv.ParseUint(h, 16, 64)
		return int64(v), err == nil
	}
	v, err := strconv.ParseInt(s, 10, 64)
	return v, err == nil
}

func realValue(s string) (any, bool) {
	switch strings.ToLower(s) {
	case "nan":
		return math.NaN(), true
	case "+inf", "inf":
		return math.Inf(1), true
	case "-inf":
		return math.Inf(-1), true
	}
	if strings.ContainsAny(s, "xXpP_iInN") {
		return nil, false
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil
}

// typedValue reads the text of type(text).
func typedValue(t types.Type, s string) (any, bool) {
	if s == "null" {
		return nil, true
	}
	quoted := unquote(s)
	switch t {
	case types.Bool:
		return boolValue(s)
	case types.Int:
		v, ok := longValue(s)
		n, _ := v.(int64)
		return v, ok && n >= math.MinInt32 && n <= math.MaxInt32
	case types.Long:
		return longValue(s)
	case types.Real:
		return realValue(s)
	case types.Decimal:
		return scalar.ParseDecimal(s)
	case types.DateTime:
		if v, ok := scalar.ParseDateTime(quoted); ok {
			return v, true
		}
		return dateParts(s)
	case types.TimeSpan:
		if v, ok := scalar.ParseTimeSpan(quoted); ok {
			return v, true
		}
		days, err := strconv.ParseInt(quoted, 10, 32)
		return days * scalar.Day, err == nil && days < 10675199 && days > -10675199
	case types.Guid:
		return scalar.ParseGuid(quoted)
	}
	return nil, false
}

// dateParts reads datetime(2026, 11, 23).
func dateParts(s string) (any, bool) {
	var v [3]int
	parts := strings.Split(s, ",")
	if len(parts) != 3 {
		return nil, false
	}
	for i, part := range parts {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil {
			return nil, false
		}
		v[i] = n
	}
	d := scalar.Date{Year: v[0], Month: v[1], Day: v[2]}
	return d.Ticks(), d.Valid()
}

func boolValue(s string) (any, bool) {
	switch strings.ToLower(s) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n != 0, err == nil
}

func unquote(s string) string {
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}

// plainLong says whether the literal prints as bare digits.
func (l *Literal) plainLong() bool { return l.Type == types.Long && l.Value != nil }

func (l *Literal) each(func(Node)) {}

func (l *Literal) print(p *printer) {
	if l.Value == nil {
		p.text(l.Type.String(), "(null)")
		return
	}
	switch v := l.Value.(type) {
	case bool:
		p.text(strconv.FormatBool(v))
	case int64:
		p.text(l.integer(v))
	case float64:
		p.text(realText(v))
	case string:
		switch {
		case l.Type != types.String:
			p.text(l.Type.String(), "(", v, ")")
		case l.Hidden:
			p.text("h", Quote(v))
		default:
			p.text(Quote(v))
		}
	}
}

func (l *Literal) integer(v int64) string {
	switch l.Type {
	case types.DateTime:
		return "datetime(" + scalar.FormatDateTime(v) + ")"
	case types.TimeSpan:
		return "timespan(" + spanText(v) + ")"
	case types.Int:
		return "int(" + strconv.FormatInt(v, 10) + ")"
	}
	if v < 0 && v != math.MinInt64 {
		return "long(" + strconv.FormatInt(v, 10) + ")"
	}
	return strconv.FormatInt(v, 10)
}

func spanText(v int64) string {
	if v == math.MinInt64 {
		return strconv.FormatInt(v, 10) + "tick"
	}
	return scalar.FormatTimeSpan(v)
}

func realText(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 || v == 0 && math.Signbit(v) {
		s := strconv.FormatFloat(v, 'g', -1, 64)
		return "real(" + strings.ToLower(s) + ")"
	}
	s := strconv.FormatFloat(v, 'g', -1, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

// Quote writes s as a string literal.
func Quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case c < 0x20:
			b.WriteString(`\u00` + strconv.FormatInt(int64(c)+0x100, 16)[1:])
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
