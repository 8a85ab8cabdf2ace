package snapshot

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/postern-dev/postern/rbac"
)

// FileError is a snapshot file that cannot be used.
type FileError struct {
	Name   string
	Line   int // from 1; 0: no position
	Column int
	Offset int64 // in bytes from the beginning
	Msg    string
	Hint   string
	Err    error
}

func (e *FileError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("read snapshot %s: %s", e.Name, e.Msg)
	}
	return fmt.Sprintf("read snapshot %s:%d:%d (byte %d): %s", e.Name, e.Line, e.Column, e.Offset, e.Msg)
}

func (e *FileError) Unwrap() error { return e.Err }

// Decode reads the file form; name is the file's, for errors. Everything in it
// must be understood: a field that is skipped could be the one that matters.
func Decode(data []byte, name string) (*Snapshot, error) {
	h, _ := readHead(data)
	switch {
	case h.Kind != Kind:
		return nil, &FileError{Name: name, Msg: fmt.Sprintf("kind is %q, not %s", h.Kind, Kind)}
	case h.APIVersion != APIVersion:
		return nil, versionError(name, h.APIVersion)
	}
	var f form
	in := json.NewDecoder(bytes.NewReader(data))
	in.DisallowUnknownFields()
	if err := in.Decode(&f); err != nil {
		return nil, jsonError(data, name, in.InputOffset(), err)
	}
	if rest := bytes.TrimSpace(data[in.InputOffset():]); len(rest) > 0 {
		at := int64(len(data) - len(bytes.TrimLeft(data[in.InputOffset():], " \t\r\n")))
		return nil, positioned(&FileError{Name: name, Offset: at, Msg: "something follows the snapshot", Hint: "one file holds one snapshot; give several with -f FILE -f FILE"}, data)
	}
	if err := f.valid(); err != nil {
		return nil, &FileError{Name: name, Msg: err.Error(), Err: err}
	}
	return f.snapshot(), nil
}

// IsSnapshot reports whether data is a snapshot file, of whatever version, cut
// off or broken behind its first fields though it may be.
func IsSnapshot(data []byte) bool {
	h, _ := readHead(data)
	return h.Kind == Kind && strings.HasPrefix(h.APIVersion, apiGroup)
}

// readHead reads kind and apiVersion and stops there, wherever they stand.
func readHead(data []byte) (h head, err error) {
	in := json.NewDecoder(bytes.NewReader(data))
	if token, err := in.Token(); err != nil || token != json.Delim('{') {
		return h, errors.New("no JSON object")
	}
	for in.More() && (h.Kind == "" || h.APIVersion == "") {
		key, err := in.Token()
		if err != nil {
			return h, err
		}
		var value json.RawMessage
		if err := in.Decode(&value); err != nil {
			return h, err
		}
		switch key {
		case "kind":
			err = json.Unmarshal(value, &h.Kind)
		case "apiVersion":
			err = json.Unmarshal(value, &h.APIVersion)
		}
		if err != nil {
			return h, err
		}
	}
	return h, nil
}

func versionError(name, version string) error {
	var theirs, ours int
	if n, err := fmt.Sscanf(version, apiGroup+"v%d", &theirs); err == nil && n == 1 {
		_, _ = fmt.Sscanf(APIVersion, apiGroup+"v%d", &ours)
	}
	if theirs > ours {
		return &FileError{Name: name, Msg: fmt.Sprintf("it is of version %s, newer than this postern reads (%s)", version, APIVersion), Hint: "read it with the postern that made it, or a newer one"}
	}
	return &FileError{Name: name, Msg: fmt.Sprintf("apiVersion is %q; this postern reads %s", version, APIVersion)}
}

// jsonError gives a fault of the JSON its place.
func jsonError(data []byte, name string, offset int64, err error) error {
	e := &FileError{Name: name, Offset: offset, Msg: strings.TrimPrefix(err.Error(), "json: "), Err: err}
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		e.Offset, e.Msg, e.Hint = int64(len(data)), "it is cut off here", "copy the file again; `postern snapshot` writes whole files only"
	case errors.As(err, &syntax):
		e.Offset = syntax.Offset - 1 // the offset behind the byte that is wrong
	case errors.As(err, &kind):
		e.Offset = kind.Offset - 1
		e.Msg = fmt.Sprintf("%s is a JSON %s, which does not belong there", fieldName(kind), kind.Value)
	case strings.HasPrefix(e.Msg, "unknown field "):
		e.Offset = fieldOffset(data, strings.TrimPrefix(e.Msg, "unknown field "))
		e.Hint = "was it written by a newer postern? it says: " + madeBy(data)
	}
	return positioned(e, data)
}

func fieldName(err *json.UnmarshalTypeError) string {
	if err.Field == "" {
		return "the document"
	}
	return strings.TrimPrefix(err.Field, "head.")
}

// fieldOffset finds the first key of this name, which encoding/json does not
// tell. The name is quoted.
func fieldOffset(data []byte, quoted string) int64 {
	in := json.NewDecoder(bytes.NewReader(data))
	for {
		token, err := in.Token()
		if err != nil {
			return 0
		}
		if s, ok := token.(string); ok && fmt.Sprintf("%q", s) == quoted {
			return in.InputOffset() - int64(len(quoted))
		}
	}
}

func madeBy(data []byte) string {
	var f struct {
		MadeBy string `json:"madeBy"`
	}
	if json.Unmarshal(data, &f) != nil || f.MadeBy == "" {
		return "nothing of who made it"
	}
	return "made by " + f.MadeBy
}

// positioned fills line and column from the offset.
func positioned(e *FileError, data []byte) *FileError {
	e.Offset = max(0, min(e.Offset, int64(len(data))))
	before := data[:e.Offset]
	e.Line = bytes.Count(before, []byte("\n")) + 1
	e.Column = len(before) - bytes.LastIndexByte(before, '\n')
	return e
}

// valid checks what the types do not.
func (f form) valid() error {
	switch {
	case f.Source.Kind != Cluster && f.Source.Kind != Files:
		return fmt.Errorf("source.kind is %q, not %s or %s", f.Source.Kind, Cluster, Files)
	case f.Name == "":
		return errors.New("name is empty")
	case f.Taken.IsZero():
		return errors.New("taken is missing: when was it read?")
	case f.Unknown == nil:
		return errors.New("unknown is missing: what could not be read?")
	case f.RBAC.Roles == nil:
		return errors.New("rbac.roles is missing: were they read?")
	case f.RBAC.Bindings == nil:
		return errors.New("rbac.bindings is missing: were they read?")
	}
	for i, u := range f.Unknown {
		if u.What == "" || u.Why == "" {
			return fmt.Errorf("unknown[%d] does not say what and why", i)
		}
	}
	for i, r := range f.RBAC.Roles {
		if r.Name == "" {
			return fmt.Errorf("rbac.roles[%d] has no name", i)
		}
	}
	for i, b := range f.RBAC.Bindings {
		switch {
		case b.Name == "":
			return fmt.Errorf("rbac.bindings[%d] has no name", i)
		case b.Role.Kind != rbac.ClusterRoleKind && b.Role.Kind != rbac.RoleRoleKind:
			return fmt.Errorf("rbac.bindings[%d].roleRef.kind is %q", i, b.Role.Kind)
		}
	}
	for i, r := range f.Resources {
		if r.Name == "" {
			return fmt.Errorf("resources[%d] has no name", i)
		}
	}
	return nil
}
