package scalar

import "strings"

// ParseDateTime reads the datetime forms that Kusto documents: ISO 8601 with
// and without time, fraction and offset; RFC 822 and RFC 850; and month-first
// dates with - or /. A text without offset is UTC.
func ParseDateTime(s string) (int64, bool) {
	p := &dateText{rest: strings.TrimSpace(s)}
	d, ok := p.date()
	if !ok || !d.Valid() {
		return 0, false
	}
	t, ok := p.timeOfDay()
	if !ok {
		return 0, false
	}
	offset, ok := p.zone()
	if !ok {
		return 0, false
	}
	v := d.Ticks() + t - offset
	return v, v >= 0 && v <= MaxDateTime
}

// dateText is what is still unread.
type dateText struct{ rest string }

func (p *dateText) skip(chars string) bool {
	t := strings.TrimLeft(p.rest, chars)
	cut := len(t) < len(p.rest)
	p.rest = t
	return cut
}

// number reads digits; width is how many there were.
func (p *dateText) number() (v, width int) {
	for width < len(p.rest) && width < 9 && p.rest[width] >= '0' && p.rest[width] <= '9' {
		v = v*10 + int(p.rest[width]-'0')
		width++
	}
	p.rest = p.rest[width:]
	return v, width
}

func (p *dateText) word() string {
	n := 0
	for n < len(p.rest) && (p.rest[n]|0x20) >= 'a' && (p.rest[n]|0x20) <= 'z' {
		n++
	}
	w := p.rest[:n]
	p.rest = p.rest[n:]
	return strings.ToLower(w)
}

func (p *dateText) date() (Date, bool) {
	if w := p.word(); w != "" {
		return p.afterWord(w)
	}
	a, wa := p.number()
	if wa == 4 && p.rest == "" {
		return Date{a, 1, 1}, true
	}
	if wa == 0 || p.rest == "" {
		return Date{}, false
	}
	sep := p.rest[:1]
	if !strings.Contains("-/. ", sep) {
		return Date{}, false
	}
	p.rest = p.rest[1:]
	if m, ok := monthNumber(p.word()); ok {
		if !p.skip(" -") {
			return Date{}, false
		}
		y, wy := p.number()
		return Date{century(y, wy), m, a}, wy == 4 || wy == 2
	}
	return p.numericDate(a, wa, sep)
}

func (p *dateText) numericDate(a, wa int, sep string) (Date, bool) {
	b, wb := p.number()
	if wb < 1 || wb > 2 || sep == " " {
		return Date{}, false
	}
	if wa == 4 && p.rest == "" {
		return Date{a, b, 1}, true
	}
	if !strings.HasPrefix(p.rest, sep) {
		return Date{}, false
	}
	p.rest = p.rest[1:]
	c, wc := p.number()
	switch {
	case wa == 4 && (wc == 1 || wc == 2):
		return Date{a, b, c}, true
	case wa <= 2 && wc == 4:
		return Date{c, a, b}, true
	}
	return Date{}, false
}

// afterWord goes on after a leading word: a weekday (Sun, 06 Nov 1994) or a
// month (Nov 6 1994, Nov 6, 1994).
func (p *dateText) afterWord(w string) (Date, bool) {
	if m, ok := monthNumber(w); ok {
		p.skip(" ")
		d, wd := p.number()
		p.skip(", ")
		y, wy := p.number()
		return Date{y, m, d}, wd > 0 && wy == 4
	}
	if !weekdayName(w) {
		return Date{}, false
	}
	p.skip(", ")
	if p.rest == "" || p.rest[0] < '0' || p.rest[0] > '9' {
		return Date{}, false
	}
	return p.date()
}

func (p *dateText) timeOfDay() (int64, bool) {
	if p.rest == "" {
		return 0, true
	}
	if p.rest[0] == 'T' || p.rest[0] == 't' {
		p.rest = p.rest[1:]
	} else if p.skip(" ,"); p.rest == "" || p.rest[0] < '0' || p.rest[0] > '9' {
		return 0, true // only a zone follows
	}
	end := strings.IndexFunc(p.rest, func(r rune) bool { return (r < '0' || r > '9') && r != ':' && r != '.' })
	text := p.rest
	if end >= 0 {
		text = p.rest[:end]
	}
	p.rest = p.rest[len(text):]
	parts := strings.Split(text, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, false
	}
	v, ok := clockParts(parts)
	if !ok {
		return 0, false
	}
	return p.noon(v)
}

// noon applies AM and PM.
func (p *dateText) noon(v int64) (int64, bool) {
	p.skip(" ")
	half := strings.ToUpper(p.rest)
	if !strings.HasPrefix(half, "AM") && !strings.HasPrefix(half, "PM") {
		return v, true
	}
	p.rest = p.rest[2:]
	if v < Hour || v >= 13*Hour {
		return 0, false
	}
	v %= 12 * Hour
	if half[0] == 'P' {
		v += 12 * Hour
	}
	return v, true
}

// zone reads Z, GMT, UTC or an offset, to the end of the text.
func (p *dateText) zone() (int64, bool) {
	p.skip(" ")
	switch strings.ToUpper(p.rest) {
	case "", "Z", "GMT", "UTC", "UT":
		return 0, true
	}
	sign := int64(1)
	switch p.rest[0] {
	case '-':
		sign = -1
	case '+':
	default:
		return 0, false
	}
	p.rest = p.rest[1:]
	h, wh := p.number()
	m := 0
	switch {
	case wh == 4 && p.rest == "":
		h, m = h/100, h%100
	case wh <= 2 && wh > 0 && strings.HasPrefix(p.rest, ":"):
		p.rest = p.rest[1:]
		var wm int
		if m, wm = p.number(); wm != 2 {
			return 0, false
		}
	case wh != 2:
		return 0, false
	}
	if p.rest != "" || h > 14 || m > 59 {
		return 0, false
	}
	return sign * (int64(h)*Hour + int64(m)*Minute), true
}

func century(y, width int) int {
	switch {
	case width != 2:
		return y
	case y < 50:
		return 2000 + y
	}
	return 1900 + y
}

var months = [...]string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"}

var weekdays = [...]string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

func monthNumber(w string) (int, bool) {
	for i, m := range months {
		if w == m || w == m[:3] {
			return i + 1, true
		}
	}
	return 0, false
}

func weekdayName(w string) bool {
	for _, d := range weekdays {
		if w == d || w == d[:3] {
			return true
		}
	}
	return false
}
