package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

// Part is something that can be read of a cluster.
type Part string

// The parts. Who the caller is, is always asked: a refused credential is then
// refused once, and a sign-in plugin prompts once.
const (
	RBAC       Part = "rbac"       // roles and bindings
	Discovery  Part = "discovery"  // what the server serves
	Version    Part = "version"    // its gitVersion
	Namespaces Part = "namespaces" // with their labels
)

// Request is what to read of a cluster.
type Request struct {
	Parts []Part
	// Namespace limits Roles and RoleBindings to one; the cluster-wide objects
	// are read all the same.
	Namespace string
	Now       time.Time
}

// Read reads the parts that are asked for, all at the same time. What the
// server refuses is in Unknown. The error is set only where no part could be
// had for a reason common to all.
func (c *Client) Read(ctx context.Context, r Request) (*snapshot.Snapshot, error) {
	s := &snapshot.Snapshot{
		Name: c.name(), Taken: r.Now, DefaultNamespace: c.namespace,
		Source: snapshot.Source{Kind: snapshot.Cluster, Context: c.Context, Server: c.Server(), Namespace: r.Namespace},
	}
	id, err := c.WhoAmI(ctx)
	switch {
	case err == nil:
		s.Identity = &id
	case fatal(err):
		return nil, err
	default:
		s.Unknown = append(s.Unknown, unknown(snapshot.WhoAmI, err))
	}
	if err := c.readParts(ctx, s, r); err != nil {
		return nil, err
	}
	return s, nil
}

// podSecurity are the labels that decide what pods of a namespace may do.
func podSecurity(labels map[string]string) map[string]string {
	kept := map[string]string{}
	for key, value := range labels {
		if strings.HasPrefix(key, "pod-security.kubernetes.io/") {
			kept[key] = value
		}
	}
	return kept
}

// part is one list of the snapshot; each writes to its own place.
type part struct {
	what string
	read func(context.Context) error
	done func() // once all have been read; nil: nothing to do
	err  error
}

func (c *Client) readParts(ctx context.Context, s *snapshot.Snapshot, r Request) error {
	var parts []*part
	if slices.Contains(r.Parts, RBAC) {
		parts = append(parts, c.rbacParts(s, r.Namespace)...)
	}
	if slices.Contains(r.Parts, Discovery) {
		parts = append(parts, &part{what: snapshot.Discovery, read: func(ctx context.Context) (err error) {
			s.Resources, s.Unserved, err = c.discover(ctx)
			return err
		}})
	}
	if slices.Contains(r.Parts, Version) {
		parts = append(parts, &part{what: snapshot.ServerVersion, read: func(ctx context.Context) (err error) {
			s.Version, err = c.version(ctx)
			return err
		}})
	}
	if slices.Contains(r.Parts, Namespaces) {
		parts = append(parts, c.namespacesPart(s))
	}
	parts = append(parts, c.credentialParts(s, r.Parts)...)
	if slices.Contains(r.Parts, Pods) {
		parts = append(parts, c.podParts(s)...)
	}
	var wait sync.WaitGroup
	for _, p := range parts {
		wait.Go(func() { p.err = p.read(ctx) })
	}
	wait.Wait()
	for _, p := range parts {
		if p.err == nil {
			if p.done != nil {
				p.done()
			}
			continue
		}
		if ctx.Err() != nil {
			return p.err
		}
		s.Unknown = append(s.Unknown, unknown(p.what, p.err))
	}
	for _, group := range s.Unserved {
		s.Unknown = append(s.Unknown, snapshot.Unknown{What: snapshot.Discovery, Why: "the server could not tell the resources of API group " + group, Hint: "`kubectl get apiservices` shows which extension server does not answer"})
	}
	s.RBAC.Complete = slices.Contains(r.Parts, RBAC) && r.Namespace == "" && !slices.ContainsFunc([]string{snapshot.ClusterRoles, snapshot.ClusterRoleBindings, snapshot.Roles, snapshot.RoleBindings}, s.Missing)
	return nil
}

// rbacParts are the four lists. Each is added in done, one after another, so
// that the order does not depend on who answered first.
func (c *Client) rbacParts(s *snapshot.Snapshot, namespace string) []*part {
	var clusterRoles, roles []rbac.Role
	var clusterBindings, bindings []rbac.Binding
	return []*part{
		{what: snapshot.ClusterRoles, read: func(ctx context.Context) error {
			return list(ctx, c, rbacPath("", snapshot.ClusterRoles), func(r rbacv1.ClusterRole) { clusterRoles = append(clusterRoles, clusterRole(r)) })
		}, done: func() { s.RBAC.Roles = append(s.RBAC.Roles, clusterRoles...) }},
		{what: snapshot.ClusterRoleBindings, read: func(ctx context.Context) error {
			return list(ctx, c, rbacPath("", snapshot.ClusterRoleBindings), func(b rbacv1.ClusterRoleBinding) {
				clusterBindings = append(clusterBindings, binding(b.ObjectMeta, b.RoleRef, b.Subjects))
			})
		}, done: func() { s.RBAC.Bindings = append(s.RBAC.Bindings, clusterBindings...) }},
		{what: snapshot.Roles, read: func(ctx context.Context) error {
			return list(ctx, c, rbacPath(namespace, snapshot.Roles), func(r rbacv1.Role) {
				roles = append(roles, rbac.Role{Namespace: r.Namespace, Name: r.Name, Labels: r.Labels, Rules: rules(r.Rules)})
			})
		}, done: func() { s.RBAC.Roles = append(s.RBAC.Roles, roles...) }},
		{what: snapshot.RoleBindings, read: func(ctx context.Context) error {
			return list(ctx, c, rbacPath(namespace, snapshot.RoleBindings), func(b rbacv1.RoleBinding) {
				bindings = append(bindings, binding(b.ObjectMeta, b.RoleRef, b.Subjects))
			})
		}, done: func() { s.RBAC.Bindings = append(s.RBAC.Bindings, bindings...) }},
	}
}

