// Package blob is the source of the control-plane logs that Azure's diagnostic
// settings write to a storage account: append blobs named PT1H.json, one an
// hour, that grow while they are written.
//
// It owns how `azure-storage:DIR` is read, a directory shaped like the account,
// given at any level, and what a blob's path tells: the category and the
// cluster. How growing files are read is package tail's business; Azure's
// records are audit/aks's.
//
// Source followed: Azure Monitor's documentation of resource logs in storage,
// insights-logs-CATEGORY/resourceId=/SUBSCRIPTIONS/…/y=/m=/d=/h=/m=/PT1H.json.
package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/postern-dev/postern/internal/ingest"
	"github.com/postern-dev/postern/internal/ingest/tail"
)

// Scheme begins the sources of this package.
const Scheme = "azure-storage"

// ErrNoContainer is the error of a directory that holds no logs.
var ErrNoContainer = errors.New("no insights-logs-* container in it")

// ErrNotDirectory is the error of a place that is a file.
var ErrNotDirectory = errors.New("is not a directory")

const (
	container = "insights-logs-"
	activity  = "insights-activity-logs" // of subscriptions
	resource  = "resourceId="
)

// Options are what the source takes over from the command line.
type Options struct {
	Scope  string // see tail.Set
	Follow bool
	Remark func(format string, args ...any)
}

// Open checks the directory and gives the source. A directory without logs is an
// error unless it is followed.
func Open(dir string, o Options) (ingest.Source, error) {
	label := Scheme + ":" + dir
	if dir == "" {
		return nil, errors.New("open azure-storage: no directory given")
	}
	root, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", label, err)
	}
	info, err := os.Stat(root)
	switch {
	case err != nil:
		return nil, fmt.Errorf("open %s: %w", label, errors.Unwrap(err))
	case !info.IsDir():
		return nil, fmt.Errorf("open %s: %w", label, ErrNotDirectory)
	}
	first, err := find(root)
	switch {
	case err != nil:
		return nil, fmt.Errorf("open %s: %w", label, err)
	case len(first) == 0 && o.Follow:
		o.Remark("no insights-logs-* container with blobs in %s yet: waiting", dir)
	case len(first) == 0:
		return nil, fmt.Errorf("open %s: %w", label, ErrNoContainer)
	}
	return &tail.Set{
		Label: label, Scope: o.Scope, Follow: o.Follow, Remark: o.Remark,
		Find: func(context.Context) ([]tail.File, error) { return find(root) },
	}, nil
}

// find lists the blobs below root, or around it: root may be the account, a
// container or a directory in one.
func find(root string) ([]tail.File, error) {
	inside := containerOf(root) != ""
	var files []tail.File
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && path != root:
			return nil // gone between two looks
		case err != nil:
			return fmt.Errorf("look into %s: %w", path, errors.Unwrap(err))
		case d.IsDir():
			return nil
		case !d.Type().IsRegular() || filepath.Ext(path) != ".json" && filepath.Ext(path) != ".gz":
			return nil
		case !inside && containerOf(path) == "":
			return nil
		}
		files = append(files, tail.File{Path: path, Source: Scheme + ":" + path, Resource: resourceOf(path)})
		return nil
	})
	return files, err
}

// containerOf is the category's container on the way to path, "" if there is
// none.
func containerOf(path string) string {
	for _, part := range strings.Split(filepath.ToSlash(path), "/") {
		if strings.HasPrefix(part, container) || part == activity {
			return part
		}
	}
	return ""
}

// resourceOf is the ARM id that a blob's path holds between resourceId= and the
// hour, "" if there is none.
func resourceOf(path string) string {
	_, id, found := strings.Cut(filepath.ToSlash(path), "/"+resource)
	if !found {
		return ""
	}
	if i := strings.Index(id, "/y="); i >= 0 {
		id = id[:i]
	} else {
		id = id[:strings.LastIndex("/"+id, "/")]
	}
	return "/" + strings.Trim(id, "/")
}
