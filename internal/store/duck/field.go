package duck

import (
	"github.com/postern-dev/postern/audit"
	"github.com/postern-dev/postern/kql/types"
)

// field is one part of an event and the column that holds it. A column is NULL
// exactly where the part was absent (or JSON null); parts of objects have a
// column of their own that says whether the object was there.
type field struct {
	column string
	sql    string     // DuckDB's type
	kind   types.Type // of the argument of the rebuilding functions
	get    func(*audit.Event) any
	set    func(*audit.Event, any)
}

func text(column string, at func(*audit.Event) *audit.Text) field {
	return field{column, "VARCHAR", types.String,
		func(e *audit.Event) any {
			if t := at(e); t.Set {
				return t.Value
			}
			return nil
		},
		func(e *audit.Event, v any) {
			if s, ok := v.(string); ok {
				*at(e) = audit.Str(s)
			}
		}}
}

func document(column string, at func(*audit.Event) *audit.JSON) field {
	return field{column, "VARCHAR", types.Dynamic,
		func(e *audit.Event) any {
			if j := *at(e); j != "" {
				return string(j)
			}
			return nil
		},
		func(e *audit.Event, v any) {
			if s, ok := v.(string); ok {
				*at(e) = audit.JSON(s)
			}
		}}
}

func present(column string, at func(*audit.Event) *bool) field {
	return field{column, "BOOLEAN", types.Bool,
		func(e *audit.Event) any { return *at(e) },
		func(e *audit.Event, v any) { *at(e), _ = v.(bool) }}
}

// ticks and spelling hold a time: its ticks where it is one, and how it was
// written where that is not kube-apiserver's form.
func ticks(column string, at func(*audit.Event) *audit.Time) field {
	return field{column, "BIGINT", types.Long,
		func(e *audit.Event) any {
			if t := at(e); t.Set && t.Known {
				return int64(t.Ticks)
			}
			return nil
		},
		func(e *audit.Event, v any) {
			if n, ok := v.(int64); ok {
				*at(e) = audit.At(audit.Ticks(n))
			}
		}}
}

func spelling(column string, at func(*audit.Event) *audit.Time) field {
	return field{column, "VARCHAR", types.String,
		func(e *audit.Event) any {
			if t := at(e); t.Set && (t.Text != "" || !t.Known) {
				return t.Text
			}
			return nil
		},
		func(e *audit.Event, v any) {
			if s, ok := v.(string); ok {
				t := at(e)
				t.Set, t.Text = true, s
			}
		}}
}

func code(column string, at func(*audit.Event) *audit.Code) field {
	return field{column, "INTEGER", types.Int,
		func(e *audit.Event) any {
			if c := at(e); c.Set {
				return c.Value
			}
			return nil
		},
		func(e *audit.Event, v any) {
			if n, ok := v.(int32); ok {
				*at(e) = audit.Code{Value: n, Set: true}
			}
		}}
}

// fields lists every part that has a column, in the order of the JSON. The
// auditID is not here: it is held as a UUID where it is one (auditid.go).
func fields() []field {
	all := []field{
		text("kind", func(e *audit.Event) *audit.Text { return &e.Kind }),
		text("api_version", func(e *audit.Event) *audit.Text { return &e.APIVersion }),
		text("level", func(e *audit.Event) *audit.Text { return &e.Level }),
		text("stage", func(e *audit.Event) *audit.Text { return &e.Stage }),
		text("request_uri", func(e *audit.Event) *audit.Text { return &e.RequestURI }),
		text("verb", func(e *audit.Event) *audit.Text { return &e.Verb }),
	}
	all = append(all, userFields()...)
	all = append(all, impersonatedFields()...)
	all = append(all,
		document("authentication_metadata", func(e *audit.Event) *audit.JSON { return &e.AuthenticationMetadata }),
		document("source_ips", func(e *audit.Event) *audit.JSON { return &e.SourceIPs }),
		text("user_agent", func(e *audit.Event) *audit.Text { return &e.UserAgent }),
	)
	all = append(all, refFields()...)
	all = append(all, statusFields()...)
	all = append(all,
		document("request_object", func(e *audit.Event) *audit.JSON { return &e.RequestObject }),
		document("response_object", func(e *audit.Event) *audit.JSON { return &e.ResponseObject }),
		ticks("received_ticks", func(e *audit.Event) *audit.Time { return &e.RequestReceivedTime }),
		spelling("received_text", func(e *audit.Event) *audit.Time { return &e.RequestReceivedTime }),
		ticks("stage_ticks", func(e *audit.Event) *audit.Time { return &e.StageTime }),
		spelling("stage_text", func(e *audit.Event) *audit.Time { return &e.StageTime }),
	)
	return append(all, annotationFields()...)
}

