package aks

import (
	"fmt"
	"strings"

	"github.com/postern-dev/postern/audit"
)

// Record is one diagnostic record: a line of the control plane and what its
// envelope says.
type Record struct {
	Category    Category
	Time        audit.Ticks // of the envelope; Azure's nine decimals are kept to 100 ns, as Kusto keeps them
	Pod         string
	Stream      string
	ContainerID string
	ResourceID  string     // as delivered, usually upper case
	Rest        audit.JSON // object of the envelope's other members, "" for none
	Log         string     // the exact text of the event or line
}

// Cluster is the cluster the record belongs to, "" when it has no resource id.
func (r *Record) Cluster() string { return ClusterOf(r.ResourceID) }

// Decode reads one diagnostic record. The error is an *audit.SyntaxError where
// text is no JSON, otherwise it says what the record lacks.
func Decode(text string) (Record, error) {
	whole, err := audit.ParseJSON(text)
	if err != nil {
		return Record{}, fmt.Errorf("read diagnostic record: %w", err)
	}
	if whole.Kind() != "object" {
		return Record{}, fmt.Errorf("read diagnostic record: expected an object, got %s", whole.Kind())
	}
	return fromMembers(whole.Members())
}

// Is reports whether the object looks like a diagnostic record: it has a
// category and properties.
func Is(members []audit.Field) bool {
	var category, properties bool
	for _, m := range members {
		category = category || strings.EqualFold(m.Name, "category")
		properties = properties || strings.EqualFold(m.Name, "properties")
	}
	return category && properties
}

func fromMembers(members []audit.Field) (Record, error) {
	var r Record
	var rest []audit.Field
	var missing = []string{"category", "time", "properties.log"}
	found := func(name string) {
		for i, m := range missing {
			if m == name {
				missing = append(missing[:i:i], missing[i+1:]...)
			}
		}
	}
	for _, m := range members {
		text, isText := m.Value.Text()
		switch name := strings.ToLower(m.Name); {
		case name == "category" && isText && r.Category == "":
			r.Category = Category(text)
			found("category")
		case name == "resourceid" && isText && r.ResourceID == "":
			r.ResourceID = text
		case name == "time" && isText && r.Time == 0:
			when := audit.ParseTime(text)
			if !when.Known {
				return r, fmt.Errorf("read diagnostic record: time %q is not RFC 3339", text)
			}
			r.Time = when.Ticks
			found("time")
		case name == "properties":
			other, ok, err := r.properties(m.Value)
			if err != nil {
				return r, err
			}
			if ok {
				found("properties.log")
			}
			if other != "" {
				rest = append(rest, audit.Field{Name: m.Name, Value: other})
			}
		default:
			rest = append(rest, m)
		}
	}
	r.Rest = audit.Object(rest)
	if len(missing) > 0 {
		return r, fmt.Errorf("read diagnostic record: no %s", strings.Join(missing, ", no "))
	}
	return r, nil
}

// properties reads the inner object, which some pipelines deliver as a string of
// JSON; log says whether there was one, other is what has no field.
func (r *Record) properties(value audit.JSON) (other audit.JSON, log bool, err error) {
	if text, ok := value.Text(); ok {
		if value, err = audit.ParseJSON(text); err != nil {
			return "", false, fmt.Errorf("read diagnostic record: properties: %w", err)
		}
	}
	if value.Kind() != "object" {
		return "", false, fmt.Errorf("read diagnostic record: properties is %s, expected object", value.Kind())
	}
	var rest []audit.Field
	for _, m := range value.Members() {
		text, isText := m.Value.Text()
		switch {
		case m.Name == "log" && !log:
			log = true
			r.Log = text
			if !isText { // a pipeline that parsed the line: its JSON is the text
				r.Log = string(m.Value)
			}
		case m.Name == "pod" && isText && r.Pod == "":
			r.Pod = text
		case m.Name == "stream" && isText && r.Stream == "":
			r.Stream = text
		case m.Name == "containerID" && isText && r.ContainerID == "":
			r.ContainerID = text
		default:
			rest = append(rest, m)
		}
	}
	return audit.Object(rest), log, nil
}

// Split takes text apart into the records it holds: the object itself, or the
// members of {"records": […]} or of a bare array.
func Split(text string) ([]audit.JSON, error) {
	whole, err := audit.ParseJSON(text)
	if err != nil {
		return nil, fmt.Errorf("read diagnostic records: %w", err)
	}
	switch whole.Kind() {
	case "array":
		return whole.Elements(), nil
	case "object":
		for _, m := range whole.Members() {
			if m.Name == "records" && m.Value.Kind() == "array" {
				return m.Value.Elements(), nil
			}
		}
		return []audit.JSON{whole}, nil
	}
	return nil, fmt.Errorf("read diagnostic records: expected an object or array, got %s", whole.Kind())
}

// AppendJSON writes the record in today's form, one line without its newline.
func (r *Record) AppendJSON(dst []byte) []byte {
	inner := []audit.Field{}
	var rest []audit.Field
	add := func(name, text string) {
		if text != "" {
			inner = append(inner, audit.Field{Name: name, Value: audit.Quote(text)})
		}
	}
	add("pod", r.Pod)
	add("containerID", r.ContainerID)
	inner = append(inner, audit.Field{Name: "log", Value: audit.Quote(r.Log)})
	add("stream", r.Stream)
	for _, m := range r.Rest.Members() {
		if strings.EqualFold(m.Name, "properties") && m.Value.Kind() == "object" {
			inner = append(inner, m.Value.Members()...)
			continue
		}
		rest = append(rest, m)
	}
	all := []audit.Field{{Name: "category", Value: audit.Quote(string(r.Category))}}
	all = append(all, audit.Field{Name: "properties", Value: audit.Object(inner)})
	if r.ResourceID != "" {
		all = append(all, audit.Field{Name: "resourceId", Value: audit.Quote(r.ResourceID)})
	}
	all = append(all, rest...)
	when := r.Time.Time().Format("2006-01-02T15:04:05.0000000Z")
	all = append(all, audit.Field{Name: "time", Value: audit.Quote(when)})
	return append(dst, audit.Object(all)...)
}
