package duck

import (
	"strconv"
	"strings"

	"github.com/postern-dev/postern/audit"
	"github.com/postern-dev/postern/kql/runtime"
	"github.com/postern-dev/postern/kql/schema"
	"github.com/postern-dev/postern/kql/types"
)

// docPath is a path of the event's JSON that has a column in the views.
type docPath struct {
	path   string // names joined by blanks, for none of them has one
	column string
	json   bool // the column holds JSON text, otherwise the scalar itself
}

func (p docPath) args() string {
	names := strings.Split(p.path, " ")
	for i, n := range names {
		names[i] = quote(n)
	}
	return strings.Join(names, ", ")
}

// docPaths lists the known paths; parents come before their members.
func docPaths() []docPath {
	return []docPath{
		{"kind", "kind", false}, {"apiVersion", "api_version", false}, {"level", "level", false}, {"auditID", "audit_id", false},
		{"stage", "stage", false}, {"requestURI", "request_uri", false}, {"verb", "verb", false},
		{"user", "user_json", true}, {"user username", "user_username", false}, {"user uid", "user_uid", false},
		{"user groups", "user_groups", true}, {"user extra", "user_extra", true},
		{"impersonatedUser", "impersonated_json", true}, {"impersonatedUser username", "impersonated_username", false}, {"impersonatedUser uid", "impersonated_uid", false},
		{"impersonatedUser groups", "impersonated_groups", true}, {"impersonatedUser extra", "impersonated_extra", true},
		{"authenticationMetadata", "authentication_metadata", true}, {"sourceIPs", "source_ips", true}, {"userAgent", "user_agent", false},
		{"objectRef", "ref_json", true}, {"objectRef resource", "ref_resource", false}, {"objectRef namespace", "ref_namespace", false},
		{"objectRef name", "ref_name", false}, {"objectRef uid", "ref_uid", false}, {"objectRef apiGroup", "ref_api_group", false},
		{"objectRef apiVersion", "ref_api_version", false}, {"objectRef resourceVersion", "ref_resource_version", false}, {"objectRef subresource", "ref_subresource", false},
		{"responseStatus", "status_json", true}, {"responseStatus metadata", "status_metadata", true}, {"responseStatus status", "status_status", false},
		{"responseStatus message", "status_message", false}, {"responseStatus reason", "status_reason", false}, {"responseStatus details", "status_details", true},
		{"responseStatus code", "code", false},
		{"requestObject", "request_object", true}, {"responseObject", "response_object", true},
		{"requestReceivedTimestamp", "received_time", false}, {"stageTimestamp", "stage_time", false},
		{"annotations", "annotations_json", true}, {"annotations " + audit.DecisionAnnotation, "annotation_decision", false}, {"annotations " + audit.ReasonAnnotation, "annotation_reason", false},
	}
}

// eventDoc describes the event's JSON to the compiler.
func eventDoc() *schema.Node {
	root := &schema.Node{Type: types.Dynamic, Fields: map[string]*schema.Node{}}
	for _, p := range docPaths() {
		at := root
		names := strings.Split(p.path, " ")
		for _, n := range names[:len(names)-1] {
			at = at.Fields[n]
		}
		node := &schema.Node{Physical: p.column, Type: types.String}
		switch {
		case p.json:
			node.Type, node.Fields = types.Dynamic, map[string]*schema.Node{}
		case p.column == "code":
			node.Type = types.Long
		}
		at.Fields[names[len(names)-1]] = node
	}
	return root
}

// Names of the functions that read a path of a text on demand.
const (
	docTextFunc = "postern_doc_text"
	docJSONFunc = "postern_doc_json"
	docCodeFunc = "postern_doc_long"
)

func docFunctions() []runtime.Func {
	f := func(name string, result types.Type, value func(audit.JSON) any) runtime.Func {
		return runtime.Func{Name: name, Args: []types.Type{types.String, types.String}, Variadic: true, Result: result, Call: func(args []any) any {
			text, ok := args[0].(string)
			if !ok {
				return nil
			}
			at := audit.JSON(text)
			for _, a := range args[1:] {
				name, _ := a.(string)
				v, ok := memberOf(string(at), name).(string)
				if !ok {
					return nil
				}
				at = audit.JSON(v)
			}
			return value(at)
		}}
	}
	return []runtime.Func{
		f(docTextFunc, types.String, func(j audit.JSON) any {
			if s, ok := j.Text(); ok {
				return s
			}
			return string(j)
		}),
		f(docJSONFunc, types.Dynamic, func(j audit.JSON) any { return string(j) }),
		f(docCodeFunc, types.Long, func(j audit.JSON) any {
			n, err := strconv.ParseInt(string(j), 10, 64)
			if err != nil {
				return nil
			}
			return n
		}),
	}
}
