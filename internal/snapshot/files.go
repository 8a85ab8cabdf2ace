package snapshot

import (
	"bytes"
	"compress/gzip"
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

// Reader reads files, as kubectl's -f does: files, the files of a directory (not
// of those below it), or - for Stdin. Any may be compressed with gzip.
type Reader struct {
	Stdin     io.Reader
	Namespace string // of objects in manifests that name none
	Cluster   string // of several in files of Azure's, the one meant: ARM id or name
}

// maxFile bounds one file, unpacked too; a dump of a large cluster's RBAC is a
// few MB.
const maxFile = 256 << 20

// Manifests is the name of the snapshot that all manifests together are.
const Manifests = "manifests"

// Read reads paths that are one snapshot together.
func (r Reader) Read(ctx context.Context, paths []string, now time.Time) (*Snapshot, error) {
	all, err := r.ReadAll(ctx, paths, now)
	if err == nil && len(all) > 1 {
		return nil, fmt.Errorf("read %s: these are several clusters", strings.Join(paths, ", "))
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// ReadAll reads all paths. The manifests among them together are one snapshot,
// each snapshot file is its own, and so is each cluster of a tenant's file whose
// API server was asked; no two have the same name. A path that does
// not exist and a snapshot that cannot be read are errors; a manifest that
// cannot be understood is part of what is unknown.
func (r Reader) ReadAll(ctx context.Context, paths []string, now time.Time) ([]*Snapshot, error) {
	b, err := r.read(ctx, paths, now)
	if err != nil {
		return nil, err
	}
	for _, f := range b.tenants {
		if err := b.addTenant(f); err != nil {
			return nil, err
		}
	}
	b.snapshots = append(b.snapshots, b.fromTenants...)
	b.joinAzure(r.Cluster)
	return b.all(), nil
}

func (r Reader) read(ctx context.Context, paths []string, now time.Time) (*bundle, error) {
	b := &bundle{manifests: &Snapshot{Name: Manifests, Source: Source{Kind: Files}, Taken: now}}
	seen := map[string]bool{}
	for _, path := range paths {
		files, err := r.expand(path, b)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if err := ctx.Err(); err != nil {
				return nil, context.Cause(ctx)
			}
			if clean := filepath.Clean(file); seen[clean] {
				b.manifests.remark("%s was given twice and read once", file)
				continue
			} else {
				seen[clean] = true
			}
			if err := r.add(b, path, file); err != nil {
				return nil, err
			}
		}
	}
	return b, nil
}

// bundle is what the files of one -f list come to.
type bundle struct {
	manifests *Snapshot
	others    int // objects of kinds that are not RBAC's
	snapshots []*Snapshot

	tenants     []TenantFile
	fromTenants []*Snapshot

	azure        []azureFile
	azureUnknown []Unknown
}

// all is every snapshot, the manifests' first where there are manifests.
func (b *bundle) all() []*Snapshot {
	m := b.manifests
	if b.others > 0 {
		m.remark("%d objects of other kinds than RBAC's were left aside", b.others)
	}
	if !b.hasManifests() {
		b.snapshots[0].Remarks = append(b.snapshots[0].Remarks, m.Remarks...)
		return distinct(b.snapshots)
	}
	m.dangling()
	return distinct(append([]*Snapshot{m}, b.snapshots...))
}

var extensions = []string{".yaml", ".yml", ".json"}

// readable reports whether a file of a directory is to be read.
func readable(name string) bool {
	name = strings.TrimSuffix(strings.ToLower(name), ".gz")
	return slices.Contains(extensions, filepath.Ext(name))
}

func (r Reader) expand(path string, b *bundle) ([]string, error) {
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
		switch {
		case e.IsDir():
			b.manifests.remark("%s is a directory below %s and was not read", e.Name(), path)
		case readable(e.Name()):
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
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

// add reads one file that path, which may be its directory, stands for.
func (r Reader) add(b *bundle, path, file string) error {
	name, data, err := file, []byte(nil), error(nil)
	if file == "-" {
		name = "stdin"
		data, err = readLimited(r.Stdin)
	} else {
		data, err = readFile(file)
	}
	if errors.Is(err, errUnpack) {
		return &FileError{Name: name, Msg: err.Error(), Hint: "copy the file again", Err: err}
	}
	if err == nil && IsSnapshot(data) {
		s, err := Decode(data, name)
		if err != nil {
			return err
		}
		s.File = name
		b.snapshots = append(b.snapshots, s)
		return nil
	}
	if err == nil && IsTenant(data) {
		t, err := DecodeTenant(data, name)
		if err != nil {
			return err
		}
		b.tenants = append(b.tenants, TenantFile{name, t})
		return nil
	}
	if err == nil && b.addAzure(path, name, data) {
		return nil
	}
	m := b.manifests
	if !slices.Contains(m.Source.Files, path) {
		m.Source.Files = append(m.Source.Files, path)
	}
	if err != nil {
		m.Unknown = append(m.Unknown, Unknown{What: Manifest, Why: fmt.Sprintf("read %s: %v", name, cause(err))})
		return nil
	}
	b.addManifest(manifest.Decode(data, manifest.Options{Name: name, Namespace: r.Namespace}))
	return nil
}

func (b *bundle) addManifest(got manifest.Result) {
	m := b.manifests
	m.RBAC.Roles = append(m.RBAC.Roles, got.Policy.Roles...)
	m.RBAC.Bindings = append(m.RBAC.Bindings, got.Policy.Bindings...)
	for _, p := range got.Problems {
		m.Unknown = append(m.Unknown, Unknown{What: Manifest, Why: p.Error(), Hint: p.Hint})
	}
	for _, p := range got.Assumed {
		m.remark("%v", p)
	}
	b.others += got.Others
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readLimited(f)
}

// readLimited reads all of r, unpacked where it is gzip's.
func readLimited(r io.Reader) ([]byte, error) {
	data, err := readAtMost(r)
	if err != nil || !bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		return data, err
	}
	zipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnpack, err)
	}
	switch data, err = readAtMost(zipped); {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("%w: it is cut off", errUnpack)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errUnpack, err)
	}
	return data, nil
}

var errUnpack = errors.New("unpack gzip")

func readAtMost(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("larger than %d MB", maxFile>>20)
	}
	return data, err
}

func (s *Snapshot) remark(format string, args ...any) {
	s.Remarks = append(s.Remarks, Remark{fmt.Sprintf(format, args...)})
}
