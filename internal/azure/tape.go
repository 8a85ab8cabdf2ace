package azure

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// Tape keeps the answers of Azure while a tenant is collected, so that a run
// that was cut off goes on where it was. An answer counts for the reader that
// got it, and for an hour. The file is its owner's alone.
type Tape struct {
	mu     sync.Mutex
	file   *os.File
	now    func() time.Time
	reader string
	known  map[string]taped // by reader and key
	err    error
	// Kept is how many answers an earlier run left.
	Kept int
}

// tapeAge is how long answers count: older ones are asked for again.
const tapeAge = time.Hour

type taped struct {
	Time   time.Time `json:"time"`
	Reader string    `json:"reader"` // tenant and object id
	Key    string    `json:"key"`    // method, URL and body
	Body   []byte    `json:"body"`
}

// tapeStart is how every line of a tape begins.
const tapeStart = `{"time":"`

// OpenTape opens a tape and reads what an earlier run left. A last line that is
// cut, as a killed run leaves it, does not count.
func OpenTape(path string, now func() time.Time) (*Tape, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	t := &Tape{file: file, now: now, known: map[string]taped{}}
	if err := t.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), file.Close())
	}
	return t, nil
}

// load reads whole lines and cuts off what follows. What does not begin as a
// tape is somebody's file, and left alone.
func (t *Tape) load() error {
	start := make([]byte, len(tapeStart))
	n, err := t.file.ReadAt(start, 0)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return err
	case !strings.HasPrefix(tapeStart, string(start[:n])):
		return errors.New("it holds something else than answers kept for resuming; move it away, or write elsewhere")
	}
	var good int64
	for r := bufio.NewReader(t.file); ; {
		line, err := r.ReadBytes('\n')
		if err != nil {
			if !errors.Is(err, io.EOF) {
				return err
			}
			break
		}
		var one taped
		if json.Unmarshal(line, &one) != nil {
			break // and everything behind it
		}
		good += int64(len(line))
		// An answer from the future is of a clock that was set.
		if age := t.now().Sub(one.Time); age >= 0 && age < tapeAge {
			t.known[one.Reader+" "+one.Key] = one
		}
	}
	t.Kept = len(t.known)
	if err := t.file.Truncate(good); err != nil {
		return err
	}
	_, err = t.file.Seek(good, io.SeekStart)
	return err
}

// begin says who reads, and when the oldest answer was given that counts: now,
// where nothing does.
func (t *Tape) begin(reader string, now time.Time) time.Time {
	if t == nil {
		return now
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reader = reader
	for _, one := range t.known {
		if one.Reader == reader && one.Time.Before(now) {
			now = one.Time
		}
	}
	return now
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
	answer, ok := t.known[t.reader+" "+tapeKey(method, url, body)]
	return answer.Body, ok
}

// keep writes an answer down. One that cannot be written is asked for again by
// the next run; Err tells.
func (t *Tape) keep(method, url string, body, answer []byte) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err != nil {
		return // the last line may be half there
	}
	line, err := json.Marshal(taped{t.now().UTC(), t.reader, tapeKey(method, url, body), answer})
	if err == nil {
		_, err = t.file.Write(append(line, '\n'))
	}
	if err != nil {
		t.err = fmt.Errorf("keep answers for resuming: %w", err)
	}
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
