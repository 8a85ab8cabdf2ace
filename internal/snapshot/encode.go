package snapshot

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Encode writes the file form. MadeBy names the program and its version.
func Encode(w io.Writer, s *Snapshot, madeBy string) error {
	out := json.NewEncoder(w)
	out.SetIndent("", " ")
	out.SetEscapeHTML(false)
	if err := out.Encode(newForm(s, madeBy)); err != nil {
		return fmt.Errorf("write snapshot: %w", err)
	}
	return nil
}

// ErrExists is the error of a file that is not to be overwritten.
var ErrExists = errors.New("file exists")

// File is where a snapshot is written. A name that ends in .gz is compressed.
type File struct {
	Path      string
	Overwrite bool
	// Written is called when everything is in the temporary file beside Path
	// and nothing at Path yet; nil: not called.
	Written func()
}

// Check reports whether Write could succeed, before time is spent on reading a
// cluster.
func (f File) Check() error {
	info, err := os.Stat(f.Path)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("write %s: is a directory", f.Path)
	case err == nil && info.Mode().IsRegular() && !f.Overwrite:
		return fmt.Errorf("write %s: %w", f.Path, ErrExists)
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("write %s: %w", f.Path, cause(err))
	}
	dir, err := os.Stat(filepath.Dir(f.Path))
	if err != nil {
		return fmt.Errorf("write %s: %w", f.Path, cause(err))
	}
	if !dir.IsDir() {
		return fmt.Errorf("write %s: %s is no directory", f.Path, filepath.Dir(f.Path))
	}
	return nil
}

// Write puts the snapshot there as a whole or not at all, readable by its owner
// only: who may do what is an attacker's map. It returns the file's size.
func (f File) Write(s *Snapshot, madeBy string) (size int64, err error) {
	return f.write(func(w io.Writer) error { return Encode(w, s, madeBy) })
}

func (f File) write(encode func(io.Writer) error) (size int64, err error) {
	if err := f.Check(); err != nil {
		return 0, err
	}
	if info, err := os.Stat(f.Path); err == nil && !info.Mode().IsRegular() {
		return f.writeThrough(encode) // a pipe, /dev/stdout
	}
	temp, err := os.CreateTemp(filepath.Dir(f.Path), "."+filepath.Base(f.Path)+".*") // 0600
	if err != nil {
		return 0, fmt.Errorf("write %s: %w", f.Path, cause(err))
	}
	defer func() {
		temp.Close()
		os.Remove(temp.Name()) // gone already where it was renamed
	}()
	if err := f.fill(temp, encode); err != nil {
		return 0, fmt.Errorf("write %s: %w", f.Path, cause(err))
	}
	if err := temp.Sync(); err != nil {
		return 0, fmt.Errorf("write %s: %w", f.Path, cause(err))
	}
	info, err := temp.Stat()
	if err != nil {
		return 0, fmt.Errorf("write %s: %w", f.Path, cause(err))
	}
	if f.Written != nil {
		f.Written()
	}
	if err := f.place(temp.Name()); err != nil {
		return 0, fmt.Errorf("write %s: %w", f.Path, err)
	}
	return info.Size(), nil
}

// place gives the temporary file its name. Without Overwrite a link is used,
// which fails where somebody made the file meanwhile.
func (f File) place(temp string) error {
	if f.Overwrite {
		return cause(os.Rename(temp, f.Path))
	}
	err := os.Link(temp, f.Path)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrExist):
		return ErrExists
	}
	return cause(os.Rename(temp, f.Path)) // a file system without links
}

func (f File) writeThrough(encode func(io.Writer) error) (int64, error) {
	out, err := os.OpenFile(f.Path, os.O_WRONLY, 0)
	if err != nil {
		return 0, fmt.Errorf("write %s: %w", f.Path, cause(err))
	}
	counted := &counter{w: out}
	if err := errors.Join(f.fill(counted, encode), out.Close()); err != nil {
		return 0, fmt.Errorf("write %s: %w", f.Path, cause(err))
	}
	return counted.n, nil
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

func (f File) fill(w io.Writer, encode func(io.Writer) error) error {
	if !strings.HasSuffix(f.Path, ".gz") {
		return encode(w)
	}
	zipped := gzip.NewWriter(w)
	if err := encode(zipped); err != nil {
		return err
	}
	return zipped.Close()
}
