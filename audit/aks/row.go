package aks

import (
	"fmt"

	"github.com/postern-dev/postern/audit"
)

// Row is one row of an exported or queried table: the value of a column as text,
// or as JSON text where the column is dynamic, and whether there was one.
type Row func(column string) (string, bool)

// FromAzureDiagnostics reads a row of AzureDiagnostics. Past 500 columns a
// workspace keeps new ones in AdditionalFields, without their suffix.
func FromAzureDiagnostics(row Row) (Record, error) {
	text := func(columns ...string) string {
		for _, c := range columns {
			if v, ok := row(c); ok && v != "" {
				return v
			}
		}
		return ""
	}
	r := Record{
		Category:    Category(text("Category")),
		ResourceID:  text("ResourceId", "_ResourceId"),
		Pod:         text("pod_s"),
		Stream:      text("stream_s"),
		ContainerID: text("containerID_s"),
		Log:         text("log_s"),
	}
	more, _ := row("AdditionalFields")
	rest := r.additional(audit.JSON(more))
	for _, c := range []struct{ column, name string }{
		{"OperationName", "operationName"}, {"Cloud_s", "Cloud"}, {"Environment_s", "Environment"},
		{"UnderlayClass_s", "UnderlayClass"}, {"UnderlayName_s", "UnderlayName"}, {"ccpNamespace_s", "ccpNamespace"},
	} {
		if v := text(c.column); v != "" {
			rest = append(rest, audit.Field{Name: c.name, Value: audit.Quote(v)})
		}
	}
	r.Rest = audit.Object(rest)
	if r.Category == "" || r.Log == "" {
		return r, fmt.Errorf("read AzureDiagnostics row: no Category or no log_s")
	}
	return r, r.when(text("TimeGenerated"))
}

// additional takes what it knows from AdditionalFields and returns the others.
func (r *Record) additional(more audit.JSON) (rest []audit.Field) {
	if text, ok := more.Text(); ok { // the Log Analytics API sends dynamic as a string of JSON
		more = audit.JSON(text)
	}
	for _, m := range more.Members() {
		text, _ := m.Value.Text()
		switch {
		case m.Name == "log" && r.Log == "":
			r.Log = text
		case m.Name == "pod" && r.Pod == "":
			r.Pod = text
		case m.Name == "stream" && r.Stream == "":
			r.Stream = text
		case m.Name == "containerID" && r.ContainerID == "":
			r.ContainerID = text
		default:
			rest = append(rest, m)
		}
	}
	return rest
}

func (r *Record) when(text string) error {
	t := audit.ParseTime(text)
	if !t.Known {
		return fmt.Errorf("read row: TimeGenerated %q is not RFC 3339", text)
	}
	r.Time = t.Ticks
	return nil
}

// FromAKSAudit reads a row of AKSAudit or AKSAuditAdmin (the category says
// which). These tables have no text of the event: it is written anew from the
// columns, without what they do not carry (impersonatedUser).
func FromAKSAudit(category Category, row Row) (Record, error) {
	text := func(column string) audit.Text {
		v, ok := row(column)
		return audit.Text{Value: v, Set: ok && v != ""}
	}
	var fault error
	dynamic := func(column string) audit.JSON {
		v, ok := row(column)
		if !ok || v == "" || v == "null" {
			return ""
		}
		j, err := audit.ParseJSON(v)
		if inner, is := j.Text(); is && inner != "" { // dynamic sent as a string of JSON
			if whole, err := audit.ParseJSON(inner); err == nil && (whole.Kind() == "object" || whole.Kind() == "array") {
				return whole
			}
		}
		if err != nil {
			if column == "RequestObject" || column == "ResponseObject" { // skipped-too-big-size-object, unquoted
				return audit.Quote(v)
			}
			fault = fmt.Errorf("read %s row: column %s: %w", category, column, err)
		}
		return j
	}
	fields := []audit.Field{
		{Name: "kind", Value: `"Event"`}, {Name: "apiVersion", Value: `"audit.k8s.io/v1"`},
	}
	add := func(name string, j audit.JSON) {
		if j != "" {
			fields = append(fields, audit.Field{Name: name, Value: j})
		}
	}
	word := func(name, column string) {
		if t := text(column); t.Set {
			add(name, audit.Quote(t.Value))
		}
	}
	word("level", "Level")
	word("auditID", "AuditId")
	word("stage", "Stage")
	word("requestURI", "RequestUri")
	word("verb", "Verb")
	add("user", dynamic("User"))
	add("sourceIPs", dynamic("SourceIps"))
	word("userAgent", "UserAgent")
	add("objectRef", dynamic("ObjectRef"))
	add("responseStatus", dynamic("ResponseStatus"))
	add("requestObject", dynamic("RequestObject"))
	add("responseObject", dynamic("ResponseObject"))
	moment := func(name, column string) {
		if t := text(column); t.Set {
			add(name, audit.Quote(micro(t.Value)))
		}
	}
	moment("requestReceivedTimestamp", "RequestReceivedTime")
	moment("stageTimestamp", "StageReceivedTime")
	add("annotations", dynamic("Annotations"))
	if fault != nil {
		return Record{}, fault
	}
	r := Record{Category: category, Pod: text("PodName").Value, ResourceID: text("_ResourceId").Value, Log: string(audit.Object(fields))}
	if !text("AuditId").Set {
		return r, fmt.Errorf("read %s row: no AuditId", category)
	}
	return r, r.when(text("TimeGenerated").Value)
}

// micro respells a table's datetime as kube-apiserver does, where no digit is
// lost by that.
func micro(text string) string {
	t := audit.ParseTime(text)
	if !t.Known || t.Ticks%10 != 0 {
		return text
	}
	return audit.At(t.Ticks).Spelled()
}
