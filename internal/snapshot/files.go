package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/postern-dev/postern/rbac/manifest"
)

// Reader reads manifests, as kubectl's -f does: files, the files of a directory
// (not of those below it), or - for Stdin.
type Reader struct {
	Stdin     io.Reader
	Namespace string // of objects that name none
}

// maxFile bounds one manifest; a dump of a large cluster's RBAC is a few MB.
const maxFile = 256 << 20

// Read gathers all paths into one snapshot. A path that does not exist is an
// error; a file that cannot be understood is part of what is unknown.
func (r Reader) Read(ctx context.Context, paths []string, now time.Time) (*Snapshot, error) {
	s := &Snapshot{Source: Source{Kind: Files, Files: paths}, Taken: now}
	others := 0
	for _, path := range paths {
		files, err := r.expand(path, s)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			others += r.add(s, file)
		}
	}
	if others > 0 {
		s.remark("%d objects of other kinds than RBAC's were left aside", others)
	}
	return s, nil
}

var extensions = []string{".yaml", ".yml", ".json"}

func (r Reader) expand(path string, s *Snapshot) ([]string, error) {
	if path == "-" {
		return []string{path}, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, cause(err))
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, cause(err))
	}
	var files []string
	for _, e := range entries {
		switch ext := strings.ToLower(filepath.Ext(e.Name())); {
		case e.IsDir():
			s.remark("%s is a directory below %s and was not read", e.Name(), path)
		case slices.Contains(extensions, ext):
			files = append(files, filepath.Join(path, e.Name()))
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("read %s: no file ends in %s", path, strings.Join(extensions, ", "))
	}
	return files, nil
}

// cause drops the path that os errors repeat.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

func (r Reader) add(s *Snapshot, file string) (others int) {
	name, data, err := file, []byte(nil), error(nil)
	if file == "-" {
		name = "stdin"
		data, err = readLimited(r.Stdin)
	} else {
		data, err = readFile(file)
	}
	if err != nil {
		s.Unknown = append(s.Unknown, Unknown{What: Manifest, Why: fmt.Sprintf("read %s: %v", name, cause(err))})
		return 0
	}
	got := manifest.Decode(data, manifest.Options{Name: name, Namespace: r.Namespace})
	s.RBAC.Roles = append(s.RBAC.Roles, got.Policy.Roles...)
	s.RBAC.Bindings = append(s.RBAC.Bindings, got.Policy.Bindings...)
	for _, p := range got.Problems {
		s.Unknown = append(s.Unknown, Unknown{What: Manifest, Why: p.Error(), Hint: p.Hint})
	}
	for _, p := range got.Assumed {
		s.remark("%v", p)
	}
	return got.Others
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readLimited(f)
}

func readLimited(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("larger than %d MB", maxFile>>20)
	}
	return data, err
}

func (s *Snapshot) remark(format string, args ...any) {
	s.Remarks = append(s.Remarks, Remark{fmt.Sprintf(format, args...)})
}
