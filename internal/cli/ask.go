package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/postern-dev/postern/internal/access"
	"github.com/postern-dev/postern/internal/report"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/resource"
)

// What can-i, why and who-can share: from VERB and RESOURCE to a request, from
// flags to the snapshots it is asked of.

const askHint = "VERB RESOURCE[.GROUP][/NAME] or VERB /URL, e.g. get pods, list deployments.apps, get pods/web --subresource log, get /healthz"

// subresourceFlag adds --subresource; given empty it says that what follows a
// slash is a name.
func subresourceFlag(cmd *cobra.Command, into *string) {
	cmd.Flags().StringVar(into, "subresource", "", "a subresource, such as log, exec or scale; with --subresource= what follows / is a name")
}

// verbAndResource wants exactly these two arguments.
func verbAndResource(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 2 && args[0] != "" && args[1] != "":
		return nil
	case len(args) > 2:
		return usageError(askHint, "%s takes VERB and RESOURCE, got a third argument %q", cmd.Name(), args[2])
	}
	return usageError(askHint, "%s needs VERB and RESOURCE", cmd.Name())
}

// asked is one request, of one snapshot.
type asked struct {
	asker      *access.Asker
	request    rbac.Request
	namespaced bool
}

func (a asked) snapshot() *snapshot.Snapshot { return a.asker.Snapshot() }

// ask reads what the command line is about and settles the request for each
// snapshot. What is odd about it is said once.
func (e *Env) ask(cmd *cobra.Command, args []string, subresource string) ([]asked, error) {
	options := resource.Options{}
	if cmd.Flags().Changed("subresource") {
		options.Subresource = &subresource
	}
	snaps, err := e.askSnapshots(cmd.Context(), func(s *snapshot.Snapshot) (string, error) {
		target, err := resource.Parse(e.table(s), args[1], options)
		return e.namespaceOf(s, target), err
	})
	if err != nil {
		return nil, err
	}
	var all []asked
	var refused error
	said := map[string]bool{}
	for _, s := range snaps {
		target, err := resource.Parse(e.table(s), args[1], options)
		if err != nil {
			refused = resourceError(err)
			if len(snaps) > 1 {
				e.Warn("%s: %s", report.Clean(s.Name), report.Clean(err.Error()))
			}
			continue
		}
		for _, remark := range e.oddities(args, target) {
			if !said[remark] {
				said[remark] = true
				e.Warn("%s", report.Clean(remark))
			}
		}
		q, namespaced := e.request(s, args[0], target)
		all = append(all, asked{access.New(s), q, namespaced})
	}
	if len(all) == 0 {
		return nil, refused
	}
	return all, nil
}

// resourceError is an argument that names no resource.
func resourceError(err error) error {
	var wrong *resource.Error
	if errors.As(err, &wrong) {
		return usageError(wrong.Hint, "%s", wrong.Msg)
	}
	return err
}

// askSnapshots reads RBAC of all namespaces, so that grants elsewhere can be
// told; where that is refused, of the one namespace the question is about.
func (e *Env) askSnapshots(ctx context.Context, namespace func(*snapshot.Snapshot) (string, error)) ([]*snapshot.Snapshot, error) {
	if len(e.Flags.Filename) > 0 {
		return e.snapshots(ctx)
	}
	asked, azure := e.Flags.Namespace, e.Flags.Azure
	defer func() { e.Flags.Namespace, e.Flags.Azure = asked, azure }()
	e.Flags.Namespace = ""
	snaps, err := e.snapshots(ctx)
	if err != nil || len(snaps) != 1 || !snaps[0].Missing(snapshot.Roles) && !snaps[0].Missing(snapshot.RoleBindings) {
		return snaps, err
	}
	e.Flags.Namespace = asked
	one, err := namespace(snaps[0])
	if err != nil || one == "" {
		return snaps, nil // the caller meets the error again, and says it
	}
	e.Flags.Namespace, e.Flags.Azure = one, "" // Azure has been asked
	narrow, err := e.snapshots(ctx)
	if err != nil {
		return nil, err
	}
	narrow[0].Azure = snaps[0].Azure
	for _, u := range snaps[0].Unknown {
		if u.What == snapshot.Azure {
			narrow[0].Unknown = append(narrow[0].Unknown, u)
		}
	}
	return narrow, nil
}

