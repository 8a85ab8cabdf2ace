package cloud

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
)

// A journal is an append-only list kept in memory and as JSON lines on disk.
type journal[T any] struct {
	mu    sync.Mutex
	file  *os.File
	items []T
}

// open reads what the file holds. A torn last line, as a crash leaves, is cut
// off; anything else that does not parse is an error.
func (j *journal[T]) open(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open journal: %w", err)
	}
	good := int64(0)
	r := bufio.NewReader(f)
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if err == io.EOF {
			break // a rest without line end was never acknowledged
		}
		if err != nil {
			return fmt.Errorf("read journal %s: %w", path, err)
		}
		var item T
		if err := json.Unmarshal(bytes.TrimSpace(line), &item); err != nil {
			return fmt.Errorf("read journal %s: line %d: %w", path, n, err)
		}
		j.items = append(j.items, item)
		good += int64(len(line))
	}
	if err := f.Truncate(good); err != nil {
		return fmt.Errorf("open journal %s: %w", path, err)
	}
	if _, err := f.Seek(good, io.SeekStart); err != nil {
		return fmt.Errorf("open journal %s: %w", path, err)
	}
	j.file = f
	return nil
}

func (j *journal[T]) append(item T) error {
	line, err := json.Marshal(item)
	if err != nil {
		return fmt.Errorf("append to journal: %w", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("append to journal: %w", err)
	}
	j.items = append(j.items, item)
	return nil
}

// list returns the items so far; the slice is never written to again.
func (j *journal[T]) list() []T {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.items[:len(j.items):len(j.items)]
}

func (j *journal[T]) close() error {
	if j.file == nil {
		return nil
	}
	return j.file.Close()
}
