package kusto

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/postern-dev/postern/kql/schema"
)

// Oracle is one Node.js process with Kusto's parser and binder in it.
type Oracle struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr bytes.Buffer
	// Functions are Kusto's built-in functions and aggregates.
	Functions []Function
}

// Answer is what Kusto says of a query.
type Answer struct {
	Errors  []Diagnostic
	Columns []Column
	Tabular bool // the query gives a table
	Open    bool // there may be columns that only the data knows
}

// Diagnostic is one error. Start and Length count UTF-16 units.
type Diagnostic struct {
	Start, Length int
	Code, Message string
}

// Column is a column of a table or of a result.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Function is a built-in function; Obsolete and Hidden ones still work.
type Function struct {
	Name                        string
	Aggregate, Obsolete, Hidden bool
	Signatures                  []Signature
}

// Signature is one way to call a function.
type Signature struct {
	Min, Max int
	Hidden   bool
	Params   []Parameter
}

// Parameter is one argument. Types is set where Kind is Declared, Values where
// only some constants are taken.
type Parameter struct {
	Name     string
	Kind     string // Declared, Scalar, Number, DynamicArray …
	Types    []string
	Argument string // Expression, Constant, Column, StarAllowed …
	Optional bool
	Values   []string
}

// Install brings the pinned package below dir, where it is not there yet.
func Install(dir string) error {
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("find %s: not on PATH; the comparison with Kusto's grammar needs Node.js 18 or later (on Debian: apt-get install -y nodejs npm)", program)
		}
	}
	wanted, err := os.ReadFile(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		return fmt.Errorf("read the pinned package: %w", err)
	}
	done := filepath.Join(dir, "node_modules", ".installed")
	if have, err := os.ReadFile(done); err == nil && bytes.Equal(have, wanted) {
		return nil
	}
	cmd := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci in %s (it needs the npm registry once): %w\n%s", dir, err, out)
	}
	return os.WriteFile(done, wanted, 0o644)
}

// Start runs the oracle of dir over the tables of a catalog.
func Start(dir string, cat *schema.Catalog) (*Oracle, error) {
	if err := Install(dir); err != nil {
		return nil, err
	}
	o := &Oracle{cmd: exec.Command("node", "oracle.js")}
	o.cmd.Dir, o.cmd.Stderr = dir, &o.stderr
	in, err := o.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start oracle: %w", err)
	}
	out, err := o.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start oracle: %w", err)
	}
	o.in, o.out = in, bufio.NewReaderSize(out, 1<<20)
	if err := o.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start oracle: %w", err)
	}
	var said struct{ Functions []Function }
	if err := o.ask(map[string]any{"tables": tables(cat)}, &said); err != nil {
		return nil, errors.Join(err, o.Close())
	}
	o.Functions = said.Functions
	return o, nil
}

type table struct {
	Name    string   `json:"name"`
	Columns []Column `json:"columns"`
}

func tables(cat *schema.Catalog) []table {
	var out []table
	for _, t := range cat.Tables {
		as := table{Name: t.Name}
		for _, c := range t.Columns {
			as.Columns = append(as.Columns, Column{c.Name, c.Type.String()})
		}
		out = append(out, as)
	}
	return out
}

// Ask is what Kusto says of a query.
func (o *Oracle) Ask(query string) (Answer, error) {
	var a Answer
	return a, o.ask(map[string]any{"query": query}, &a)
}

func (o *Oracle) ask(question, answer any) error {
	text, err := json.Marshal(question)
	if err != nil {
		return fmt.Errorf("ask oracle: %w", err)
	}
	if _, err := o.in.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("ask oracle: %w\n%s", err, o.stderr.String())
	}
	line, err := o.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("read the oracle's answer to %.200s: %w", text, err)
	}
	if err := json.Unmarshal(line, answer); err != nil {
		return fmt.Errorf("read the oracle's answer: %w: %.200s", err, line)
	}
	return nil
}

// Close ends the process; the error tells what it wrote to stderr.
func (o *Oracle) Close() error {
	if err := errors.Join(o.in.Close(), o.cmd.Wait()); err != nil {
		return fmt.Errorf("run oracle: %w\n%s", err, o.stderr.String())
	}
	return nil
}
