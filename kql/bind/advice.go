package bind

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/postern-dev/postern/kql/schema"
	"github.com/postern-dev/postern/kql/syntax"
	"github.com/postern-dev/postern/kql/types"
)

// Advice on valid queries: what compiles, and still is likely not the question
// that was meant of an AKS audit log.

// advise looks at the whole text once; it judges by names, not by types.
func (b *binder) advise(q *syntax.Query) {
	a := &advice{}
	for _, s := range q.Statements {
		syntax.Walk(s, a.look)
	}
	const noReads = "kube-audit-admin has no get and no list: reads are in kube-audit (AKSAudit) only"
	if a.admin != nil && !a.audit {
		for _, v := range append(a.verbs["get"], a.verbs["list"]...) {
			b.note(v, noReads)
			break
		}
	}
	if !a.sessions {
		return
	}
	for _, v := range a.verbs["create"] {
		if len(a.verbs["get"]) == 0 {
			b.note(v, `exec, attach and port-forward over WebSocket are logged with the verb get: ask in ("create", "get")`)
		}
	}
	if a.admin != nil && !a.audit {
		b.note(a.admin, "kube-audit-admin leaves out get, and with it exec, attach and port-forward over WebSocket: none here does not mean none was")
	}
}

// advice is what a query mentions.
type advice struct {
	admin    syntax.Node // where kube-audit-admin is asked
	audit    bool        // kube-audit is asked too
	sessions bool        // exec, attach or port-forward is
	verbs    map[string][]syntax.Node
}

func (a *advice) look(n syntax.Node) bool {
	switch n := n.(type) {
	case *syntax.Name:
		a.mention(n, n.Text)
	case *syntax.Literal:
		if s, ok := n.Value.(string); ok {
			a.mention(n, s)
		}
	case *syntax.Binary:
		switch n.Op {
		case "==", "=~", "has", "contains", "startswith":
			a.compare(n.X, n.Y)
		}
	case *syntax.In:
		if n.Op == "in" || n.Op == "in~" || n.Op == "has_any" {
			for _, item := range n.List {
				a.compare(n.X, item)
			}
		}
	}
	return true
}

func (a *advice) mention(n syntax.Node, text string) {
	switch text {
	case "AKSAuditAdmin", "kube-audit-admin":
		if a.admin == nil {
			a.admin = n
		}
	case "AKSAudit", "kube-audit":
		a.audit = true
	case "exec", "attach", "portforward", "pods/exec", "pods/attach", "pods/portforward":
		a.sessions = true
	}
}

// compare notes the values that a verb is compared with.
func (a *advice) compare(x, y syntax.Expr) {
	l, ok := y.(*syntax.Literal)
	if !ok || !isVerb(x) {
		return
	}
	if s, ok := l.Value.(string); ok {
		if a.verbs == nil {
			a.verbs = map[string][]syntax.Node{}
		}
		s = strings.ToLower(s)
		a.verbs[s] = append(a.verbs[s], l)
	}
}

// isVerb: Verb, event.verb, event["verb"], tostring(event.verb), and the names
// such a column is usually given.
func isVerb(x syntax.Expr) bool {
	switch x := x.(type) {
	case *syntax.Name:
		return isVerbName(x.Text)
	case *syntax.Path:
		return isVerbName(x.Name.Text)
	case *syntax.Index:
		l, ok := x.Index.(*syntax.Literal)
		if !ok {
			return false
		}
		s, _ := l.Value.(string)
		return isVerbName(s)
	case *syntax.Call:
		return len(x.Args) == 1 && isVerb(x.Args[0].Value)
	}
	return false
}

func isVerbName(s string) bool {
	return strings.EqualFold(s, "verb") || s == "HttpMethod"
}

// adviseBag notes that a whole bag is compared with a number or a text, which no
// bag equals.
func (b *binder) adviseBag(at *syntax.Binary, with types.Type) {
	for _, x := range []syntax.Expr{at.X, at.Y} {
		n, ok := x.(*syntax.Name)
		if !ok {
			continue
		}
		if doc := b.bag(n.Text); doc != nil {
			field := ""
			for name, f := range doc.Fields {
				if fits := f.Type == with || f.Type.Numeric() && with.Numeric(); fits && (field == "" || name < field) {
					field = name
				}
			}
			if field != "" {
				field = ", such as " + n.Text + "." + field
			}
			b.note(n, n.Text+" is a bag, which equals no single value: compare one of its fields"+field)
		}
	}
}

// bag is the known structure of a dynamic column of a table, nil if it has none.
func (b *binder) bag(name string) *schema.Node {
	if b.cat == nil {
		return nil
	}
	for _, t := range b.cat.Tables {
		for i := range t.Columns {
			if c := &t.Columns[i]; c.Name == name && c.Doc != nil && len(c.Doc.Fields) > 0 && c.Type.String() == "dynamic" {
				return c.Doc
			}
		}
	}
	return nil
}

// adviseTerm notes a term for has that starts or ends with a separator: has finds
// whole terms, so the ends decide little.
func (b *binder) adviseTerm(x syntax.Expr) {
	l, ok := x.(*syntax.Literal)
	if !ok {
		return
	}
	s, _ := l.Value.(string)
	first, _ := utf8.DecodeRuneInString(s)
	last, _ := utf8.DecodeLastRuneInString(s)
	word := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	if s != "" && (!word(first) || !word(last)) {
		b.note(l, "has finds whole terms of letters and digits; contains, startswith and endswith compare separators at the ends too")
	}
}
