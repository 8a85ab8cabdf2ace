package harden

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// UndoFile is what is written before a cluster is changed, readable by its owner
// only: how the cluster was, and what was to be changed.
type UndoFile struct {
	Kind        string          `json:"kind"` // PosternUndo
	Cluster     string          `json:"cluster"`
	Made        time.Time       `json:"made"`
	By          string          `json:"by,omitempty"`     // who signed in
	Object      string          `json:"object,omitempty"` // a binding in the cluster; empty: the cluster itself
	Differences []Difference    `json:"differences"`
	Before      json.RawMessage `json:"before"` // the whole body, or the whole object
}

const undoKind = "PosternUndo"

// WriteUndo writes the file, whole or not at all; it never replaces one.
func WriteUndo(path string, u UndoFile) error {
	u.Kind = undoKind
	text, err := json.MarshalIndent(u, "", "  ")
	if err != nil {
		return fmt.Errorf("write undo file: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("write undo file: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".undo-*")
	if err != nil {
		return fmt.Errorf("write undo file: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write undo file %s: %w", path, err)
	}
	if err := os.Link(f.Name(), path); err != nil {
		return fmt.Errorf("write undo file: %w", err)
	}
	if dir, err := os.Open(filepath.Dir(path)); err == nil {
		_ = dir.Sync()
		_ = dir.Close()
	}
	return nil
}

// ReadUndo reads an undo file.
func ReadUndo(path string) (UndoFile, error) {
	var u UndoFile
	text, err := os.ReadFile(path)
	if err != nil {
		var p *fs.PathError
		if errors.As(err, &p) {
			err = p.Err
		}
		return u, fmt.Errorf("read undo file %s: %w", path, err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&u); err != nil {
		return u, fmt.Errorf("read undo file %s: %w", path, err)
	}
	if u.Kind != undoKind || u.Cluster == "" || len(u.Differences) == 0 {
		return u, fmt.Errorf("read undo file %s: it is none: kind, cluster or differences are wanting", path)
	}
	return u, nil
}

// Remedy is what puts back the values that were before.
func (u UndoFile) Remedy() Remedy {
	r := Remedy{Check: "undo", Title: "undo the change of " + u.Made.UTC().Format(time.RFC3339)}
	for _, d := range u.Differences {
		v := d.Before
		if string(v) == "null" {
			v = nil
		}
		r.Set = append(r.Set, Setting{strings.Split(d.Path, "."), v})
	}
	return r
}
