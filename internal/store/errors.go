package store

import "fmt"

// InUse is the error of opening an embedded store that another process holds.
type InUse struct {
	Path string
	PID  int    // 0 when it could not be told
	What string // what that process runs, e.g. "postern ingest --follow"; may be empty
}

func (e *InUse) Error() string {
	switch {
	case e.PID == 0:
		return fmt.Sprintf("open store %s: in use by another process", e.Path)
	case e.What == "":
		return fmt.Sprintf("open store %s: store in use by pid %d", e.Path, e.PID)
	}
	return fmt.Sprintf("open store %s: store in use by pid %d (%s)", e.Path, e.PID, e.What)
}

// NoStore is the error of opening something as an embedded store that is none.
// It was left as it is.
type NoStore struct {
	Path string
	Is   string // what it is instead, e.g. "a directory"
}

func (e *NoStore) Error() string { return fmt.Sprintf("open store %s: it is %s", e.Path, e.Is) }

// Version is the error of opening a store whose schema this binary does not
// read. Newer tells a store written by a later version from an older one.
type Version struct {
	Path        string
	Store, Want int
}

// Newer reports whether the store was written by a later version of Postern.
func (e *Version) Newer() bool { return e.Store > e.Want }

func (e *Version) Error() string {
	if e.Newer() {
		return fmt.Sprintf("open store %s: written by a newer postern (schema %d, this one reads %d)", e.Path, e.Store, e.Want)
	}
	return fmt.Sprintf("open store %s: written by an older postern (schema %d, this one reads %d)", e.Path, e.Store, e.Want)
}
