package audit

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// AppendJSON writes the event as kube-apiserver does: members in the order of
// the Go type, absent ones left out, strings escaped as encoding/json escapes
// them (with \u003c, \u003e and \u0026). Unknown members follow the known ones of
// their object. For what was decoded from kube-apiserver's own output this gives
// the same bytes; a caller who needs that certain compares.
func (e *Event) AppendJSON(dst []byte) []byte {
	w := writer{dst: append(dst, '{')}
	w.text(`"kind":`, e.Kind)
	w.text(`"apiVersion":`, e.APIVersion)
	w.text(`"level":`, e.Level)
	w.text(`"auditID":`, e.AuditID)
	w.text(`"stage":`, e.Stage)
	w.text(`"requestURI":`, e.RequestURI)
	w.text(`"verb":`, e.Verb)
	w.part(`"user":`, e.User.Set, e.User.AppendJSON)
	w.part(`"impersonatedUser":`, e.ImpersonatedUser.Set, e.ImpersonatedUser.AppendJSON)
	w.json(`"authenticationMetadata":`, e.AuthenticationMetadata)
	w.json(`"sourceIPs":`, e.SourceIPs)
	w.text(`"userAgent":`, e.UserAgent)
	w.part(`"objectRef":`, e.ObjectRef.Set, e.ObjectRef.AppendJSON)
	w.part(`"responseStatus":`, e.ResponseStatus.Set, e.ResponseStatus.AppendJSON)
	w.json(`"requestObject":`, e.RequestObject)
	w.json(`"responseObject":`, e.ResponseObject)
	w.time(`"requestReceivedTimestamp":`, e.RequestReceivedTime)
	w.time(`"stageTimestamp":`, e.StageTime)
	w.part(`"annotations":`, e.Annotations.Set, e.Annotations.AppendJSON)
	w.unknown(e.Unknown)
	return append(w.dst, '}')
}

// AppendJSON writes the object of a user.
func (u *Identity) AppendJSON(dst []byte) []byte {
	w := writer{dst: append(dst, '{')}
	w.text(`"username":`, u.Username)
	w.text(`"uid":`, u.UID)
	w.json(`"groups":`, u.Groups)
	w.json(`"extra":`, u.Extra)
	w.unknown(u.Unknown)
	return append(w.dst, '}')
}

// AppendJSON writes the object of a reference.
func (o *ObjectRef) AppendJSON(dst []byte) []byte {
	w := writer{dst: append(dst, '{')}
	w.text(`"resource":`, o.Resource)
	w.text(`"namespace":`, o.Namespace)
	w.text(`"name":`, o.Name)
	w.text(`"uid":`, o.UID)
	w.text(`"apiGroup":`, o.APIGroup)
	w.text(`"apiVersion":`, o.APIVersion)
	w.text(`"resourceVersion":`, o.ResourceVersion)
	w.text(`"subresource":`, o.Subresource)
	w.unknown(o.Unknown)
	return append(w.dst, '}')
}

// AppendJSON writes the object of a status.
func (r *Status) AppendJSON(dst []byte) []byte {
	w := writer{dst: append(dst, '{')}
	w.text(`"kind":`, r.Kind)
	w.text(`"apiVersion":`, r.APIVersion)
	w.json(`"metadata":`, r.Metadata)
	w.text(`"status":`, r.Status)
	w.text(`"message":`, r.Message)
	w.text(`"reason":`, r.Reason)
	w.json(`"details":`, r.Details)
	if r.Code.Set {
		w.name(`"code":`)
		w.dst = strconv.AppendInt(w.dst, int64(r.Code.Value), 10)
	}
	w.unknown(r.Unknown)
	return append(w.dst, '}')
}

// AppendJSON writes the annotations sorted by name, as Go writes maps: those of
// the rest that sort before the authorizer's two, these, the others.
func (a *Annotations) AppendJSON(dst []byte) []byte {
	w := writer{dst: append(dst, '{')}
	if a.Rest == "" {
		w.text(`"`+DecisionAnnotation+`":`, a.Decision)
		w.text(`"`+ReasonAnnotation+`":`, a.Reason)
		return append(w.dst, '}')
	}
	rest := a.Rest.Members()
	one := func(name string, t Text) {
		for len(rest) > 0 && rest[0].Name < name {
			w.member(rest[0])
			rest = rest[1:]
		}
		w.text(`"`+name+`":`, t)
	}
	one(DecisionAnnotation, a.Decision)
	one(ReasonAnnotation, a.Reason)
	w.unknown(rest)
	return append(w.dst, '}')
}

// writer appends members to an object whose brace is written.
type writer struct{ dst []byte }

// name writes a separator when needed and the quoted name with its colon.
func (w *writer) name(quoted string) {
	if w.dst[len(w.dst)-1] != '{' {
		w.dst = append(w.dst, ',')
	}
	w.dst = append(w.dst, quoted...)
}

func (w *writer) text(name string, t Text) {
	if t.Set {
		w.name(name)
		w.dst = appendString(w.dst, t.Value)
	}
}

func (w *writer) json(name string, j JSON) {
	if j != "" {
		w.name(name)
		w.dst = append(w.dst, j...)
	}
}

func (w *writer) part(name string, set bool, part func([]byte) []byte) {
	if set {
		w.name(name)
		w.dst = part(w.dst)
	}
}

func (w *writer) time(name string, t Time) {
	switch {
	case !t.Set:
	case t.Text != "" || !t.Known:
		w.text(name, Str(t.Text))
	default:
		w.name(name)
		w.dst = append(appendMicro(append(w.dst, '"'), t.Ticks), '"')
	}
}

func (w *writer) unknown(fields []Field) {
	for _, f := range fields {
		w.member(f)
	}
}

func (w *writer) member(f Field) {
	if w.dst[len(w.dst)-1] != '{' {
		w.dst = append(w.dst, ',')
	}
	w.dst = append(appendString(w.dst, f.Name), ':')
	w.dst = append(w.dst, f.Value...)
}

// plain are the bytes that Go's encoder writes as they are.
var plain = func() (t [256]bool) {
	for c := 0x20; c < utf8.RuneSelf; c++ {
		t[c] = !strings.ContainsRune(`"\<>&`, rune(c))
	}
	return t
}()

const hexDigits = "0123456789abcdef"

// appendString quotes s as encoding/json does with HTML escaping on.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if plain[c] {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			dst = append(dst, s[start:i]...)
			dst = appendEscape(dst, c)
			i++
			start = i
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			dst = append(append(dst, s[start:i]...), `\ufffd`...)
			start = i + 1
		case r == '\u2028' || r == '\u2029':
			dst = append(append(dst, s[start:i]...), `\u202`...)
			dst = append(dst, hexDigits[r&0xf])
			start = i + n
		}
		i += n
	}
	return append(append(dst, s[start:]...), '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
}
