package report

// Bold is for headings.
func (s Style) Bold(text string) string { return s.paint("1", text) }

// Alarm is for what must not be overlooked.
func (s Style) Alarm(text string) string { return s.paint("31;1", text) }

// Good is for what is allowed.
func (s Style) Good(text string) string { return s.paint("32", text) }

// Doubt is for what is not known, or holds in part.
func (s Style) Doubt(text string) string { return s.paint("33", text) }

// Faint is for remarks.
func (s Style) Faint(text string) string { return s.paint("2", text) }

func (s Style) paint(code, text string) string {
	if !s.Colour || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
