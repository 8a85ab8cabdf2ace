// Package failpoint kills the process at a named place, so that tests can show
// that nothing is lost or doubled wherever a machine stops.
//
// It is off unless a specification arms it, e.g. ingest.append:3 — the third
// time that place is reached the process gets SIGKILL, exactly as from the
// kernel: no deferred call runs, nothing is flushed. The specification comes
// from the environment variable named Variable through the command line's Env;
// nothing here reads the environment. A misspelt one is an error, never ignored.
package failpoint

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
)

// Variable is the environment variable that arms a place.
const Variable = "POSTERN_FAILPOINT"

// Name is a place at which the process can be killed.
type Name string

// The places, in the order in which a batch passes them.
const (
	IngestRead   Name = "ingest.read"   // records have been read, nothing was handed to the store
	IngestAppend Name = "ingest.append" // rows are in the transaction, the cursor is not
	IngestCursor Name = "ingest.cursor" // the cursor is in the transaction too, not committed
	IngestCommit Name = "ingest.commit" // committed; the source does not know yet
)

// The places that a change of a cluster passes.
const (
	HardenUndo   Name = "harden.undo"   // the undo file is written, nothing was sent
	HardenPut    Name = "harden.put"    // the change was taken, nobody has looked
	HardenFollow Name = "harden.follow" // the operation is under way
	HardenProve  Name = "harden.prove"  // the change is made, its proof is not
)

// Names lists every place.
func Names() []Name {
	return []Name{IngestRead, IngestAppend, IngestCursor, IngestCommit, HardenUndo, HardenPut, HardenFollow, HardenProve}
}

// Set is the armed place. A nil Set is off.
type Set struct {
	name Name
	left atomic.Int64
	kill func()
}

// Parse reads NAME or NAME:N; the empty text is off.
func Parse(spec string) (*Set, error) {
	if spec == "" {
		return nil, nil
	}
	name, count, counted := strings.Cut(spec, ":")
	if !slices.Contains(Names(), Name(name)) {
		return nil, fmt.Errorf("arm failpoint %q: no such place (have %v)", spec, Names())
	}
	n := int64(1)
	if counted {
		var err error
		if n, err = strconv.ParseInt(count, 10, 32); err != nil || n < 1 {
			return nil, fmt.Errorf("arm failpoint %q: the count must be a positive number", spec)
		}
	}
	s := &Set{name: Name(name), kill: killSelf}
	s.left.Store(n)
	return s, nil
}

// Hit is called where the place is. It returns unless this is the armed place
// and its count is used up.
func (s *Set) Hit(name Name) {
	if s == nil || s.name != name {
		return
	}
	if s.left.Add(-1) == 0 {
		s.kill()
	}
}

// String is the specification as far as it is not used up.
func (s *Set) String() string {
	if s == nil {
		return "off"
	}
	return fmt.Sprintf("%s:%d", s.name, s.left.Load())
}
