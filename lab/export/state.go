package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// state is everything the exporter remembers, written as one file.
type state struct {
	Sources map[string]position `json:"sources"`
	Streams map[string]*stream  `json:"streams"`
	// Pending are the appends that belong to Sources' positions. They are done
	// after this file is written and done again, harmlessly, after a crash.
	Pending []pending `json:"pending,omitempty"`
}

// stream is one category of one setting on its way to one storage account.
type stream struct {
	Since     time.Time `json:"since"` // older records are not its own
	Delivered int64     `json:"delivered"`
	Bytes     int64     `json:"bytes"`
	Cut       int64     `json:"cut"`
	Last      time.Time `json:"last,omitzero"`
}

// pending is one append: data belongs at byte At of Blob.
type pending struct {
	Blob string `json:"blob"`
	At   int64  `json:"at"`
	Data []byte `json:"data"`
}

func streamKey(s Setting, category string) string {
	return s.ID + "|" + category + "|" + s.account()
}

func loadState(path string) (*state, error) {
	st := &state{Sources: map[string]position{}, Streams: map[string]*stream{}}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return st, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read exporter state: %w", err)
	}
	if err := json.Unmarshal(b, st); err != nil {
		return nil, fmt.Errorf("read exporter state %s: %w", path, err)
	}
	return st, nil
}

// save replaces the file in one step and makes sure of it.
func (st *state) save(path string) error {
	b, err := json.Marshal(st)
	if err != nil {
		return fmt.Errorf("encode exporter state: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".state-*")
	if err != nil {
		return fmt.Errorf("write exporter state: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write exporter state: %w", err)
	}
	return nil
}

// apply does what is pending. Doing it twice changes nothing: the same bytes
// land in the same place.
func apply(dir string, todo []pending) error {
	for _, p := range todo {
		if err := p.write(filepath.Join(dir, filepath.FromSlash(p.Blob))); err != nil {
			return fmt.Errorf("append to %s: %w", p.Blob, err)
		}
	}
	return nil
}

func (p pending) write(name string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(p.Data, p.At)
	return errors.Join(err, f.Sync(), f.Close())
}

func size(name string) (int64, error) {
	st, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return st.Size(), nil
}
