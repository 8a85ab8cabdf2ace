package cli

import (
	"strings"

	"github.com/postern-dev/postern/internal/lookup"
	"github.com/postern-dev/postern/rbac"
)

const subjectHint = "SUBJECT is user:NAME, group:NAME, sa:NAMESPACE/NAME, or a bare name or GUID"

// parseSubject reads a SUBJECT. A bare name keeps its kind open.
func parseSubject(text string) (lookup.Asked, error) {
	kind, name, prefixed := strings.Cut(text, ":")
	switch {
	case strings.TrimSpace(text) == "":
		return lookup.Asked{}, usageError(subjectHint, "SUBJECT is empty")
	case !prefixed, kind != "user" && kind != "group" && kind != "sa":
		return lookup.Asked{Text: text}, nil
	case name == "":
		return lookup.Asked{}, usageError(subjectHint, "SUBJECT %q has no name", text)
	case kind == "user":
		return lookup.Asked{Text: name, Subject: rbac.User(name)}, nil
	case kind == "group":
		return lookup.Asked{Text: name, Subject: rbac.Group(name)}, nil
	}
	namespace, account, found := strings.Cut(name, "/")
	if !found || namespace == "" || account == "" || strings.Contains(account, "/") {
		return lookup.Asked{}, usageError(subjectHint, "SUBJECT %q is not sa:NAMESPACE/NAME", text)
	}
	return lookup.Asked{Text: name, Subject: rbac.ServiceAccount(namespace, account)}, nil
}
