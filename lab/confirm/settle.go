package confirm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

const (
	patience = 60 * time.Second
	interval = 15 * time.Millisecond
)

// until polls, so that a slow machine is slow and not wrong.
func until(ctx context.Context, what string, holds func() (bool, error)) error {
	deadline := time.Now().Add(patience)
	for {
		done, err := holds()
		if err != nil || done {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("wait for %s: not within %s", what, patience)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(interval):
		}
	}
}

// settled reports whether the aggregation controller has nothing left to do: one
// more round of what it does (kubernetes/pkg/controller/clusterroleaggregation)
// would change no role.
func settled(roles []rbacv1.ClusterRole) (bool, error) {
	sorted := slices.Clone(roles)
	sort.Slice(sorted, func(a, b int) bool { return sorted[a].Name < sorted[b].Name })
	for _, role := range sorted {
		if role.AggregationRule == nil {
			continue
		}
		var sum []rbacv1.PolicyRule
		for _, s := range role.AggregationRule.ClusterRoleSelectors {
			selector, err := metav1.LabelSelectorAsSelector(&s)
			if err != nil {
				return false, fmt.Errorf("read selector of %s: %w", role.Name, err)
			}
			for _, other := range sorted {
				if other.Name == role.Name || !selector.Matches(labels.Set(other.Labels)) {
					continue
				}
				for _, rule := range other.Rules {
					if !slices.ContainsFunc(sum, func(have rbacv1.PolicyRule) bool { return equality.Semantic.DeepEqual(have, rule) }) {
						sum = append(sum, rule)
					}
				}
			}
		}
		// Its server-side apply of no rules takes away only what it gave itself.
		if len(sum) > 0 && !equality.Semantic.DeepEqual(sum, role.Rules) {
			return false, nil
		}
	}
	return true, nil
}

// The sentinels are one object of each kind. They are changed after everything
// else, and the authorizer's watches deliver in order: when it knows the change,
// it knows what was before it.
const (
	sentinel          = "confirm-sentinel"
	sentinelNamespace = "default"
)

func sentinelRule(mark int) []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{{Verbs: []string{"see"}, APIGroups: []string{"confirm.invalid"}, Resources: []string{"marks"}, ResourceNames: []string{strconv.Itoa(mark)}}}
}

func sentinelSubjects(scope string, mark int) []rbacv1.Subject {
	return []rbacv1.Subject{{Kind: "User", APIGroup: rbacv1.GroupName, Name: sentinel + "-" + scope + "-" + strconv.Itoa(mark)}}
}

func (c *Cluster) makeSentinels(ctx context.Context) error {
	meta := metav1.ObjectMeta{Name: sentinel}
	api, o := c.Client.RbacV1(), metav1.CreateOptions{}
	_, err1 := api.ClusterRoles().Create(ctx, &rbacv1.ClusterRole{ObjectMeta: meta, Rules: sentinelRule(0)}, o)
	_, err2 := api.Roles(sentinelNamespace).Create(ctx, &rbacv1.Role{ObjectMeta: meta, Rules: sentinelRule(0)}, o)
	_, err3 := api.ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: sentinel}, Subjects: sentinelSubjects("cluster", 0)}, o)
	_, err4 := api.RoleBindings(sentinelNamespace).Create(ctx, &rbacv1.RoleBinding{ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: sentinel}, Subjects: sentinelSubjects("namespace", 0)}, o)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return fmt.Errorf("make sentinels: %w", err)
	}
	return nil
}

// moveSentinels changes all four and waits until the authorizer has seen it.
func (c *Cluster) moveSentinels(ctx context.Context) error {
	c.mark++
	meta := metav1.ObjectMeta{Name: sentinel}
	api, o := c.Client.RbacV1(), metav1.UpdateOptions{}
	_, err1 := api.ClusterRoles().Update(ctx, &rbacv1.ClusterRole{ObjectMeta: meta, Rules: sentinelRule(c.mark)}, o)
	_, err2 := api.Roles(sentinelNamespace).Update(ctx, &rbacv1.Role{ObjectMeta: meta, Rules: sentinelRule(c.mark)}, o)
	_, err3 := api.ClusterRoleBindings().Update(ctx, &rbacv1.ClusterRoleBinding{ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: sentinel}, Subjects: sentinelSubjects("cluster", c.mark)}, o)
	_, err4 := api.RoleBindings(sentinelNamespace).Update(ctx, &rbacv1.RoleBinding{ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: sentinel}, Subjects: sentinelSubjects("namespace", c.mark)}, o)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return fmt.Errorf("move sentinels: %w", err)
	}
	for _, scope := range []string{"cluster", "namespace"} {
		spec := authorizationv1.SubjectAccessReviewSpec{User: sentinelSubjects(scope, c.mark)[0].Name, ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: sentinelNamespace, Verb: "see", Group: "confirm.invalid", Resource: "marks", Name: strconv.Itoa(c.mark),
		}}
		err := until(ctx, "the authorizer to see the world", func() (bool, error) {
			status, err := c.review(ctx, spec)
			return status.Allowed, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
