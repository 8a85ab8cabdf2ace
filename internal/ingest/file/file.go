// Package file is the source of audit events in files: one path, a pattern, or a
// stream such as standard input.
//
// It owns how `file:PATH|GLOB|-` is read and which files belong to it, the
// rotated ones of a followed path included. How files are read, and recognised
// again, is package tail's business.
package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/postern-dev/postern/internal/ingest"
	"github.com/postern-dev/postern/internal/ingest/tail"
)

// Scheme begins the sources of this package.
const Scheme = "file"

// Options are what sources of files have in common.
type Options struct {
	Scope  string // see tail.Set
	Follow bool
	Stdin  io.Reader
	Remark func(format string, args ...any)
}

// Sentinels of a source that cannot be opened.
var (
	ErrDirectory = errors.New("is a directory")
	ErrNoMatch   = errors.New("no file matches")
)

// Open checks what stands behind `file:` and gives the source. A path or
// pattern without files is an error, unless it is followed and its directory is
// there.
func Open(place string, o Options) (ingest.Source, error) {
	label := Scheme + ":" + place
	switch {
	case place == "":
		return nil, errors.New("open file: no path given")
	case place == "-":
		in := struct{ io.Reader }{o.Stdin} // not ours to close
		return &Stream{Label: label, In: in, Remark: o.Remark}, nil
	}
	info, err := os.Stat(place)
	switch {
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("open %s: %w", label, ErrDirectory)
	case err == nil && !info.Mode().IsRegular():
		// A pipe of the shell, e.g. <(zcat …).
		in, err := os.Open(place)
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", label, cause(err))
		}
		return &Stream{Label: label, In: in, Remark: o.Remark}, nil
	case err == nil:
		if err := readable(place); err != nil {
			return nil, fmt.Errorf("open %s: %w", label, cause(err))
		}
		return named(label, place, o)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("open %s: %w", label, cause(err))
	case strings.ContainsAny(place, "*?["):
		return pattern(label, place, o)
	case !o.Follow:
		return nil, fmt.Errorf("open %s: %w", label, fs.ErrNotExist)
	}
	if _, err := os.Stat(filepath.Dir(place)); err != nil {
		return nil, fmt.Errorf("open %s: directory %s: %w", label, filepath.Dir(place), cause(err))
	}
	o.Remark("%s is not there yet: waiting for it", place)
	return named(label, place, o)
}

func readable(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return f.Close()
}

func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

func set(label string, o Options) *tail.Set {
	return &tail.Set{Label: label, Scope: o.Scope, Follow: o.Follow, KeepOpen: true, Remark: o.Remark}
}

// pattern is the set of files a glob matches at any time.
func pattern(label, glob string, o Options) (ingest.Source, error) {
	glob, err := filepath.Abs(glob)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", label, err)
	}
	first, err := filepath.Glob(glob)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", label, err)
	}
	if len(first) == 0 && !o.Follow {
		return nil, fmt.Errorf("open %s: %w", label, ErrNoMatch)
	}
	if len(first) == 0 {
		o.Remark("no file matches %s yet: waiting", glob)
	}
	s := set(label, o)
	s.Find = func(context.Context) ([]tail.File, error) {
		paths, err := filepath.Glob(glob)
		if err != nil {
			return nil, err
		}
		var files []tail.File
		for _, p := range paths {
			if info, err := os.Stat(p); err != nil || !info.IsDir() {
				files = append(files, tail.File{Path: p, Source: Scheme + ":" + p})
			}
		}
		return files, nil
	}
	return s, nil
}

// named is the file of one path and, once that was read, what rotation made of
// it since.
func named(label, path string, o Options) (ingest.Source, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", label, err)
	}
	s := set(label, o)
	s.Find = func(context.Context) ([]tail.File, error) {
		var files []tail.File
		if since, read := s.Since(path); read {
			for _, p := range rotated(path, since) {
				files = append(files, tail.File{Path: p, Anchor: path, Source: Scheme + ":" + p})
			}
		}
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && o.Follow {
			return files, nil
		}
		return append(files, tail.File{Path: path, Anchor: path, Source: Scheme + ":" + path}), nil
	}
	return s, nil
}

// rotated lists the files that rotation made of path and that were written
// since: NAME-2026-11-23T17-58-21.960.log as kube-apiserver names them,
// NAME.log.1 and NAME.log-20261123 as logrotate does, packed or not.
func rotated(path string, since int64) []string {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil
	}
	base, ext := filepath.Base(path), filepath.Ext(path)
	name := regexp.MustCompile(`^(?:` +
		regexp.QuoteMeta(strings.TrimSuffix(base, ext)) + `-\d{4}-\d\d-\d\dT[0-9.-]+` + regexp.QuoteMeta(ext) +
		`|` + regexp.QuoteMeta(base) + `[.-]\d+)(?:\.gz|\.zst)?$`)
	var out []string
	for _, e := range entries {
		if !name.MatchString(e.Name()) {
			continue
		}
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && info.ModTime().UnixNano() >= since {
			out = append(out, filepath.Join(filepath.Dir(path), e.Name()))
		}
	}
	return out
}
