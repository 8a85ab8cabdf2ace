package syntax

import (
	"strconv"
	"strings"

	"github.com/postern-dev/postern/kql/scalar"
	"github.com/postern-dev/postern/kql/types"
)

// dynamicLiteral reads dynamic(value) into compact JSON text. Besides JSON the
// language allows strings in any form, datetime(...), timespan and guid
// literals, which become the JSON strings that Kusto shows for them. Numbers keep
// their spelling.
func (p *parser) dynamicLiteral() Expr {
	start := p.here()
	p.advance()
	p.expectOp("(")
	lit := &Literal{Type: types.Dynamic}
	var b strings.Builder
	p.dynamicValue(&b)
	p.expectOp(")")
	lit.Span = p.from(start)
	if text := b.String(); text != "null" && !p.failed {
		lit.Value = text
	}
	return lit
}

func (p *parser) dynamicValue(b *strings.Builder) {
	if p.failed || !p.enter() {
		return
	}
	defer p.leave()
	t := p.tok()
	switch {
	case p.isOp("["):
		p.dynamicArray(b)
	case p.isOp("{"):
		p.dynamicBag(b)
	case t.word("dynamic"):
		p.advance()
		p.expectOp("(")
		p.dynamicValue(b)
		p.expectOp(")")
	case t.Kind == String:
		lit := p.stringLiteral().(*Literal)
		b.WriteString(Quote(lit.Value.(string)))
	case p.isOp("-") || p.isOp("+"):
		p.signed(b)
	case t.Kind == Integer || t.Kind == Real || t.Kind == Duration || t.Kind == TypedText:
		p.advance()
		p.dynamicConstant(b, t, false)
	case t.word("true") || t.word("false") || t.word("null"):
		p.advance()
		b.WriteString(t.Text)
	default:
		p.unexpected("a JSON value")
	}
}

func (p *parser) signed(b *strings.Builder) {
	neg := p.advance().Text == "-"
	t := p.tok()
	if t.Kind != Integer && t.Kind != Real && t.Kind != Duration {
		p.unexpected("a number")
		return
	}
	p.advance()
	p.dynamicConstant(b, t, neg)
}

func (p *parser) dynamicConstant(b *strings.Builder, t Token, neg bool) {
	lit := p.constant(t).(*Literal)
	sign := ""
	if neg {
		sign = "-"
	}
	switch v := lit.Value.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case float64:
		b.WriteString(sign)
		p.dynamicReal(b, t, v)
	case string:
		b.WriteString(Quote(v))
	case int64:
		switch lit.Type {
		case types.DateTime:
			b.WriteString(Quote(scalar.FormatDateTime(v)))
		case types.TimeSpan:
			if neg {
				v = -v
			}
			b.WriteString(Quote(scalar.FormatTimeSpan(v)))
		default:
			b.WriteString(sign + strconv.FormatInt(v, 10))
		}
	}
}

// dynamicReal keeps the spelling of a bare number; NaN and the infinities have
// no JSON number and are strings.
func (p *parser) dynamicReal(b *strings.Builder, t Token, v float64) {
	text := t.Text
	if t.Kind == TypedText {
		text = strings.TrimSuffix(strings.TrimPrefix(realText(v), "real("), ")")
	}
	switch {
	case strings.Contains(text, "nan"):
		text = `"NaN"`
	case strings.Contains(text, "inf"):
		text = `"` + strings.Replace(strings.TrimPrefix(text, "+"), "inf", "Infinity", 1) + `"`
	case strings.HasPrefix(text, "."):
		text = "0" + text
	case strings.HasSuffix(text, "."):
		text += "0"
	}
	b.WriteString(strings.Replace(text, ".e", ".0e", 1))
}

func (p *parser) dynamicArray(b *strings.Builder) {
	p.advance()
	b.WriteByte('[')
	for n := 0; !p.failed && !p.isOp("]"); n++ {
		if n > 0 {
			if !p.expectOp(",") {
				return
			}
			b.WriteByte(',')
		}
		p.dynamicValue(b)
	}
	p.expectOp("]")
	b.WriteByte(']')
}

func (p *parser) dynamicBag(b *strings.Builder) {
	p.advance()
	b.WriteByte('{')
	for n := 0; !p.failed && !p.isOp("}"); n++ {
		if n > 0 {
			if !p.expectOp(",") {
				return
			}
			b.WriteByte(',')
		}
		if p.tok().Kind != String {
			p.unexpected("a property name in quotes")
			return
		}
		b.WriteString(Quote(p.advance().Value))
		p.expectOp(":")
		b.WriteByte(':')
		p.dynamicValue(b)
	}
	p.expectOp("}")
	b.WriteByte('}')
}
