package runtime

import (
	archive "archive/zip"
	"bytes"
	_ "embed"
	"io"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/postern-dev/postern/kql/scalar"
)

// zoneData is the time zone database of IANA (public domain), compiled by the Go
// project into one archive. It is embedded so that an answer does not depend on
// the machine.
//
//go:embed zone/zoneinfo.zip
var zoneData []byte

// zoneCache reads the archive when a query first needs it, and a zone once.
type zoneCache struct {
	mu    sync.Mutex
	files map[string]*archive.File
	read  map[string]*time.Location
}

func (c *zoneCache) open() {
	if c.files != nil {
		return
	}
	c.files, c.read = map[string]*archive.File{}, map[string]*time.Location{}
	r, err := archive.NewReader(bytes.NewReader(zoneData), int64(len(zoneData)))
	if err != nil {
		panic("BUG: embedded time zones: " + err.Error())
	}
	for _, f := range r.File {
		if !strings.HasSuffix(f.Name, "/") {
			c.files[f.Name] = f
		}
	}
}

// get finds a zone by its name, nil if there is none.
func (c *zoneCache) get(name string) *time.Location {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open()
	if l, ok := c.read[name]; ok {
		return l
	}
	f := c.files[name]
	if f == nil {
		return nil
	}
	r, err := f.Open()
	if err != nil {
		return nil
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		return nil
	}
	l, err := time.LoadLocationFromTZData(name, data)
	if err != nil {
		return nil
	}
	c.read[name] = l
	return l
}

func (c *zoneCache) names() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open()
	var out []string
	for name := range c.files {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

// zones are the functions of local time.
func zones() []Func {
	c := &zoneCache{}
	move := func(name string, by func(t int64, l *time.Location) int64) Func {
		return fn(name, "datetime string -> datetime", func(a []any) any {
			t, ok := num(a, 0)
			l := c.get(str(a, 1))
			if !ok || l == nil {
				return nil
			}
			return inYears(by(clampTime(t), l))
		})
	}
	return []Func{
		move("datetime_utc_to_local", func(t int64, l *time.Location) int64 { return t + zoneOffset(t, l) }),
		move("datetime_local_to_utc", localToUTC),
		fn("datetime_list_timezones", "-> dynamic", func([]any) any {
			var out []value
			for _, name := range c.names() {
				out = append(out, quoted(name))
			}
			return jsonArray(out)
		}),
	}
}

// zoneOffset is how far a zone is ahead of UTC at a time in UTC.
func zoneOffset(t int64, l *time.Location) int64 {
	at := time.Unix((t-scalar.UnixEpoch)/scalar.Second, 0)
	_, seconds := at.In(l).Zone()
	return int64(seconds) * scalar.Second
}

// localToUTC reads a wall clock. Around a change of the clock the rule after it
// counts: of a time that comes twice the later is meant, and a time that is left
// out is read as if the clock had changed before.
func localToUTC(t int64, l *time.Location) int64 {
	before, after := zoneOffset(t-scalar.Day, l), zoneOffset(t+scalar.Day, l)
	if u := t - after; zoneOffset(u, l) == after {
		return u
	}
	if u := t - before; zoneOffset(u, l) == before {
		return u
	}
	return t - after
}
