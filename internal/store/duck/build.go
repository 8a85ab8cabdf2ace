package duck

import (
	"unicode/utf8"

	"github.com/postern-dev/postern/audit"
	"github.com/postern-dev/postern/kql/runtime"
	"github.com/postern-dev/postern/kql/types"
)

// Names of the functions that rebuild JSON from columns.
const (
	eventFunc        = "postern_event_json"
	eventDocFunc     = "postern_event_document" // parse_json of eventFunc
	userFunc         = "postern_user_json"
	impersonatedFunc = "postern_impersonated_user_json"
	refFunc          = "postern_object_ref_json"
	statusFunc       = "postern_response_status_json"
	annotationsFunc  = "postern_annotations_json"
	timeFunc         = "postern_time_text"
)

// kept are the arguments every rebuilding function begins with: the text itself
// where it was kept because the columns do not give the same bytes, and whether
// a newline followed it.
var kept = []string{"text", "newline"}

// eventArgs lists the columns eventFunc takes, in order.
func eventArgs() []string {
	return append(append([]string{}, kept...), append([]string{"audit_id"}, columnsOf(fields())...)...)
}

// engineFunctions are the engine functions of this store.
func engineFunctions() []runtime.Func {
	all := fields()
	event := runtime.Func{Name: eventFunc, Args: []types.Type{types.String, types.Bool, types.String}, Result: types.String}
	for _, f := range all {
		event.Args = append(event.Args, f.kind)
	}
	event.Call = func(args []any) any { return eventText(all, args) }
	doc := event
	doc.Name, doc.Result = eventDocFunc, types.Dynamic
	doc.Call = func(args []any) any { return runtime.ParseJSON(eventText(all, args)) }
	part := func(name, member string, fields []field, write func(*audit.Event, []byte) []byte) runtime.Func {
		f := runtime.Func{Name: name, Args: []types.Type{types.String}, Result: types.Dynamic}
		for _, c := range fields {
			f.Args = append(f.Args, c.kind)
		}
		f.Call = func(args []any) any {
			if whole, ok := args[0].(string); ok {
				return memberOf(whole, member)
			}
			if set, _ := args[1].(bool); !set {
				return nil
			}
			var e audit.Event
			for i, c := range fields {
				c.set(&e, args[1+i])
			}
			return string(write(&e, nil))
		}
		return f
	}
	return append(docFunctions(), []runtime.Func{
		event, doc,
		part(userFunc, "user", userFields(), func(e *audit.Event, b []byte) []byte { return e.User.AppendJSON(b) }),
		part(impersonatedFunc, "impersonatedUser", impersonatedFields(), func(e *audit.Event, b []byte) []byte { return e.ImpersonatedUser.AppendJSON(b) }),
		part(refFunc, "objectRef", refFields(), func(e *audit.Event, b []byte) []byte { return e.ObjectRef.AppendJSON(b) }),
		part(statusFunc, "responseStatus", statusFields(), func(e *audit.Event, b []byte) []byte { return e.ResponseStatus.AppendJSON(b) }),
		part(annotationsFunc, "annotations", annotationFields(), func(e *audit.Event, b []byte) []byte { return e.Annotations.AppendJSON(b) }),
		{Name: timeFunc, Args: []types.Type{types.Long, types.String}, Result: types.String, Call: timeText},
	}...)
}

// eventText is the text of an event from the values of eventArgs.
func eventText(fields []field, args []any) any {
	newline, _ := args[1].(bool)
	if whole, ok := args[0].(string); ok {
		if newline {
			return whole + "\n"
		}
		return whole
	}
	var e audit.Event
	if id, ok := args[2].(string); ok {
		e.AuditID = audit.Str(id)
	}
	for i, f := range fields {
		f.set(&e, args[3+i])
	}
	out := e.AppendJSON(make([]byte, 0, 1024))
	if newline {
		out = append(out, '\n')
	}
	return string(out)
}

// memberOf gives the last member of that name as it was written, nil if there is
// none or it is null.
func memberOf(text, name string) any {
	var found audit.JSON
	for _, m := range audit.JSON(text).Members() {
		if m.Name == name {
			found = m.Value
		}
	}
	if found == "" || found == "null" {
		return nil
	}
	return string(found)
}

func timeText(args []any) any {
	if spelled, ok := args[1].(string); ok {
		return spelled
	}
	if n, ok := args[0].(int64); ok {
		return audit.At(audit.Ticks(n)).Spelled()
	}
	return nil
}

// rebuilds reports whether the columns alone give the text again.
func rebuilds(e *audit.Event, text string, scratch []byte) ([]byte, bool) {
	if len(e.Unknown)+len(e.User.Unknown)+len(e.ImpersonatedUser.Unknown)+len(e.ObjectRef.Unknown)+len(e.ResponseStatus.Unknown) > 0 ||
		e.ResponseStatus.Kind.Set || e.ResponseStatus.APIVersion.Set {
		return scratch, false
	}
	scratch = e.AppendJSON(scratch[:0])
	return scratch, string(scratch) == text
}

// varchar splits text into what a VARCHAR can hold and, where that is not all,
// the exact bytes.
func varchar(text string) (string, []byte) {
	if utf8.ValidString(text) {
		return text, nil
	}
	return toValid(text), []byte(text)
}

// toValid puts U+FFFD in the place of every byte that is not UTF-8.
func toValid(s string) string {
	out := make([]byte, 0, len(s)+8)
	for _, r := range s {
		out = utf8.AppendRune(out, r)
	}
	return string(out)
}
