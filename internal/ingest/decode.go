package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/postern-dev/postern/audit"
	"github.com/postern-dev/postern/audit/aks"
	"github.com/postern-dev/postern/internal/ingest/frame"
	"github.com/postern-dev/postern/internal/store"
)

// decoder turns pieces into records and dead letters of a batch.
type decoder struct {
	cluster string // for records that do not name theirs
	batch   *store.Batch
}

// piece decodes one framed record.
func (d *decoder) piece(p Piece) {
	if p.Retract != nil {
		d.batch.Retract = append(d.batch.Retract, *p.Retract)
	}
	text := bytes.TrimRight(p.Text, " \t\r\n")
	if p.Excerpt || p.Fault != "" && !opensObject(text) {
		d.dead(p, text, p.Offset, p.Fault)
		return
	}
	d.text(p, text, p.Offset)
}

func opensObject(text []byte) bool { return len(text) > 0 && text[0] == '{' }

// native is how kube-apiserver begins every event it writes.
const native = `{"kind":"Event","apiVersion":"audit.k8s.io/`

func (d *decoder) text(p Piece, text []byte, offset int64) {
	if bytes.HasPrefix(text, []byte(native)) && text[len(text)-1] == '}' && !interrupted(text) {
		d.event(p, text, offset)
		return
	}
	if !utf8.Valid(text) && !opensObject(text) {
		d.dead(p, text, offset, "not JSON: invalid UTF-8")
		return
	}
	whole, err := audit.ParseJSON(string(text))
	if err != nil {
		d.broken(p, text, offset, err)
		return
	}
	switch whole.Kind() {
	case "object":
		d.object(p, text, offset, whole.Members())
	case "array":
		d.list(p, text, offset)
	default:
		d.dead(p, text, offset, "not an audit event: JSON "+whole.Kind())
	}
}

// object tells events, envelopes and lists of them apart.
func (d *decoder) object(p Piece, text []byte, offset int64, members []audit.Field) {
	kind, version := stringMember(members, "kind"), stringMember(members, "apiVersion")
	switch {
	case kind == "Event" && strings.HasPrefix(version, "audit.k8s.io/"):
		d.event(p, text, offset)
	case aks.IsActivity(members):
		d.activity(p, text, offset, members)
	case aks.Is(members):
		d.envelope(p, text, offset)
	case hasArray(members, "records"), kind == "EventList" && hasArray(members, "items"):
		d.list(p, text, offset)
	case kind != "":
		d.dead(p, text, offset, fmt.Sprintf("not an audit event: kind %q of %q", clip(kind), clip(version)))
	default:
		d.dead(p, text, offset, "not an audit event: a JSON object without kind Event, and no diagnostic record")
	}
}

func stringMember(members []audit.Field, name string) string {
	for _, m := range members {
		if m.Name == name {
			s, _ := m.Value.Text()
			return s
		}
	}
	return ""
}

func hasArray(members []audit.Field, name string) bool {
	for _, m := range members {
		if m.Name == name && m.Value.Kind() == "array" {
			return true
		}
	}
	return false
}

func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// event takes the text of one event as it is. What it holds, and whether it is
// odd or cut, the store decides.
func (d *decoder) event(p Piece, text []byte, offset int64) {
	d.batch.Records = append(d.batch.Records, store.Record{
		Cluster: d.clusterOf(p.Resource), ResourceID: p.Resource,
		Text: bytes.Clone(text), Source: p.Source, Offset: offset,
	})
}

func (d *decoder) clusterOf(resource string) string {
	if name := aks.ClusterOf(resource); name != "" {
		return name
	}
	return d.cluster
}

// envelope takes the line out of a diagnostic record.
func (d *decoder) envelope(p Piece, text []byte, offset int64) {
	r, err := aks.Decode(string(text))
	if err != nil {
		d.dead(p, text, offset, strings.TrimPrefix(err.Error(), "read diagnostic record: "))
		return
	}
	if r.Category == "" {
		d.dead(p, text, offset, "the category is empty")
		return
	}
	if r.ResourceID == "" {
		r.ResourceID = p.Resource
	}
	if r.Category.Audit() {
		if reason := notEvent(r.Log); reason != "" {
			d.dead(p, text, offset, reason)
			return
		}
	}
	d.batch.Records = append(d.batch.Records, store.Record{
		Cluster: d.clusterOf(r.ResourceID), Category: string(r.Category), Time: int64(r.Time),
		Pod: r.Pod, Stream: r.Stream, ContainerID: r.ContainerID, ResourceID: r.ResourceID,
		Envelope: string(r.Rest), Text: []byte(r.Log), Source: p.Source, Offset: offset,
	})
}

