package cli

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/postern-dev/postern/internal/access"
	"github.com/postern-dev/postern/internal/lookup"
	"github.com/postern-dev/postern/internal/report"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

type whoCanOptions struct {
	subresource string
	names       string
}

func newWhoCanCmd(env *Env) *cobra.Command {
	var o whoCanOptions
	cmd := &cobra.Command{
		Use:   "who-can VERB RESOURCE[.GROUP][/NAME] | VERB /URL",
		Short: "Everybody who may do something, by which binding, at what scope",
		Long: `List every user, group and service account that may do something, with the
binding or assignment by which it may. Whoever is in a group that appears may do
it too; system:masters always may.

Those who may for some names only, or with -A in some namespaces only, stand in
a second block. Objects whose bindings refer to a role that does not exist, and
what could not be read, stand at the end.

The namespace is -n's, the context's, or default; -A asks who may in all
namespaces. -o name prints the subjects, one a line.`,
		Example: `  postern who-can get secrets -n prod
  postern who-can create pods/exec -A
  postern who-can delete deployments.apps/web -n dev -o wide
  postern who-can impersonate users
  postern who-can get /metrics
  postern who-can '*' '*' -A -f manifests/`,
		Args:              verbAndResource,
		ValidArgsFunction: env.completeQuestion,
		RunE:              func(cmd *cobra.Command, args []string) error { return runWhoCan(cmd, env, args, o) },
	}
	subresourceFlag(cmd, &o.subresource)
	namesFlag(cmd, &o.names)
	env.azureFlags(cmd)
	assumeVersionFlag(cmd, env)
	return uses(cmd, "kubeconfig", "context", "namespace", "all-namespaces", "filename")
}

func runWhoCan(cmd *cobra.Command, env *Env, args []string, o whoCanOptions) error {
	format, err := env.format(cmd, "table", "wide", "json", "yaml", "csv", "name")
	if err != nil {
		return err
	}
	mode, err := env.namesMode(o.names)
	if err != nil {
		return err
	}
	questions, err := env.ask(cmd, args, o.subresource)
	if err != nil {
		return err
	}
	if err := noneReadable(questions); err != nil {
		return err
	}
	doc := env.holders(cmd.Context(), questions, mode)
	if err := doc.print(env, format); err != nil {
		return err
	}
	return doc.end()
}

// noneReadable is the error where no snapshot holds anything to list.
func noneReadable(questions []asked) error {
	var why, hint []string
	for _, q := range questions {
		if !noBindings(q.snapshot()) {
			return nil
		}
		why = append(why, reasons(q.snapshot()))
		hint = append(hint, hints(q.snapshot()))
		if q.snapshot().Source.Kind == snapshot.Cluster {
			hint = append(hint, readHint(q.request.Namespace))
		}
	}
	return &ExitError{Code: ExitRefused, Err: errors.New("no binding could be read:\n" + strings.Join(unique(why), "\n")), Hint: joined(hint)}
}

// whoCanDoc is the answer as docs/schema/who-can.json describes it.
type whoCanDoc struct {
	Kind     string         `json:"kind"`
	Clusters []whoCanAnswer `json:"clusters"`
}

// whoCanAnswer is the answer of one snapshot.
type whoCanAnswer struct {
	Cluster     string          `json:"cluster,omitempty"`
	Source      snapshot.Source `json:"source"`
	Request     rbac.Request    `json:"request"`
	Basis       string          `json:"basis"`
	Holders     []askHolder     `json:"holders"`
	Partial     []askHolder     `json:"partial"`
	Also        []whoCanAlso    `json:"also"`
	Version     string          `json:"version"`
	Assumed     bool            `json:"versionAssumed"`
	Faults      []rbac.Fault    `json:"faults"`
	Unknown     []string        `json:"unknown"`
	Notes       []string        `json:"notes"`
	Warnings    []string        `json:"warnings"`
	NotExamined []string        `json:"notExamined"`

	snapshot   *snapshot.Snapshot
	namespaced bool
}

// askHolder is one way of one subject.
type askHolder struct {
	askGrant
	OnlyNames     []string `json:"onlyNames,omitempty"`
	OnlyNamespace string   `json:"onlyNamespace,omitempty"`
	Uncertain     []string `json:"uncertain,omitempty"` // why it is not sure that this allows
}

