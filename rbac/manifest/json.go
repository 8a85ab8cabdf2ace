package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	yaml "go.yaml.in/yaml/v3"
)

// jsonReader builds the tree of a JSON text with positions. A YAML reader will
// not do: it refuses tabs between tokens and escaped surrogate pairs.
type jsonReader struct {
	data []byte
	dec  *json.Decoder
	line int // of data[:done]
	col  int
	done int
}

func readJSON(data []byte) (docs []*yaml.Node, offset int, err error) {
	r := &jsonReader{data: data, dec: json.NewDecoder(bytes.NewReader(data)), line: 1, col: 1}
	r.dec.UseNumber()
	for {
		node, err := r.value(0)
		if errors.Is(err, io.EOF) && node == nil {
			return docs, 0, nil
		}
		if err != nil {
			at := int(r.dec.InputOffset())
			var syntax *json.SyntaxError
			if errors.As(err, &syntax) {
				at = max(at, int(syntax.Offset)-1)
			}
			for at < len(data) && strings.IndexByte(" \t\r\n", data[at]) >= 0 {
				at++
			}
			return docs, at, err
		}
		docs = append(docs, node)
	}
}

// maxDepth is encoding/json's own limit for values it nests itself.
const maxDepth = 1000

func (r *jsonReader) value(depth int) (*yaml.Node, error) {
	if depth > maxDepth {
		return &yaml.Node{}, errors.New("nested too deeply")
	}
	token, err := r.dec.Token()
	if err != nil {
		return nil, err
	}
	node := &yaml.Node{Kind: yaml.ScalarNode}
	r.place(node)
	switch t := token.(type) {
	case json.Delim:
		return node, r.inside(node, t, depth)
	case string:
		node.Tag, node.Value = "!!str", t
	case json.Number:
		node.Tag, node.Value = "!!int", t.String()
		if strings.ContainsAny(t.String(), ".eE") {
			node.Tag = "!!float"
		}
	case bool:
		node.Tag, node.Value = "!!bool", map[bool]string{true: "true", false: "false"}[t]
	case nil:
		node.Tag, node.Value = "!!null", "null"
	}
	return node, nil
}

func (r *jsonReader) inside(node *yaml.Node, open json.Delim, depth int) error {
	node.Kind, node.Tag = yaml.MappingNode, "!!map"
	if open == '[' {
		node.Kind, node.Tag = yaml.SequenceNode, "!!seq"
	}
	for r.dec.More() {
		child, err := r.value(depth + 1)
		if err != nil {
			return unexpectedEnd(err)
		}
		node.Content = append(node.Content, child)
	}
	_, err := r.dec.Token() // the closing delimiter
	return unexpectedEnd(err)
}

func unexpectedEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// place sets the position of the token just read: the decoder only tells where
// it ends, so the start is found by skipping what lies between tokens: space,
// separators, and what closed the values before.
func (r *jsonReader) place(node *yaml.Node) {
	start := r.done
	for start < len(r.data) && strings.IndexByte(" \t\r\n,:]}", r.data[start]) >= 0 {
		start++
	}
	r.advance(start)
	node.Line, node.Column = r.line, r.col
	r.advance(int(r.dec.InputOffset()))
}

func (r *jsonReader) advance(to int) {
	r.line, r.col = position(r.data[r.done:to], r.line, r.col)
	r.done = to
}

// position moves a line and column over text.
func position(text []byte, line, col int) (int, int) {
	for _, b := range text {
		switch {
		case b == '\n':
			line, col = line+1, 1
		case b&0xC0 != 0x80: // count characters, not UTF-8 continuation bytes
			col++
		}
	}
	return line, col
}