func userFields() []field {
	return []field{
		present("user_set", func(e *audit.Event) *bool { return &e.User.Set }),
		text("user_username", func(e *audit.Event) *audit.Text { return &e.User.Username }),
		text("user_uid", func(e *audit.Event) *audit.Text { return &e.User.UID }),
		document("user_groups", func(e *audit.Event) *audit.JSON { return &e.User.Groups }),
		document("user_extra", func(e *audit.Event) *audit.JSON { return &e.User.Extra }),
	}
}

func impersonatedFields() []field {
	return []field{
		present("impersonated_set", func(e *audit.Event) *bool { return &e.ImpersonatedUser.Set }),
		text("impersonated_username", func(e *audit.Event) *audit.Text { return &e.ImpersonatedUser.Username }),
		text("impersonated_uid", func(e *audit.Event) *audit.Text { return &e.ImpersonatedUser.UID }),
		document("impersonated_groups", func(e *audit.Event) *audit.JSON { return &e.ImpersonatedUser.Groups }),
		document("impersonated_extra", func(e *audit.Event) *audit.JSON { return &e.ImpersonatedUser.Extra }),
	}
}

func refFields() []field {
	return []field{
		present("ref_set", func(e *audit.Event) *bool { return &e.ObjectRef.Set }),
		text("ref_resource", func(e *audit.Event) *audit.Text { return &e.ObjectRef.Resource }),
		text("ref_namespace", func(e *audit.Event) *audit.Text { return &e.ObjectRef.Namespace }),
		text("ref_name", func(e *audit.Event) *audit.Text { return &e.ObjectRef.Name }),
		text("ref_uid", func(e *audit.Event) *audit.Text { return &e.ObjectRef.UID }),
		text("ref_api_group", func(e *audit.Event) *audit.Text { return &e.ObjectRef.APIGroup }),
		text("ref_api_version", func(e *audit.Event) *audit.Text { return &e.ObjectRef.APIVersion }),
		text("ref_resource_version", func(e *audit.Event) *audit.Text { return &e.ObjectRef.ResourceVersion }),
		text("ref_subresource", func(e *audit.Event) *audit.Text { return &e.ObjectRef.Subresource }),
	}
}

func statusFields() []field {
	return []field{
		present("status_set", func(e *audit.Event) *bool { return &e.ResponseStatus.Set }),
		document("status_metadata", func(e *audit.Event) *audit.JSON { return &e.ResponseStatus.Metadata }),
		text("status_status", func(e *audit.Event) *audit.Text { return &e.ResponseStatus.Status }),
		text("status_message", func(e *audit.Event) *audit.Text { return &e.ResponseStatus.Message }),
		text("status_reason", func(e *audit.Event) *audit.Text { return &e.ResponseStatus.Reason }),
		document("status_details", func(e *audit.Event) *audit.JSON { return &e.ResponseStatus.Details }),
		code("status_code", func(e *audit.Event) *audit.Code { return &e.ResponseStatus.Code }),
	}
}

func annotationFields() []field {
	return []field{
		present("annotations_set", func(e *audit.Event) *bool { return &e.Annotations.Set }),
		text("annotation_decision", func(e *audit.Event) *audit.Text { return &e.Annotations.Decision }),
		text("annotation_reason", func(e *audit.Event) *audit.Text { return &e.Annotations.Reason }),
		document("annotation_rest", func(e *audit.Event) *audit.JSON { return &e.Annotations.Rest }),
	}
}

func columnsOf(fields []field) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.column
	}
	return out
}