// whoCanAlso is what the server asks beside the request, and who lacks it.
type whoCanAlso struct {
	Request rbac.Request `json:"request"`
	Why     string       `json:"why"`
	Lack    []string     `json:"lack"` // holders that may not do this
}

func (e *Env) holders(ctx context.Context, questions []asked, mode string) whoCanDoc {
	doc := whoCanDoc{Kind: "WhoCan"}
	var answers []access.WhoCanAnswer
	var ids []string
	for _, q := range questions {
		a := q.asker.WhoCan(q.request, q.namespaced)
		for _, h := range append(slices.Clone(a.Holders), a.Partial...) {
			ids = append(ids, h.Subject.Name)
		}
		answers = append(answers, a)
	}
	known := e.resolveNames(ctx, mode, questions[0].snapshot().Tenant, ids)
	for i, a := range answers {
		doc.Clusters = append(doc.Clusters, describeHolders(questions[i], a, known))
	}
	return doc
}

func describeHolders(q asked, a access.WhoCanAnswer, known names) whoCanAnswer {
	d := whoCanAnswer{
		Cluster: q.snapshot().Name, Source: q.snapshot().Source, Request: a.Request, Basis: a.Basis,
		Holders: []askHolder{}, Partial: []askHolder{}, Also: []whoCanAlso{}, Version: a.Version.String(), Assumed: a.Assumed,
		Faults: append([]rbac.Fault{}, a.Faults...), Unknown: listed(a.Unknown), Notes: listed(a.Notes), Warnings: listed(a.Warnings), NotExamined: listed(a.Limits),
		snapshot: q.snapshot(), namespaced: q.namespaced,
	}
	for _, h := range a.Holders {
		d.Holders = append(d.Holders, holder(q.snapshot(), h, known))
	}
	for _, h := range a.Partial {
		d.Partial = append(d.Partial, holder(q.snapshot(), h, known))
	}
	for _, o := range a.Also {
		w := whoCanAlso{Request: o.Request, Why: o.Why, Lack: []string{}}
		for _, s := range o.Lack {
			w.Lack = append(w.Lack, s.String())
		}
		d.Also = append(d.Also, w)
	}
	for _, h := range a.Holders {
		if h.Allow == nil {
			continue
		}
		// A binding that names somebody as the API server never does grants nothing.
		if warning := misnamed(lookup.Row{Subject: h.Subject, Grant: h.Allow.Grant}, known.of(h.Subject.Name)); warning != "" && !slices.Contains(d.Warnings, warning) {
			d.Warnings = append(d.Warnings, warning)
		}
	}
	return d
}

func holder(s *snapshot.Snapshot, h access.Holder, known names) askHolder {
	d := askHolder{OnlyNames: h.Names, OnlyNamespace: h.Within, Uncertain: h.Uncertain}
	if h.Azure != nil {
		d.askGrant = assignmentGrant(s, h.Azure.Grant, h.Subject, h.Subject.Name, known)
	} else {
		d.askGrant = kubernetesGrant(*h.Allow, known)
	}
	return d
}

// only says what a partial holder is limited to.
func (h askHolder) only() string {
	names := ""
	if len(h.OnlyNames) > 0 {
		names = "named " + few(h.OnlyNames, ", ")
	}
	switch {
	case len(h.Uncertain) > 0:
		return "perhaps"
	case h.OnlyNamespace == "":
		return names
	case names == "":
		return "in " + h.OnlyNamespace
	}
	return names + " in " + h.OnlyNamespace
}

// end is the exit code: an answer that could lack somebody is incomplete.
func (d whoCanDoc) end() error {
	var why, hint []string
	for _, a := range d.Clusters {
		why = append(why, a.Unknown...)
		if len(a.Unknown) > 0 {
			hint = append(hint, hints(a.snapshot))
			if unreadRBAC(a.snapshot) {
				hint = append(hint, readHint(a.Request.Namespace))
			}
		}
	}
	if len(why) == 0 {
		return nil
	}
	return &ExitError{Code: ExitUnknown, Err: errors.New("the answer is incomplete:\n" + cleanLines(unique(why))), Hint: joined(hint)}
}

// joined puts hints into one line.
func joined(hints []string) string {
	return report.Clean(strings.Join(slices.DeleteFunc(unique(hints), func(h string) bool { return h == "" }), "; "))
}
