package runtime

// Reading one value of a document without parsing the rest: what a path access
// does to every row. The text is JSON that was accepted before; on other text
// the scanner stops without an answer.

// member finds the last property called key and gives its text.
func member(s, key string) (string, bool) {
	i := space(s, 0)
	if i >= len(s) || s[i] != '{' {
		return "", false
	}
	i++
	found, ok := "", false
	for {
		i = space(s, i)
		if i >= len(s) || s[i] != '"' {
			return found, ok
		}
		p := jsonParser{s: s, i: i}
		name, valid := p.str()
		if !valid || !p.accept(':') {
			return found, ok
		}
		start := space(s, p.i)
		end := skip(s, start)
		if end < 0 {
			return found, ok
		}
		if name == key {
			found, ok = s[start:end], true
		}
		i = space(s, end)
		if i >= len(s) || s[i] != ',' {
			return found, ok
		}
		i++
	}
}

// element finds the element at index n, from the end if n is negative.
func element(s string, n int64) (string, bool) {
	i := space(s, 0)
	if i >= len(s) || s[i] != '[' {
		return "", false
	}
	if n < 0 {
		length := countElements(s)
		if n += length; n < 0 {
			return "", false
		}
	}
	i++
	for {
		i = space(s, i)
		if i >= len(s) || s[i] == ']' {
			return "", false
		}
		end := skip(s, i)
		if end < 0 {
			return "", false
		}
		if n == 0 {
			return s[i:end], true
		}
		n--
		i = space(s, end)
		if i >= len(s) || s[i] != ',' {
			return "", false
		}
		i++
	}
}

// countElements gives the length of an array.
func countElements(s string) int64 {
	i := space(s, 0) + 1
	var n int64
	for {
		i = space(s, i)
		if i >= len(s) || s[i] == ']' {
			return n
		}
		end := skip(s, i)
		if end < 0 {
			return n
		}
		n++
		i = space(s, end)
		if i >= len(s) || s[i] != ',' {
			return n
		}
		i++
	}
}

// skip gives the end of the value that starts at i, -1 if it does not end.
func skip(s string, i int) int {
	depth := 0
	for i < len(s) {
		switch s[i] {
		case '"':
			if i = skipString(s, i); i < 0 {
				return -1
			}
			if depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	if depth == 0 {
		return i
	}
	return -1
}

func skipString(s string, i int) int {
	for i++; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}
