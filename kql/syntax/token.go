package syntax

import "fmt"

// Kind is what a token is.
type Kind uint8

// The kinds of token.
const (
	EOF       Kind = iota
	Ident          // name or keyword; $left too
	String         // any string literal; Value is the decoded text
	Integer        // 12 or 0x1F
	Real           // 1.5, 1e5
	Duration       // 1h, 2.5days
	TypedText      // datetime(...), guid(...): Name is the type, Value the text between the parentheses
	Op             // operators and punctuation; Text says which, !has and in~ included
	Invalid        // reported already
)

// Token is one lexeme. Text is the source text, Value the decoded text of
// strings and typed literals.
type Token struct {
	Span
	Kind   Kind
	Text   string
	Name   string
	Value  string
	Hidden bool
}

func (t Token) is(op string) bool    { return t.Kind == Op && t.Text == op }
func (t Token) word(w string) bool   { return t.Kind == Ident && t.Text == w }
func (t Token) adjoins(n Token) bool { return t.End == n.Start }

// describe names the token for a message.
func (t Token) describe() string {
	switch t.Kind {
	case EOF:
		return "end of query"
	case String:
		return "string literal"
	}
	if r := []rune(t.Text); len(r) > 40 {
		return fmt.Sprintf("'%s…'", string(r[:40]))
	}
	return "'" + t.Text + "'"
}
