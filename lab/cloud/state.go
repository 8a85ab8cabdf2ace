package cloud

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// State is the world as the running lab holds it: readers take an immutable
// picture, writers replace it in one step that is on disk before it is seen.
// It also keeps the Activity Log and the request log.
type State struct {
	dir   string
	clock func() time.Time

	write   sync.Mutex // serialises Update and Replace
	world   atomic.Pointer[World]
	changed atomic.Pointer[chan struct{}]

	activity journal[Activity]
	requests journal[Request]

	faults sync.Mutex
	met    map[int]int // how often each of the world's faults was met
}

// Options says where a State lives and what it starts as.
type Options struct {
	Dir   string           // cloud.json, activity.jsonl and requests.jsonl live here
	World *World           // taken when Dir holds no cloud.json yet; nil is DefaultWorld
	Clock func() time.Time // nil is time.Now
}

// Open loads the state in Dir, or founds it with the given world.
func Open(o Options) (*State, error) {
	s := &State{dir: o.Dir, clock: o.Clock, met: map[int]int{}}
	if s.clock == nil {
		s.clock = time.Now
	}
	never := make(chan struct{})
	s.changed.Store(&never)
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make state directory: %w", err)
	}
	w, err := load(s.file())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if w = o.World; w == nil {
			w = DefaultWorld()
		}
		if err := s.Replace(w); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	default:
		s.world.Store(w)
	}
	if err := s.activity.open(filepath.Join(o.Dir, "activity.jsonl")); err != nil {
		return nil, err
	}
	if err := s.requests.open(filepath.Join(o.Dir, "requests.jsonl")); err != nil {
		return nil, errors.Join(err, s.activity.close())
	}
	return s, nil
}

// Close releases the log files.
func (s *State) Close() error { return errors.Join(s.activity.close(), s.requests.close()) }

func (s *State) file() string { return filepath.Join(s.dir, "cloud.json") }

// Now is the State's clock.
func (s *State) Now() time.Time { return s.clock() }

// World is the present picture. It does not change; ask again for a later one.
func (s *State) World() *World { return s.world.Load() }

// Changed returns a channel that is closed at the next change of the world.
// Take it before reading the World.
func (s *State) Changed() <-chan struct{} { return *s.changed.Load() }

// Update applies edit to a copy of the world and makes the copy the world once
// it is on disk. When edit fails nothing changes.
func (s *State) Update(edit func(*World) error) error {
	s.write.Lock()
	defer s.write.Unlock()
	next, err := clone(s.World())
	if err != nil {
		return err
	}
	if err := edit(next); err != nil {
		return err
	}
	return s.put(next)
}

// Replace makes w the world. The logs stay.
func (s *State) Replace(w *World) error {
	s.write.Lock()
	defer s.write.Unlock()
	next, err := clone(w)
	if err != nil {
		return err
	}
	return s.put(next)
}

func (s *State) put(w *World) error {
	for _, c := range w.Clusters {
		if _, err := ParseSettings(c.Properties); err != nil {
			return fmt.Errorf("cluster %s: %w", c.Name, err)
		}
	}
	text, err := json.MarshalIndent(w, "", " ")
	if err != nil {
		return fmt.Errorf("write %s: %w", s.file(), err)
	}
	if err := replaceFile(s.file(), text); err != nil {
		return err
	}
	// Keep what a restart would read: raw JSON is laid out anew on the way.
	kept := new(World)
	if err := json.Unmarshal(text, kept); err != nil {
		return fmt.Errorf("read back %s: %w", s.file(), err)
	}
	s.faults.Lock()
	s.met = map[int]int{}
	s.faults.Unlock()
	s.world.Store(kept)
	next := make(chan struct{})
	close(*s.changed.Swap(&next))
	return nil
}

func clone(w *World) (*World, error) {
	text, err := json.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("copy world: %w", err)
	}
	out := new(World)
	if err := json.Unmarshal(text, out); err != nil {
		return nil, fmt.Errorf("copy world: %w", err)
	}
	return out, nil
}

func load(path string) (*World, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read cloud state: %w", err)
	}
	w := new(World)
	if err := json.Unmarshal(text, w); err != nil {
		return nil, fmt.Errorf("read cloud state %s: %w", path, err)
	}
	for _, c := range w.Clusters {
		if _, err := ParseSettings(c.Properties); err != nil {
			return nil, fmt.Errorf("read cloud state %s: cluster %s: %w", path, c.Name, err)
		}
	}
	return w, nil
}

// replaceFile writes beside the target, syncs and renames, so that a reader or
// a crash sees the old text or the new one. Passwords are inside: 0600.
func replaceFile(path string, text []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(f.Name()))
		}
	}()
	if _, err = f.Write(text); err != nil {
		return errors.Join(err, f.Close())
	}
	if err = f.Sync(); err != nil {
		return errors.Join(err, f.Close())
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
