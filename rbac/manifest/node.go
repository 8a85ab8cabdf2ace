package manifest

import (
	"fmt"

	yaml "go.yaml.in/yaml/v3"
)

// decoder walks the trees of one input and gathers the result.
type decoder struct {
	Options
	result Result
	budget int
	faults int // of the object at hand
}

func (d *decoder) problem(at *yaml.Node, hint, format string, args ...any) {
	d.faults++
	d.result.Problems = append(d.result.Problems, d.at(at, hint, format, args...))
}

func (d *decoder) at(at *yaml.Node, hint, format string, args ...any) Problem {
	p := Problem{Name: d.Name, Msg: fmt.Sprintf(format, args...), Hint: hint}
	if at != nil {
		p.Line, p.Column = at.Line, at.Column
	}
	return p
}

// resolve follows an alias and counts the visit, so that aliases of aliases
// cannot expand without end. It returns nil when the budget is spent.
func (d *decoder) resolve(n *yaml.Node) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	d.budget--
	if d.budget == 0 {
		d.problem(n, "", "aliases expand to more than %d values", maxNodes)
	}
	if d.budget <= 0 {
		return nil
	}
	return n
}

func isNull(n *yaml.Node) bool {
	return n == nil || n.Kind == 0 || n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

// field is one entry of a mapping.
type field struct{ key, value *yaml.Node }

// fields reads a mapping; a repeated key is a fault, because readers differ in
// which value they take.
func (d *decoder) fields(n *yaml.Node, what string) []field {
	n = d.resolve(n)
	if isNull(n) {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		d.problem(n, "", "%s is %s, want a mapping", what, describe(n))
		return nil
	}
	seen := map[string]bool{}
	var all []field
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], d.resolve(n.Content[i+1])
		if value == nil {
			return nil
		}
		if seen[key.Value] {
			d.problem(key, "", "%s has two entries %q", what, key.Value)
			continue
		}
		seen[key.Value] = true
		all = append(all, field{key, value})
	}
	return all
}

// items reads a sequence; null is an empty one.
func (d *decoder) items(n *yaml.Node, what string) []*yaml.Node {
	if n = d.resolve(n); isNull(n) {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		d.problem(n, "", "%s is %s, want a list", what, describe(n))
		return nil
	}
	items := make([]*yaml.Node, 0, len(n.Content))
	for _, item := range n.Content {
		if item = d.resolve(item); item == nil {
			return nil
		}
		items = append(items, item)
	}
	return items
}

// text reads a string. Numbers and booleans are refused as the API server does:
// a group called 0123 must be quoted or it is not the group that was meant.
func (d *decoder) text(n *yaml.Node, what string) string {
	switch {
	case isNull(n):
		return ""
	case n.Kind != yaml.ScalarNode:
		d.problem(n, "", "%s is %s, want a string", what, describe(n))
		return ""
	case n.ShortTag() != "!!str" && n.ShortTag() != "!!timestamp":
		d.problem(n, fmt.Sprintf("write %q", n.Value), "%s is %s, want a string", what, describe(n))
		return ""
	}
	return n.Value
}

func (d *decoder) texts(n *yaml.Node, what string) []string {
	var all []string
	for i, item := range d.items(n, what) {
		all = append(all, d.text(item, fmt.Sprintf("%s[%d]", what, i)))
	}
	return all
}

func (d *decoder) textMap(n *yaml.Node, what string) map[string]string {
	var all map[string]string
	for _, f := range d.fields(n, what) {
		if all == nil {
			all = map[string]string{}
		}
		all[f.key.Value] = d.text(f.value, what+"."+f.key.Value)
	}
	return all
}

func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!int", "!!float":
		return "the number " + n.Value
	case "!!bool":
		return "the boolean " + n.Value
	case "!!null":
		return "null"
	}
	return fmt.Sprintf("the string %q", n.Value)
}
