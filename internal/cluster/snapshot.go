package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

// Snapshot reads all RBAC objects; with a namespace, those of that namespace
// and the cluster-wide ones. What the server refuses to list is in Unknown. The
// error is set only where no part could be had for a reason common to all.
func (c *Client) Snapshot(ctx context.Context, namespace string, now time.Time) (*snapshot.Snapshot, error) {
	s := &snapshot.Snapshot{Taken: now, Source: snapshot.Source{Kind: snapshot.Cluster, Context: c.Context, Server: c.Server(), Namespace: namespace}}
	// One question first: a refused credential is refused for every other too,
	// and a plugin should prompt once.
	id, err := c.WhoAmI(ctx)
	switch {
	case err == nil:
		s.Identity = &id
	case fatal(err):
		return nil, err
	default:
		s.Unknown = append(s.Unknown, unknown(snapshot.WhoAmI, err))
	}
	if err := c.readParts(ctx, s, namespace); err != nil {
		return nil, err
	}
	return s, nil
}

// part is one list of the snapshot; each writes to its own place.
type part struct {
	what string
	read func(context.Context) error
	err  error
}

func (c *Client) readParts(ctx context.Context, s *snapshot.Snapshot, namespace string) error {
	var clusterRoles, roles []rbac.Role
	var clusterBindings, bindings []rbac.Binding
	parts := []*part{
		{what: snapshot.ClusterRoles, read: func(ctx context.Context) error {
			return list(ctx, c, "", snapshot.ClusterRoles, func(r rbacv1.ClusterRole) { clusterRoles = append(clusterRoles, clusterRole(r)) })
		}},
		{what: snapshot.ClusterRoleBindings, read: func(ctx context.Context) error {
			return list(ctx, c, "", snapshot.ClusterRoleBindings, func(b rbacv1.ClusterRoleBinding) {
				clusterBindings = append(clusterBindings, binding(b.ObjectMeta, b.RoleRef, b.Subjects))
			})
		}},
		{what: snapshot.Roles, read: func(ctx context.Context) error {
			return list(ctx, c, namespace, snapshot.Roles, func(r rbacv1.Role) {
				roles = append(roles, rbac.Role{Namespace: r.Namespace, Name: r.Name, Labels: r.Labels, Rules: rules(r.Rules)})
			})
		}},
		{what: snapshot.RoleBindings, read: func(ctx context.Context) error {
			return list(ctx, c, namespace, snapshot.RoleBindings, func(b rbacv1.RoleBinding) {
				bindings = append(bindings, binding(b.ObjectMeta, b.RoleRef, b.Subjects))
			})
		}},
	}
	var wait sync.WaitGroup
	for _, p := range parts {
		wait.Go(func() { p.err = p.read(ctx) })
	}
	wait.Wait()
	for _, p := range parts {
		if p.err == nil {
			continue
		}
		if ctx.Err() != nil {
			return p.err
		}
		s.Unknown = append(s.Unknown, unknown(p.what, p.err))
	}
	s.RBAC = rbac.Policy{Roles: append(clusterRoles, roles...), Bindings: append(clusterBindings, bindings...)}
	return nil
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
func list[T any](ctx context.Context, c *Client, namespace, resource string, add func(T)) error {
	var all []T
	next, limit, restarted := "", page, false
	for {
		items, more, err := fetch[T](ctx, c, namespace, resource, next, limit)
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

func fetch[T any](ctx context.Context, c *Client, namespace, resource, next string, limit int) ([]T, string, error) {
	path := "/apis/rbac.authorization.k8s.io/v1/"
	if namespace != "" {
		path += "namespaces/" + url.PathEscape(namespace) + "/"
	}
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
	err := c.do(ctx, http.MethodGet, path+resource+"?"+query.Encode(), nil, &answer)
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
