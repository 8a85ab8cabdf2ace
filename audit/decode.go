package audit

import (
	"strconv"
	"unicode/utf8"
)

// Decode reads one event from the exact bytes of its JSON object; a newline and
// other white space around it are allowed. The error is a *SyntaxError when text
// is no JSON object. Misfits say which fields are not of the type audit.k8s.io/v1
// gives them: the event then holds the nearest reading (the last of repeated
// names, the JSON text of a value that should have been a string).
func Decode(text []byte) (Event, []Misfit, error) { return DecodeString(string(text)) }

// DecodeString is Decode for a string; the event's parts are slices of it.
func DecodeString(text string) (Event, []Misfit, error) {
	d := decoder{scanner: scanner{s: text}}
	var e Event
	st := d.top(&e)
	if st != scanOK {
		return e, d.misfits, d.err(st)
	}
	if !utf8.ValidString(text) {
		d.misfit("", "UTF-8", "other bytes")
	}
	return e, d.misfits, nil
}

// decoder reads known fields out of what the scanner passes over.
type decoder struct {
	scanner
	misfits []Misfit
	prefix  string // path of the object being read, with a trailing dot
}

func (d *decoder) misfit(name, want, got string) {
	if len(d.misfits) < 64 { // enough to tell; the text is kept whole anyway
		d.misfits = append(d.misfits, Misfit{Path: d.prefix + name, Want: want, Got: got})
	}
}

func (d *decoder) top(e *Event) status {
	d.space()
	if d.at() != '{' {
		return d.bad("expected an object")
	}
	if st := d.event(e); st != scanOK {
		return st
	}
	d.space()
	if d.i < len(d.s) {
		return d.bad("text after the object")
	}
	return scanOK
}

// event reads the members of an event.
func (d *decoder) event(e *Event) status {
	return d.object(func(name string) status {
		switch name {
		case "kind":
			return d.text(name, &e.Kind)
		case "apiVersion":
			return d.text(name, &e.APIVersion)
		case "level":
			return d.text(name, &e.Level)
		case "auditID":
			return d.text(name, &e.AuditID)
		case "stage":
			return d.text(name, &e.Stage)
		case "requestURI":
			return d.text(name, &e.RequestURI)
		case "verb":
			return d.text(name, &e.Verb)
		case "user":
			return d.identity(name, &e.User)
		case "impersonatedUser":
			return d.identity(name, &e.ImpersonatedUser)
		case "authenticationMetadata":
			return d.json(name, "object", &e.AuthenticationMetadata)
		case "sourceIPs":
			return d.list(name, &e.SourceIPs)
		case "userAgent":
			return d.text(name, &e.UserAgent)
		case "objectRef":
			return d.objectRef(name, &e.ObjectRef)
		case "responseStatus":
			return d.status(name, &e.ResponseStatus)
		case "requestObject":
			return d.json(name, "", &e.RequestObject)
		case "responseObject":
			return d.json(name, "", &e.ResponseObject)
		case "requestReceivedTimestamp":
			return d.time(name, &e.RequestReceivedTime)
		case "stageTimestamp":
			return d.time(name, &e.StageTime)
		case "annotations":
			return d.annotations(name, &e.Annotations)
		}
		return d.unknown(name, &e.Unknown)
	})
}

func (d *decoder) identity(field string, u *Identity) status {
	if u.Set {
		d.misfit(field, "once", "twice")
		*u = Identity{}
	}
	return d.nested(field, &u.Set, func(name string) status {
		switch name {
		case "username":
			return d.text(name, &u.Username)
		case "uid":
			return d.text(name, &u.UID)
		case "groups":
			return d.list(name, &u.Groups)
		case "extra":
			return d.lists(name, &u.Extra)
		}
		return d.unknown(name, &u.Unknown)
	})
}

func (d *decoder) objectRef(field string, o *ObjectRef) status {
	if o.Set {
		d.misfit(field, "once", "twice")
		*o = ObjectRef{}
	}
	return d.nested(field, &o.Set, func(name string) status {
		switch name {
		case "resource":
			return d.text(name, &o.Resource)
		case "namespace":
			return d.text(name, &o.Namespace)
		case "name":
			return d.text(name, &o.Name)
		case "uid":
			return d.text(name, &o.UID)
		case "apiGroup":
			return d.text(name, &o.APIGroup)
		case "apiVersion":
			return d.text(name, &o.APIVersion)
		case "resourceVersion":
			return d.text(name, &o.ResourceVersion)
		case "subresource":
			return d.text(name, &o.Subresource)
		}
		return d.unknown(name, &o.Unknown)
	})
}

func (d *decoder) status(field string, r *Status) status {
	if r.Set {
		d.misfit(field, "once", "twice")
		*r = Status{}
	}
	return d.nested(field, &r.Set, func(name string) status {
		switch name {
		case "kind":
			return d.text(name, &r.Kind)
		case "apiVersion":
			return d.text(name, &r.APIVersion)
		case "metadata":
			return d.json(name, "object", &r.Metadata)
		case "status":
			return d.text(name, &r.Status)
		case "message":
			return d.text(name, &r.Message)
		case "reason":
			return d.text(name, &r.Reason)
		case "details":
			return d.json(name, "object", &r.Details)
		case "code":
			return d.code(name, &r.Code)
		}
		return d.unknown(name, &r.Unknown)
	})
}

