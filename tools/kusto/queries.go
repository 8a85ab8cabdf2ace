package kusto

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/postern-dev/postern/kql/kqltest"
)

// Query is one text to compare, with the place it comes from.
type Query struct {
	Name string // file/case, or recorded/id
	Text string
}

// Key tells queries apart in the list of differences: a checksum of the text.
func (q Query) Key() string {
	h := fnv.New32a()
	h.Write([]byte(q.Text))
	return fmt.Sprintf("%08x", h.Sum32())
}

// Committed are the queries of the repository at root: test cases of the
// compiler, the syntax corpus, and the examples of documents and scripts.
func Committed(root string) ([]Query, error) {
	var out []Query
	files, err := kqltest.Files()
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		for _, c := range f.Cases {
			out = append(out, Query{f.Name + "/" + c.Name, c.Query})
		}
	}
	for _, pattern := range []string{"kql/syntax/testdata/*.txtar", "kql/testdata/errors/*.txtar", "internal/cli/testdata/script/*.txtar"} {
		more, err := archives(root, pattern)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	docs, err := examples(root)
	return append(out, docs...), err
}

func archives(root, pattern string) ([]Query, error) {
	paths, err := filepath.Glob(filepath.Join(root, pattern))
	if err != nil || len(paths) == 0 {
		return nil, fmt.Errorf("list %s: %d files, %w", pattern, len(paths), err)
	}
	var out []Query
	for _, path := range paths {
		a, err := txtar.ParseFile(path)
		if err != nil {
			return nil, fmt.Errorf("read queries: %w", err)
		}
		for _, f := range a.Files {
			if strings.HasSuffix(f.Name, ".kql") {
				out = append(out, Query{filepath.Base(path) + "/" + f.Name, string(f.Data)})
			}
		}
	}
	return out, nil
}

var fenced = regexp.MustCompile("(?ms)^```(?:kusto|kql)\n(.*?)^```")

// examples are the fenced queries of the documents and the .kql files.
func examples(root string) ([]Query, error) {
	var out []Query
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md", "lab/tour/*.kql"} {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", pattern, err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				return nil, fmt.Errorf("read examples: %w", err)
			}
			if filepath.Ext(path) == ".kql" {
				out = append(out, Query{filepath.Base(path), string(text)})
				continue
			}
			for i, m := range fenced.FindAllSubmatch(text, -1) {
				out = append(out, Query{fmt.Sprintf("%s/%d", filepath.Base(path), i), string(m[1])})
			}
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("read examples: none below %s", root)
	}
	return out, nil
}

// Recorded reads queries as JSON lines of id and query.
func Recorded(path string) ([]Query, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read recorded queries: %w", err)
	}
	var out []Query
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 8<<20)
	for lines.Scan() {
		var q struct{ ID, Query string }
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil || q.Query == "" {
			return nil, fmt.Errorf("read %s: line %d has no query: %w", path, len(out)+1, err)
		}
		out = append(out, Query{recorded + q.ID, q.Query})
	}
	return out, lines.Err()
}
