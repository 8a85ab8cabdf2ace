package frame

// checker follows the grammar of JSON byte by byte, across refills of a buffer.
// It judges structure; the spelling of numbers is left to the decoder.
type checker struct {
	stack []byte // '{' and '[' that are open
	state state
	esc   bool
	str   state  // what follows the string that is being read
	key   []byte // last key of the outermost object, cut at maxKey
}

type state uint8

const (
	wantValue state = iota
	wantValueOrEnd
	wantKey
	wantKeyOrEnd
	wantColon
	wantComma // or the end of the container
	inString
	inScalar
	done
)

const maxKey = 16

func (c *checker) reset() {
	*c = checker{stack: c.stack[:0], key: c.key[:0]}
}

// list reports that the byte just taken opened the records of an object.
func (c *checker) list() bool {
	return len(c.stack) == 2 && c.stack[0] == '{' && c.stack[1] == '[' && c.state == wantValueOrEnd && c.listKey()
}

func (c *checker) listKey() bool { return string(c.key) == "items" || string(c.key) == "records" }

// bare reports that a number or word outside all containers is being read: it
// ends before the byte that ends it.
func (c *checker) bare() bool { return c.state == inScalar && len(c.stack) == 0 }

// step takes one byte and reports whether JSON may go on so.
func (c *checker) step(b byte) bool {
	switch c.state {
	case inString:
		return c.stepString(b)
	case inScalar:
		switch b {
		case ',', ']', '}', ' ', '\t', '\r', '\n':
			if c.closed(); c.state == done {
				return true
			}
			return c.step(b)
		}
		return scalar(b)
	case done:
		return blank(b)
	}
	if blank(b) {
		return true
	}
	switch c.state {
	case wantValue, wantValueOrEnd:
		return c.open(b)
	case wantKey, wantKeyOrEnd:
		if b == '}' && c.state == wantKeyOrEnd {
			return c.pop('{')
		}
		if b != '"' {
			return false
		}
		c.state, c.str = inString, wantColon
		if len(c.stack) == 1 {
			c.key = c.key[:0]
		}
	case wantColon:
		c.state = wantValue
		return b == ':'
	case wantComma:
		switch {
		case b == '}' || b == ']':
			return c.pop(b - 2) // '{' and '[' precede their partners by two
		case b != ',':
			return false
		case c.stack[len(c.stack)-1] == '{':
			c.state = wantKey
		default:
			c.state = wantValue
		}
	}
	return true
}

func (c *checker) stepString(b byte) bool {
	switch {
	case b < 0x20:
		return false
	case c.esc:
		c.esc = false
	case b == '\\':
		c.esc = true
	case b == '"':
		if c.str == wantColon {
			c.state = wantColon
		} else {
			c.closed()
		}
		return true
	}
	if c.str == wantColon && len(c.stack) == 1 && len(c.key) < maxKey {
		c.key = append(c.key, b)
	}
	return true
}

// open takes the first byte of a value.
func (c *checker) open(b byte) bool {
	switch {
	case b == '{':
		c.stack, c.state = append(c.stack, b), wantKeyOrEnd
	case b == '[':
		c.stack, c.state = append(c.stack, b), wantValueOrEnd
	case b == ']' && c.state == wantValueOrEnd:
		return c.pop('[')
	case b == '"':
		c.state, c.str = inString, wantComma
	case scalar(b):
		c.state = inScalar
	default:
		return false
	}
	return true
}

func (c *checker) pop(opening byte) bool {
	n := len(c.stack) - 1
	if n < 0 || c.stack[n] != opening {
		return false
	}
	c.stack = c.stack[:n]
	c.closed()
	return true
}

// closed follows the end of a value.
func (c *checker) closed() {
	if len(c.stack) == 0 {
		c.state = done
	} else {
		c.state = wantComma
	}
}

func blank(b byte) bool { return b == ' ' || b == '\n' || b == '\r' || b == '\t' }

// scalar: the bytes of numbers, true, false and null.
func scalar(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b == 'E' || b == '+' || b == '-' || b == '.'
}
