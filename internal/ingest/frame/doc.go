// Package frame cuts a stream of bytes into records without decoding them.
//
// It recognises the shapes audit records are kept in: one JSON value a line,
// objects printed over several lines, and lists of records, either bare arrays
// or the items of an EventList or the records of an Event Hubs message. It knows
// where each record begins, so that reading can go on later from there (State),
// and it never needs more memory than the longest record it accepts.
//
// It does not know what a record means, and nothing is dropped: what cannot be a
// record comes back as a Frame with a Fault.
//
//	s := frame.NewScanner(file, frame.State{}, frame.DefaultLimit)
//	for {
//		f, err := s.Next()
//		if err == io.EOF { break } // s.Rest is what an unfinished record has so far
//		…
//	}
package frame

import "errors"

// DefaultLimit is the length of a record above which it is not kept whole.
const DefaultLimit = 64 << 20

// Excerpt is how much is kept of a record above the limit.
const Excerpt = 64 << 10

// ErrUTF16 is the error of reading UTF-16 text, which some shells write when
// output is redirected.
var ErrUTF16 = errors.New("text is UTF-16, not UTF-8")

// Mode is how records are separated.
type Mode string

// The modes. Undecided is also the state between two values that are not lines.
const (
	Undecided Mode = ""
	Lines     Mode = "lines" // one record a line
	Document  Mode = "doc"   // JSON values, wherever they end
)

// In is the part of a document that is being read.
type In string

// The parts of a document.
const (
	Top   In = ""      // between values
	List  In = "list"  // inside a bare array of records
	Items In = "items" // inside the array of records of an object
	Tail  In = "tail"  // in that object, behind the array
)

// State is where reading goes on. The zero value is the beginning.
type State struct {
	Offset int64 `json:"offset"`
	Mode   Mode  `json:"mode,omitempty"`
	In     In    `json:"in,omitempty"`
}

// Frame is one record, or what stands where a record should.
type Frame struct {
	Text    []byte // valid until the scanner is used again
	Offset  int64  // where Text begins in the stream
	Fault   string // why this cannot be a record; empty for a record
	Excerpt bool   // Text is only the beginning
}