func (c *Client) namespacesPart(s *snapshot.Snapshot) *part {
	namespaces := []snapshot.Namespace{}
	return &part{what: snapshot.Namespaces, read: func(ctx context.Context) error {
		return list(ctx, c, "/api/v1/namespaces", func(n corev1.Namespace) {
			namespaces = append(namespaces, snapshot.Namespace{Name: n.Name, Labels: podSecurity(n.Labels)})
		})
	}, done: func() { s.Namespaces = namespaces }}
}

func unknown(what string, err error) snapshot.Unknown {
	u := snapshot.Unknown{What: what, Why: err.Error()}
	var e *Error
	if errors.As(err, &e) {
		u.Hint = e.Hint
	}
	return u
}

// page is as many objects as one answer holds.
const page = 500

// list reads all pages of a resource. Objects reach add only when the list is
// whole: half a list must not look like a small cluster.
func list[T any](ctx context.Context, c *Client, path string, add func(T)) error {
	var all []T
	next, limit, restarted := "", page, false
	for {
		items, more, err := fetch[T](ctx, c, path, next, limit)
		if expired(err) && next != "" && !restarted {
			// The server compacted while we read: begin again, in one piece.
			all, next, limit, restarted = nil, "", 0, true
			continue
		}
		if err != nil {
			return err
		}
		all = append(all, items...)
		if next = more; next == "" {
			break
		}
	}
	for _, item := range all {
		add(item)
	}
	return nil
}

var errExpired = errors.New("continue token expired")

func expired(err error) bool { return errors.Is(err, errExpired) }

func rbacPath(namespace, resource string) string {
	path := "/apis/rbac.authorization.k8s.io/v1/"
	if namespace != "" {
		path += "namespaces/" + url.PathEscape(namespace) + "/"
	}
	return path + resource
}

func fetch[T any](ctx context.Context, c *Client, path, next string, limit int) ([]T, string, error) {
	query := url.Values{}
	if limit > 0 {
		query.Set("limit", fmt.Sprint(limit))
	}
	if next != "" {
		query.Set("continue", next)
	}
	var answer struct {
		metav1.ListMeta `json:"metadata"`
		Items           []T `json:"items"`
	}
	err := c.do(ctx, http.MethodGet, path+"?"+query.Encode(), nil, &answer)
	return answer.Items, answer.Continue, err
}

func clusterRole(r rbacv1.ClusterRole) rbac.Role {
	role := rbac.Role{Name: r.Name, Labels: r.Labels, Rules: rules(r.Rules)}
	if r.AggregationRule != nil {
		role.Aggregate = []rbac.Selector{}
		for _, s := range r.AggregationRule.ClusterRoleSelectors {
			role.Aggregate = append(role.Aggregate, selector(s))
		}
	}
	return role
}

func selector(s metav1.LabelSelector) rbac.Selector {
	out := rbac.Selector{MatchLabels: s.MatchLabels}
	for _, e := range s.MatchExpressions {
		out.Expressions = append(out.Expressions, rbac.Requirement{Key: e.Key, Operator: string(e.Operator), Values: e.Values})
	}
	return out
}

func rules(in []rbacv1.PolicyRule) []rbac.Rule {
	var out []rbac.Rule
	for _, r := range in {
		out = append(out, rbac.Rule(r))
	}
	return out
}

func binding(meta metav1.ObjectMeta, ref rbacv1.RoleRef, subjects []rbacv1.Subject) rbac.Binding {
	b := rbac.Binding{
		Namespace: meta.Namespace, Name: meta.Name, Labels: meta.Labels,
		Role: rbac.RoleRef{Kind: rbac.RoleKind(ref.Kind), Name: ref.Name},
	}
	for _, s := range subjects {
		subject := rbac.Subject{Kind: rbac.SubjectKind(s.Kind), Name: s.Name}
		if subject.Kind == rbac.ServiceAccountKind {
			subject.Namespace = s.Namespace
		}
		b.Subjects = append(b.Subjects, subject)
	}
	return b
}
