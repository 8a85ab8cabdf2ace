package manifest

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v3"
)

// documents splits the input into its top-level values.
func (d *decoder) documents(data []byte) []*yaml.Node {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		d.problem(nil, "", "not UTF-8 text")
		return nil
	}
	if t := bytes.TrimLeft(data, " \t\r\n"); len(t) > 0 && (t[0] == '{' || t[0] == '[') && !bytes.HasPrefix(t, []byte("{{")) {
		return d.jsonDocuments(data)
	}
	return d.yamlDocuments(data)
}

// jsonDocuments reads JSON; what is not JSON may still be YAML in flow style.
func (d *decoder) jsonDocuments(data []byte) []*yaml.Node {
	docs, offset, err := readJSON(data)
	if err == nil {
		return docs
	}
	if len(docs) == 0 {
		var node yaml.Node
		if yaml.Unmarshal(data, &node) == nil {
			return d.yamlDocuments(data)
		}
	}
	line, col := position(data[:min(offset, len(data))], 1, 1)
	d.problem(&yaml.Node{Line: line, Column: col}, "", "not JSON: %v", err)
	return docs
}

func (d *decoder) yamlDocuments(data []byte) []*yaml.Node {
	var docs []*yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var doc yaml.Node
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return docs
		}
		if err != nil {
			// After a syntax error the reader cannot find the next document.
			d.yamlProblem(data, err)
			return docs
		}
		if doc.Kind == yaml.DocumentNode && len(doc.Content) == 1 && !isNull(doc.Content[0]) {
			docs = append(docs, doc.Content[0])
		}
	}
}

var (
	yamlError = regexp.MustCompile(`(?s)^yaml: (?:line (\d+): )?(.*)$`)
	template  = regexp.MustCompile(`\{\{`)
)

func (d *decoder) yamlProblem(data []byte, err error) {
	hint, at, msg := "", &yaml.Node{}, err.Error()
	if m := yamlError.FindStringSubmatch(msg); m != nil {
		msg = m[2]
		if line, err := strconv.Atoi(m[1]); err == nil {
			at.Line, at.Column = line, 1
		}
	}
	if template.Match(data) {
		hint = "this looks like a Helm template: render it first (helm template CHART | postern … -f -)"
	}
	d.problem(at, hint, "not YAML: %s; nothing after it in this file was read", msg)
}
