package resource

import (
	_ "embed" // builtin.txt
	"fmt"
	"strings"
)

//go:embed builtin.txt
var builtinText string

// BuiltinVersion is the Kubernetes version whose resources Builtin has.
const BuiltinVersion = "v1.36.3"

// Builtin is the table of the resources that Kubernetes itself serves, for
// answers without a cluster. It was recorded from a kube-apiserver.
func Builtin() *Table {
	list, err := parseText(builtinText)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return New(list)
}

// parseText reads the lines of builtin.txt:
//
//	apps/v1  deployments deployment Deployment deploy namespaced  create,delete,…
//	  scale  get,patch,update
//
// Further versions follow the first after commas; - is none.
func parseText(text string) (list []Resource, err error) {
	for n, line := range strings.Split(text, "\n") {
		f := strings.Fields(line)
		switch {
		case len(f) == 0 || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "  ") && len(f) == 2 && len(list) > 0:
			last := &list[len(list)-1]
			last.Subresources = append(last.Subresources, Sub{Name: f[0], Verbs: words(f[1])})
		case len(f) == 7 && (f[5] == "namespaced" || f[5] == "cluster"):
			r := Resource{Name: f[1], Singular: f[2], Kind: f[3], ShortNames: words(f[4]), Namespaced: f[5] == "namespaced", Verbs: words(f[6])}
			group, versions, found := strings.Cut(f[0], "/")
			if !found {
				group, versions = "", f[0]
			}
			r.Group, r.Versions = group, words(versions)
			r.Version = r.Versions[0]
			list = append(list, r)
		default:
			return nil, fmt.Errorf("read builtin.txt:%d: not a resource or a subresource: %q", n+1, line)
		}
	}
	return list, nil
}

func words(text string) []string {
	if text == "-" {
		return nil
	}
	return strings.Split(text, ",")
}
