package azure

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// Tape keeps the answers of Azure while a tenant is collected, so that a run
// that was cut off goes on where it was. The file is its owner's alone.
type Tape struct {
	mu    sync.Mutex
	file  *os.File
	now   func() time.Time
	known map[string][]byte
	err   error
	// Kept is how many answers an earlier run left.
	Kept int
}

// tapeAge is how long answers count: older ones are asked for again.
const tapeAge = time.Hour

type taped struct {
	Time time.Time `json:"time"`
	Key  string    `json:"key"` // method, URL and body
	Body []byte    `json:"body"`
}

// OpenTape opens a tape and reads what an earlier run left. A last line that is
// cut, as a killed run leaves it, does not count.
func OpenTape(path string, now func() time.Time) (*Tape, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	t := &Tape{file: file, now: now, known: map[string][]byte{}}
	var good int64
	for r := bufio.NewReader(file); ; {
		line, err := r.ReadBytes('\n')
		if err != nil {
			if !errors.Is(err, io.EOF) {
				return nil, errors.Join(fmt.Errorf("read %s: %w", path, err), file.Close())
			}
			break
		}
		var one taped
		if json.Unmarshal(line, &one) != nil {
			break // and everything behind it
		}
		good += int64(len(line))
		if now().Sub(one.Time) < tapeAge {
			t.known[one.Key] = one.Body
		}
	}
	t.Kept = len(t.known)
	if err := file.Truncate(good); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), file.Close())
	}
	if _, err := file.Seek(good, io.SeekStart); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), file.Close())
	}
	return t, nil
}

func tapeKey(method, url string, body []byte) string {
	return method + " " + url + " " + string(body)
}

// find is the answer that an earlier run got.
func (t *Tape) find(method, url string, body []byte) ([]byte, bool) {
	if t == nil {
		return nil, false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	answer, ok := t.known[tapeKey(method, url, body)]
	return answer, ok
}

// keep writes an answer down. One that cannot be written is asked for again by
// the next run; Err tells.
func (t *Tape) keep(method, url string, body, answer []byte) {
	if t == nil {
		return
	}
	key := tapeKey(method, url, body)
	line, err := json.Marshal(taped{t.now().UTC(), key, answer})
	t.mu.Lock()
	defer t.mu.Unlock()
	if err == nil {
		_, err = t.file.Write(append(line, '\n'))
	}
	if err != nil && t.err == nil {
		t.err = fmt.Errorf("keep answers for resuming: %w", err)
	}
	t.known[key] = answer
}

// Err is why answers could not be kept.
func (t *Tape) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// Close leaves the tape for another run.
func (t *Tape) Close() error { return t.file.Close() }

// Remove ends it: the work is done.
func (t *Tape) Remove() error { return errors.Join(t.file.Close(), os.Remove(t.file.Name())) }