// nested reads an object into fields; null is as absent, anything else is kept
// with the text by the caller, who learns of it as a misfit.
func (d *decoder) nested(field string, set *bool, member func(string) status) status {
	switch d.at() {
	case '{':
	case 'n':
		return d.skip()
	default:
		return d.wrong(field, "object")
	}
	*set = true
	outer := d.prefix
	d.prefix += field + "."
	st := d.object(member)
	d.prefix = outer
	return st
}

// wrong passes over a value of another type than wanted.
func (d *decoder) wrong(field, want string) status {
	start := d.i
	st := d.whole()
	if st == scanOK {
		d.misfit(field, want, JSON(d.s[start:d.i]).Kind())
	}
	return st
}

// whole passes over a value that is certain: a number that ends with the text
// may have gone on.
func (d *decoder) whole() status {
	number := d.at() == '-' || d.at() >= '0' && d.at() <= '9'
	st := d.skip()
	if st == scanOK && number && d.i >= len(d.s) {
		return scanCut
	}
	return st
}

func (d *decoder) text(field string, t *Text) status {
	if t.Set {
		d.misfit(field, "once", "twice")
	}
	switch d.at() {
	case '"':
		s, st := d.str()
		if st == scanOK {
			*t = Str(s)
		}
		return st
	case 'n':
		*t = Text{}
		return d.skip()
	}
	start := d.i
	st := d.wrong(field, "string")
	if st == scanOK {
		*t = Str(d.s[start:d.i])
	}
	return st
}

func (d *decoder) code(field string, c *Code) status {
	if c.Set {
		d.misfit(field, "once", "twice")
		*c = Code{}
	}
	if d.at() == 'n' {
		*c = Code{}
		return d.skip()
	}
	start := d.i
	kind := kindOf(d.at())
	st := d.whole()
	if st != scanOK {
		return st
	}
	n, err := strconv.ParseInt(d.s[start:d.i], 10, 32)
	if kind != "number" || err != nil {
		d.misfit(field, "32-bit integer", kind)
		return scanOK
	}
	*c = Code{Value: int32(n), Set: true}
	return scanOK
}

// json takes a value as text; kind "" allows any.
func (d *decoder) json(field, kind string, j *JSON) status {
	if *j != "" {
		d.misfit(field, "once", "twice")
	}
	got, start := kindOf(d.at()), d.i
	st := d.whole()
	if st != scanOK {
		return st
	}
	*j = JSON(d.s[start:d.i])
	if got == "null" {
		*j = ""
	} else if kind != "" && got != kind {
		d.misfit(field, kind, got)
	}
	return scanOK
}

// list takes an array of strings as text.
func (d *decoder) list(field string, j *JSON) status {
	if d.at() != '[' {
		return d.json(field, "array", j)
	}
	if *j != "" {
		d.misfit(field, "once", "twice")
	}
	start := d.i
	st := d.array(func() status {
		if d.at() != '"' {
			return d.wrong(field+"[]", "string")
		}
		return d.skipString()
	})
	if st == scanOK {
		*j = JSON(d.s[start:d.i])
	}
	return st
}

// lists takes an object of arrays of strings as text.
func (d *decoder) lists(field string, j *JSON) status {
	if d.at() != '{' {
		return d.json(field, "object", j)
	}
	if *j != "" {
		d.misfit(field, "once", "twice")
	}
	start := d.i
	st := d.object(func(name string) status {
		var inner JSON
		return d.list(field+"."+name, &inner)
	})
	if st == scanOK {
		*j = JSON(d.s[start:d.i])
	}
	return st
}

func (d *decoder) unknown(name string, into *[]Field) status {
	for _, f := range *into {
		if f.Name == name {
			d.misfit(name, "once", "twice")
		}
	}
	start := d.i
	st := d.whole()
	if st == scanOK {
		*into = append(*into, Field{Name: name, Value: JSON(d.s[start:d.i])})
	}
	return st
}

// annotations splits the authorizer's two off and keeps the others as the text
// they were, in their order.
func (d *decoder) annotations(field string, a *Annotations) status {
	if a.Set {
		d.misfit(field, "once", "twice")
		*a = Annotations{}
	}
	var rest []byte
	st := d.nested(field, &a.Set, func(name string) status {
		switch name {
		case DecisionAnnotation:
			return d.text(name, &a.Decision)
		case ReasonAnnotation:
			return d.text(name, &a.Reason)
		}
		start := d.i
		if d.at() != '"' {
			if st := d.wrong(name, "string"); st != scanOK {
				return st
			}
		} else if st := d.skipString(); st != scanOK {
			return st
		}
		rest = append(rest, "{,"[min(len(rest), 1)])
		rest = appendString(rest, name)
		rest = append(rest, ':')
		rest = append(rest, d.s[start:d.i]...)
		return scanOK
	})
	if len(rest) > 0 {
		a.Rest = JSON(append(rest, '}'))
	}
	return st
}

func (d *decoder) time(field string, t *Time) status {
	if t.Set {
		d.misfit(field, "once", "twice")
		*t = Time{}
	}
	if d.at() != '"' {
		if d.at() == 'n' {
			*t = Time{}
			return d.skip()
		}
		return d.wrong(field, "time")
	}
	s, st := d.str()
	if st != scanOK {
		return st
	}
	*t = ParseTime(s)
	if !t.Known {
		d.misfit(field, "time", "text")
	}
	return scanOK
}
