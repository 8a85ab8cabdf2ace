package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	yaml "go.yaml.in/yaml/v3"
)

// JSON prints a value indented, keys in the order of its fields.
func JSON(w io.Writer, v any) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	if err := out.Encode(v); err != nil {
		return fmt.Errorf("write json: %w", err)
	}
	return nil
}

// YAML prints what JSON prints, in the same order, as YAML.
func YAML(w io.Writer, v any) error {
	var text bytes.Buffer
	if err := json.NewEncoder(&text).Encode(v); err != nil {
		return fmt.Errorf("write yaml: %w", err)
	}
	var doc yaml.Node // what encoding/json writes is YAML in flow style
	if err := yaml.Unmarshal(text.Bytes(), &doc); err != nil {
		return fmt.Errorf("write yaml: %w", err)
	}
	block(&doc)
	out := yaml.NewEncoder(w)
	out.SetIndent(2)
	if err := out.Encode(&doc); err != nil {
		return fmt.Errorf("write yaml: %w", err)
	}
	return out.Close()
}

// block turns flow style and forced quotes off; the encoder quotes what needs it.
func block(n *yaml.Node) {
	n.Style = 0
	for _, child := range n.Content {
		block(child)
	}
}
