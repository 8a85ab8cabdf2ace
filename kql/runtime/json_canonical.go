package runtime

import "strings"

// canonical reports whether a text is JSON in the very form value.json writes:
// no blanks, no escapes that need not be, no property twice. Such a text is its
// own dynamic, without being taken apart. A bag of very many properties is not
// looked into: false is never wrong.
func canonical(s string) bool {
	if s == "" || s == "null" {
		return false
	}
	c := canonicalScan{s: s, keys: make([]string, 0, 64)}
	return c.value(0) && c.i == len(s)
}

const maxCompared = 48 // properties of one bag that are compared with one another

type canonicalScan struct {
	s    string
	i    int
	keys []string // of the bags that are open, the innermost's last
}

func (c *canonicalScan) value(depth int) bool {
	if c.i >= len(c.s) || depth > maxNesting {
		return false
	}
	switch c.s[c.i] {
	case '{':
		return c.bag(depth)
	case '[':
		return c.array(depth)
	case '"':
		_, ok := c.str()
		return ok
	case 't':
		return c.word("true")
	case 'f':
		return c.word("false")
	case 'n':
		return c.word("null")
	}
	p := jsonParser{s: c.s, i: c.i}
	ok := p.number()
	c.i = p.i
	return ok
}

func (c *canonicalScan) word(w string) bool {
	ok := strings.HasPrefix(c.s[c.i:], w)
	c.i += len(w)
	return ok
}

func (c *canonicalScan) next(b byte) bool {
	if c.i < len(c.s) && c.s[c.i] == b {
		c.i++
		return true
	}
	return false
}

func (c *canonicalScan) array(depth int) bool {
	c.i++
	if c.next(']') {
		return true
	}
	for c.value(depth + 1) {
		if c.next(']') {
			return true
		}
		if !c.next(',') {
			return false
		}
	}
	return false
}

func (c *canonicalScan) bag(depth int) bool {
	c.i++
	if c.next('}') {
		return true
	}
	first := len(c.keys)
	for {
		if c.i >= len(c.s) || c.s[c.i] != '"' {
			return false
		}
		key, ok := c.str()
		if !ok || !c.next(':') || len(c.keys)-first >= maxCompared {
			return false
		}
		for _, k := range c.keys[first:] {
			if k == key {
				return false
			}
		}
		c.keys = append(c.keys, key)
		if !c.value(depth + 1) {
			return false
		}
		if c.next('}') {
			c.keys = c.keys[:first]
			return true
		}
		if !c.next(',') {
			return false
		}
	}
}

// str gives the text between the quotes as it stands, which tells keys apart as
// well as what it means: of each there is one spelling.
func (c *canonicalScan) str() (string, bool) {
	c.i++
	start := c.i
	for c.i < len(c.s) {
		switch b := c.s[c.i]; {
		case b == '"':
			c.i++
			return c.s[start : c.i-1], true
		case b == '\\':
			if c.i+1 >= len(c.s) || strings.IndexByte(`"\bfnrt`, c.s[c.i+1]) < 0 {
				return "", false
			}
			c.i++
		case b < 0x20:
			return "", false
		}
		c.i++
	}
	return "", false
}