// request is what the API server would be asked.
func (e *Env) request(s *snapshot.Snapshot, verb string, t resource.Target) (q rbac.Request, namespaced bool) {
	if t.Path != "" {
		return rbac.Request{Verb: verb, Path: t.Path}, false
	}
	q = rbac.Request{Verb: verb, APIGroup: t.Resource.Group, Resource: t.Resource.Name, Subresource: t.Sub, Name: t.Name, Namespace: e.namespaceOf(s, t)}
	return q, inNamespaces(t)
}

// inNamespaces: of a resource nobody knows, and of all, as the user says.
func inNamespaces(t resource.Target) bool {
	return t.Path == "" && (t.Resource.Namespaced || t.Assumed || t.Resource.Name == "*")
}

// namespaceOf is the namespace of the request: as kubectl, the one of -n, the
// context's, or default. A server takes a request for one namespace as made in
// it (apiserver/pkg/endpoints/request), so that a Role there can allow it.
func (e *Env) namespaceOf(s *snapshot.Snapshot, t resource.Target) string {
	switch {
	case t.Path != "":
		return ""
	case t.Resource.Name == "namespaces" && t.Resource.Group == "" && t.Name != "":
		return t.Name
	case e.Flags.AllNamespaces || !inNamespaces(t):
		return ""
	case e.Flags.Namespace != "":
		return e.Flags.Namespace
	case s.DefaultNamespace != "":
		return s.DefaultNamespace
	}
	return "default"
}

// httpVerbs are the verbs of requests for URLs.
var httpVerbs = []string{"delete", "get", "head", "options", "patch", "post", "put"}

// oddities are what is allowed to be asked, but rarely meant.
func (e *Env) oddities(args []string, t resource.Target) (remarks []string) {
	verb := args[0]
	switch {
	case verb == "*":
	case t.Path != "":
		if !slices.Contains(httpVerbs, verb) {
			remarks = append(remarks, fmt.Sprintf("%q is not a verb of requests for URLs: these are %s", verb, strings.Join(httpVerbs, ", ")))
		}
	case verb != strings.ToLower(verb):
		remarks = append(remarks, fmt.Sprintf("verbs are compared exactly, and servers ask in lower case: %q is not %q", verb, strings.ToLower(verb)))
	default:
		remarks = append(remarks, oddVerb(verb, t)...)
	}
	if t.Path == "" && !inNamespaces(t) {
		if e.Flags.Namespace != "" && (t.Resource.Name != "namespaces" || t.Name == "") {
			remarks = append(remarks, fmt.Sprintf("%s are not in namespaces: -n %s has no meaning and is left out", t.Resource, e.Flags.Namespace))
		}
	}
	if t.Path != "" && (e.Flags.Namespace != "" || e.Flags.AllNamespaces) {
		remarks = append(remarks, "URLs are not in namespaces: -n and -A have no meaning and are left out")
	}
	if t.Assumed && len(t.Warnings) == 0 {
		remarks = append(remarks, fmt.Sprintf("resource %s is not among Kubernetes' own: taken as written", t.Resource))
	}
	remarks = append(remarks, t.Warnings...)
	return append(remarks, others(args[1], t)...)
}

// oddVerb: custom verbs exist, but a verb nobody serves is more often a slip.
func oddVerb(verb string, t resource.Target) []string {
	if t.Assumed || t.Resource.Name == "*" {
		return nil
	}
	known, what := append(slices.Clone(t.Resource.Verbs), t.Resource.Checks...), t.Resource.String()
	if t.Sub != "" {
		sub, found := t.Resource.Sub(t.Sub)
		if !found {
			return nil
		}
		known, what = sub.Verbs, what+"/"+t.Sub
	}
	if len(known) == 0 || slices.Contains(known, verb) {
		return nil
	}
	return []string{fmt.Sprintf("verb %q is not one that the server asks for %s: these are %s", verb, what, strings.Join(known, ", "))}
}

func others(text string, t resource.Target) []string {
	if len(t.Others) == 0 {
		return nil
	}
	var names []string
	for _, o := range t.Others {
		names = append(names, o.String())
	}
	return []string{fmt.Sprintf("%q is taken for %s; it could also mean %s", text, t.Resource, strings.Join(names, ", "))}
}
