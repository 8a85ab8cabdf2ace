package duck

import (
	"runtime"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/postern-dev/postern/audit"
	"github.com/postern-dev/postern/audit/aks"
	"github.com/postern-dev/postern/internal/store"
)

// class is what a record turned out to be.
type class uint8

const (
	whole    class = iota // an event whose JSON is whole, odd ones included
	cut                   // the beginning of an event
	line                  // text of another category
	activity              // a record of the Activity Log
	dead                  // not to be understood
)

// item is a record on its way into the store.
type item struct {
	rec     *store.Record
	class   class
	reason  string // of a dead one
	event   audit.Event
	odd     bool
	keep    bool   // the columns do not give the same bytes
	text    string // without the newline
	newline bool
	id      auditID
	hash    uint64
	time    int64

	row           int64 // its id as a row
	audit, admin  bool  // categories its own delivery is shown in
	reused, taken bool  // flagged; became a row
}

// shred decodes the records, on all cores.
func (s *Store) shred(records []store.Record, now int64) []item {
	items := make([]item, len(records))
	workers := min(runtime.GOMAXPROCS(0), 1+len(records)/256)
	size := (len(records) + workers - 1) / workers
	var wg sync.WaitGroup
	for start := 0; start < len(records); start += size {
		end := min(start+size, len(records))
		wg.Go(func() {
			var scratch []byte
			for i := start; i < end; i++ {
				scratch = s.shredOne(&items[i], &records[i], now, scratch)
			}
		})
	}
	wg.Wait()
	return items
}

func (s *Store) shredOne(it *item, rec *store.Record, now int64, scratch []byte) []byte {
	it.rec, it.time = rec, rec.Time
	category := aks.Category(rec.Category)
	if category != "" && !category.Audit() {
		it.class, it.text = line, string(rec.Text)
		if category == aks.Activity {
			it.class = activity
		}
		if it.time == 0 {
			it.time = now
		}
		it.hash = fingerprint(s.secret, strings.Join([]string{rec.Cluster, rec.Category, rec.Pod, rec.ContainerID, strconv.FormatInt(rec.Time, 10)}, "\x00"), it.text)
		return scratch
	}
	it.text, it.newline = strings.CutSuffix(string(rec.Text), "\n")
	var misfits []audit.Misfit
	var err error
	it.event, misfits, err = audit.DecodeString(it.text)
	switch {
	case err == nil:
		if it.reason = stranger(&it.event, category); it.reason != "" {
			it.class = dead
			return scratch
		}
		it.odd = len(misfits) > 0
		same := false
		if !it.odd {
			scratch, same = rebuilds(&it.event, it.text, scratch)
		}
		it.keep = !same
	default:
		it.event, misfits, it.keep, _ = audit.Salvage([]byte(it.text))
		if !it.keep {
			it.class, it.reason = dead, "no audit event: "+err.Error()
			return scratch
		}
		it.class, it.odd = cut, len(misfits) > 0
	}
	it.id = idOf(it.event.AuditID)
	it.hash = fingerprint(s.secret, rec.Cluster, it.text)
	if it.time == 0 {
		it.time = eventTime(&it.event, now)
	}
	return scratch
}

// stranger says why a JSON object read from a file is no audit event. What came
// in an audit category stays, whatever it is.
func stranger(e *audit.Event, category aks.Category) string {
	switch {
	case category != "":
		return ""
	case e.Kind.Set && e.Kind.Value != "Event":
		return "no audit event: kind is " + strconv.Quote(e.Kind.Value)
	case !e.Kind.Set && !e.AuditID.Set:
		return "no audit event: an object without kind and auditID"
	}
	return ""
}

func eventTime(e *audit.Event, now int64) int64 {
	switch {
	case e.StageTime.Known:
		return int64(e.StageTime.Ticks)
	case e.RequestReceivedTime.Known:
		return int64(e.RequestReceivedTime.Ticks)
	}
	return now
}

// known reports the stage, which a cut may have taken.
func (it *item) stage() string { return it.event.Stage.Value }

// sends tells in which audit categories the item's delivery counts.
func (s *Store) sends(it *item) (audit, admin bool) {
	switch aks.Category(it.rec.Category) {
	case aks.KubeAudit:
		return true, false
	case aks.KubeAuditAdmin:
		return false, true
	}
	return s.setting(it.rec.Cluster).Sends(it.event.Verb.Value)
}

// clean makes a value fit for a VARCHAR.
func clean(v any) any {
	if s, ok := v.(string); ok && !utf8.ValidString(s) {
		return toValid(s)
	}
	return v
}
