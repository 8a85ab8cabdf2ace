package tail

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/ingest/frame"
	"github.com/postern-dev/postern/internal/store"
)

// position is what a cursor holds: which file, how far, and what is needed to
// recognise both.
type position struct {
	Version int    `json:"v"`
	Scope   string `json:"scope"`            // the same file read for another cluster is another reading
	Path    string `json:"path"`             // where the file was last seen
	Anchor  string `json:"anchor,omitempty"` // the path the user named, where rotation renames it
	Dev     uint64 `json:"dev"`
	Ino     uint64 `json:"ino"`
	frame.State
	Head  digest `json:"head"`
	Tail  digest `json:"tail"`
	Size  int64  `json:"size"`            // of the file when it was last read
	Mtime int64  `json:"mtime"`           // ns, when it was last read
	Whole bool   `json:"whole,omitempty"` // compressed, and read to its end at that size and time
	Half  *half  `json:"half,omitempty"`
}

// half is an unfinished last record that was kept as a dead letter for the time
// being.
type half struct {
	Source string `json:"source"`
	Offset int64  `json:"offset"`
	Size   int64  `json:"size"`
	Head   digest `json:"head"` // of its text
}

const (
	version   = 1
	keyPrefix = "file:"
)

// saved is a cursor of this package.
type saved struct {
	key string
	position
}

func parseCursor(c store.Cursor) (saved, error) {
	s := saved{key: c.Source}
	if err := json.Unmarshal(c.Position, &s.position); err != nil {
		return s, fmt.Errorf("read cursor %s: %w", c.Source, err)
	}
	if s.Version != version {
		return s, fmt.Errorf("read cursor %s: version %d, this postern reads %d", c.Source, s.Version, version)
	}
	return s, nil
}

func (s *saved) cursor() (store.Cursor, error) {
	text, err := json.Marshal(s.position)
	if err != nil {
		return store.Cursor{}, fmt.Errorf("write cursor %s: %w", s.key, err)
	}
	return store.Cursor{Source: s.key, Position: text}, nil
}

// memory is every reading that was begun.
type memory struct {
	byKey map[string]*saved
	byID  map[identity][]*saved
	byDir map[string][]*saved // as of when they were loaded or begun
	first map[string]int64    // by anchor: the earliest Mtime
}

func newMemory() *memory {
	return &memory{byKey: map[string]*saved{}, byID: map[identity][]*saved{}, byDir: map[string][]*saved{}, first: map[string]int64{}}
}

func (m *memory) load(scope string, cursors []store.Cursor) error {
	for _, c := range cursors {
		if !strings.HasPrefix(c.Source, keyPrefix) {
			continue
		}
		s, err := parseCursor(c)
		if err != nil {
			return err
		}
		if s.Scope == scope {
			m.add(&s)
		}
	}
	return nil
}

func (m *memory) add(s *saved) {
	id, dir := identity{s.Dev, s.Ino}, filepath.Dir(s.Path)
	m.byKey[s.key] = s
	m.byID[id] = append(m.byID[id], s)
	m.byDir[dir] = append(m.byDir[dir], s)
	m.touched(s)
}

// touched follows a reading that went on.
func (m *memory) touched(s *saved) {
	if at, there := m.first[s.Anchor]; s.Anchor != "" && (!there || s.Mtime < at) {
		m.first[s.Anchor] = s.Mtime
	}
}

// freeKey is a key no reading of a file with that identity has had.
func (m *memory) freeKey(scope string, id identity) string {
	for n := 0; ; n++ {
		key := fmt.Sprintf("%s%s|%x-%x-%d", keyPrefix, scope, id.dev, id.ino, n)
		if _, taken := m.byKey[key]; !taken {
			return key
		}
	}
}

// candidates are the readings a file may continue, the furthest first: its own
// by identity, or one of a file in the same directory.
func (m *memory) candidates(id identity, path string) []*saved {
	out := slices.Concat(m.byID[id], m.byDir[filepath.Dir(path)])
	slices.SortStableFunc(out, func(a, b *saved) int { return cmp.Compare(b.Offset, a.Offset) })
	return slices.Compact(out)
}
