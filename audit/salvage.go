package audit

// Salvage reads what is certain from an event whose text was cut: the members
// that are complete, and of objects that were begun the members that are
// complete there. Nothing is guessed: a string, number or list in which the text
// ends is left out. cut is false when text is not the beginning of a JSON object
// (then err says where it stops being one) or is whole (err is nil).
//
// kube-apiserver writes who, what and the result before the bodies, so a cut
// seldom reaches them; the timestamps and the authorizer's decision come last
// and are the first to go.
func Salvage(text []byte) (e Event, misfits []Misfit, cut bool, err error) {
	d := decoder{scanner: scanner{s: string(text)}}
	st := d.top(&e)
	if st == scanCut {
		return e, d.misfits, d.begun(), d.err(st)
	}
	return e, d.misfits, false, d.err(st)
}

// begun reports whether there is an opening brace at all: empty text is nothing,
// not a cut event.
func (d *decoder) begun() bool {
	for i := 0; i < len(d.s); i++ {
		switch d.s[i] {
		case ' ', '\t', '\n', '\r':
		default:
			return d.s[i] == '{'
		}
	}
	return false
}
