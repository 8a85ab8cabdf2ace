package audit

// JSON is the text of one JSON value exactly as it was written. "" stands for no
// value; the text null never occurs where a part may be absent.
type JSON string

// Strings reads an array of strings; nil if j is none.
func (j JSON) Strings() []string {
	s := scanner{s: string(j)}
	s.space()
	if s.at() != '[' {
		return nil
	}
	out := []string{}
	s.i++
	for s.space(); s.at() != ']'; s.space() {
		if len(out) > 0 {
			if s.at() != ',' {
				return nil
			}
			s.i++
			s.space()
		}
		if s.at() != '"' {
			return nil
		}
		text, st := s.str()
		if st != scanOK {
			return nil
		}
		out = append(out, text)
	}
	return out
}

// Members lists an object's members in order; nil if j is none.
func (j JSON) Members() []Field {
	s := scanner{s: string(j)}
	s.space()
	if s.at() != '{' {
		return nil
	}
	out := []Field{}
	st := s.object(func(name string) status {
		start := s.i
		st := s.skip()
		out = append(out, Field{Name: name, Value: JSON(s.s[start:s.i])})
		return st
	})
	if st != scanOK {
		return nil
	}
	return out
}

// Kind names the JSON type of the value: object, array, string, number, bool,
// null; "" for no value.
func (j JSON) Kind() string {
	s := scanner{s: string(j)}
	s.space()
	return kindOf(s.at())
}

func kindOf(c byte) string {
	switch {
	case c == '{':
		return "object"
	case c == '[':
		return "array"
	case c == '"':
		return "string"
	case c == 't' || c == 'f':
		return "bool"
	case c == 'n':
		return "null"
	case c == '-' || c >= '0' && c <= '9':
		return "number"
	}
	return ""
}

// ParseJSON checks that text is one JSON value, white space around it aside, and
// gives it without that. The error is a *SyntaxError.
func ParseJSON(text string) (JSON, error) {
	s := scanner{s: text}
	s.space()
	start := s.i
	st := s.skip()
	end := s.i
	if st == scanOK {
		if s.space(); s.i < len(text) {
			st = s.bad("text after the value")
		}
	}
	if st != scanOK {
		return "", s.err(st)
	}
	return JSON(text[start:end]), nil
}

// Text decodes a string; false if j is none.
func (j JSON) Text() (string, bool) {
	s := scanner{s: string(j)}
	s.space()
	if s.at() != '"' {
		return "", false
	}
	text, st := s.str()
	return text, st == scanOK
}

// Object writes members as a JSON object, "" for none.
func Object(members []Field) JSON {
	if len(members) == 0 {
		return ""
	}
	w := writer{dst: []byte{'{'}}
	w.unknown(members)
	return JSON(append(w.dst, '}'))
}

// Quote writes a string as encoding/json does.
func Quote(s string) JSON { return JSON(appendString(make([]byte, 0, len(s)+2), s)) }

// Elements lists an array's elements in order; nil if j is none.
func (j JSON) Elements() []JSON {
	s := scanner{s: string(j)}
	s.space()
	if s.at() != '[' {
		return nil
	}
	out := []JSON{}
	st := s.array(func() status {
		start := s.i
		st := s.skip()
		out = append(out, JSON(s.s[start:s.i]))
		return st
	})
	if st != scanOK {
		return nil
	}
	return out
}