// activity takes a record of the Activity Log as it is.
func (d *decoder) activity(p Piece, text []byte, offset int64, members []audit.Field) {
	r, err := aks.DecodeActivity(string(text), members)
	if err != nil {
		d.dead(p, text, offset, err.Error())
		return
	}
	d.batch.Records = append(d.batch.Records, store.Record{
		Cluster: aks.SubscriptionOf(r.ResourceID), Category: string(r.Category), Time: int64(r.Time), ResourceID: r.ResourceID,
		Text: bytes.Clone(text), Source: p.Source, Offset: offset,
	})
}

// notEvent says why the line of an audit category is no event; "" for an event,
// whole or cut.
func notEvent(log string) string {
	if strings.HasPrefix(log, native) {
		return ""
	}
	e, _, _, err := audit.Salvage([]byte(log))
	switch {
	case err != nil:
		return "not an audit event in properties.log: " + err.Error()
	case e.Kind.Value == "Event" || e.AuditID.Set:
		return ""
	}
	return "not an audit event in properties.log: a JSON object without kind Event"
}

// list takes a list of records apart that stands on one line.
func (d *decoder) list(p Piece, text []byte, offset int64) {
	s := frame.NewScanner(bytes.NewReader(text), frame.State{Mode: frame.Document}, max(len(text), 1))
	for {
		f, err := s.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil || f.Fault != "" || len(f.Text) == len(text) {
			d.dead(p, text, offset, "list of records cannot be taken apart")
			return
		}
		d.text(p, f.Text, offset+f.Offset)
	}
}

// broken takes text that is no JSON: two records run together, an event that was
// cut, or garbage.
func (d *decoder) broken(p Piece, text []byte, offset int64, err error) {
	if at := secondRecord(text); at > 0 {
		d.text(p, text[:at], offset)
		d.text(p, text[at:], offset+int64(at))
		return
	}
	if e, _, cut, _ := audit.Salvage(text); cut && e.Kind.Value == "Event" && strings.HasPrefix(e.APIVersion.Value, "audit.k8s.io/") {
		d.event(p, text, offset)
		return
	}
	reason := p.Fault
	switch {
	case reason != "":
	case opensObject(text):
		reason = "not JSON: " + err.Error()
	default:
		reason = fmt.Sprintf("not JSON: begins with %.20q", text)
	}
	d.dead(p, text, offset, reason)
}

// beginnings are how a record can begin that a restarted writer put behind the
// half line of its predecessor. Inside a string of JSON the quotes would be
// escaped.
func beginnings() []string {
	return []string{`{"kind":"Event"`, `{"category":`, `{ "category":`, `{"Cloud":`, `{"time":`}
}

// secondRecord finds a whole record that stands behind the beginning of another
// one; 0 if there is none.
func secondRecord(text []byte) int {
	for _, begin := range beginnings() {
		from := 1
		for tries := 0; tries < 8 && from < len(text); tries++ {
			i := bytes.Index(text[from:], []byte(begin))
			if i < 0 {
				break
			}
			if json.Valid(text[from+i:]) {
				return from + i
			}
			from += i + 1
		}
	}
	return 0
}

// interrupted reports whether a second event stands in the line: only then can a
// line that looks whole be two.
func interrupted(text []byte) bool {
	return bytes.Contains(text[1:], []byte(native)) && !json.Valid(text)
}

func (d *decoder) dead(p Piece, text []byte, offset int64, reason string) {
	d.batch.Dead = append(d.batch.Dead, store.Dead{
		Cluster: d.clusterOf(p.Resource), Source: p.Source, Offset: offset, Reason: reason, Text: bytes.Clone(text),
	})
}
