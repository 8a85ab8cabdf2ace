package confirm

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// Cluster is an API server that worlds are put into. Its client must be in
// system:masters: nobody else may grant anything to anybody.
type Cluster struct {
	Client kubernetes.Interface
	// Workers is how many requests may be under way; 0: 8.
	Workers int

	base state
	mark int
	// Repeated counts worlds asked again because a controller was still at work.
	Repeated int
}

// Prepare makes the namespaces and reads the cluster as it is without worlds.
func (c *Cluster) Prepare(ctx context.Context, namespaces ...string) (Line, error) {
	for _, name := range namespaces {
		_, err := c.Client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			return Line{}, fmt.Errorf("create namespace %s: %w", name, err)
		}
	}
	if err := c.makeSentinels(ctx); err != nil {
		return Line{}, err
	}
	var err error
	c.base, err = c.settle(ctx)
	if err != nil {
		return Line{}, err
	}
	return Line{Base: c.base.sorted()}, nil
}

// Answer puts a world into the cluster, asks its questions, and takes it out.
func (c *Cluster) Answer(ctx context.Context, line Line) (Line, error) {
	made, err := c.createAll(ctx, &line)
	if err == nil {
		err = c.ask(ctx, &line)
	}
	if clean := each(c.workers(), len(made), func(i int) error { return remove(ctx, c.Client.RbacV1(), made[i]) }); err == nil {
		err = clean
	}
	if err != nil {
		return line, fmt.Errorf("world %d: %w", line.Seed, err)
	}
	return line, nil
}

func (c *Cluster) workers() int { return cmp.Or(c.Workers, 8) }

// createAll creates what the server takes; what it calls invalid is recorded.
func (c *Cluster) createAll(ctx context.Context, line *Line) (made []place, err error) {
	var mu sync.Mutex
	err = each(c.workers(), len(line.Written), func(i int) error {
		at, err := create(ctx, c.Client.RbacV1(), line.Written[i])
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err == nil:
			made = append(made, at)
		case apierrors.IsInvalid(err) || apierrors.IsBadRequest(err):
			line.Refused = append(line.Refused, err.Error())
		default:
			return err
		}
		return nil
	})
	return made, err
}

// ask asks every question of the world. Should a controller still have been at
// work, everything is asked again.
func (c *Cluster) ask(ctx context.Context, line *Line) error {
	for range 3 {
		before, err := c.settle(ctx)
		if err != nil {
			return err
		}
		if err := c.moveSentinels(ctx); err != nil {
			return err
		}
		err = each(c.workers(), len(line.Questions), func(i int) (err error) {
			q := &line.Questions[i]
			q.Status, err = c.review(ctx, q.Spec)
			return err
		})
		if err != nil {
			return err
		}
		after, _, err := list(ctx, c.Client.RbacV1())
		if err != nil {
			return err
		}
		live := after.beyond(c.base)
		if slices.EqualFunc(before.beyond(c.base), live, func(a, b json.RawMessage) bool { return string(a) == string(b) }) {
			line.Live = live
			return nil
		}
		c.Repeated++
	}
	return errors.New("the cluster's roles changed three times while they were asked about")
}

// settle waits until aggregated roles are filled in.
func (c *Cluster) settle(ctx context.Context) (now state, err error) {
	err = until(ctx, "aggregated roles to be filled in", func() (bool, error) {
		all, roles, err := list(ctx, c.Client.RbacV1())
		if err != nil {
			return false, err
		}
		now = all
		return settled(roles)
	})
	return now, err
}

// review asks one question.
func (c *Cluster) review(ctx context.Context, spec authorizationv1.SubjectAccessReviewSpec) (authorizationv1.SubjectAccessReviewStatus, error) {
	answer, err := c.Client.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{Spec: spec}, metav1.CreateOptions{})
	if err != nil {
		return authorizationv1.SubjectAccessReviewStatus{}, fmt.Errorf("ask %+v: %w", spec, err)
	}
	return answer.Status, nil
}

// beyond are the objects that are not the same in base, the sentinels apart.
func (s state) beyond(base state) []json.RawMessage {
	rest := state{}
	for at, text := range s {
		if base[at] != text && at.name != sentinel {
			rest[at] = text
		}
	}
	return rest.sorted()
}

func (s state) sorted() []json.RawMessage {
	var all []json.RawMessage
	for _, at := range slices.SortedFunc(maps.Keys(s), func(a, b place) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name))
	}) {
		all = append(all, json.RawMessage(s[at]))
	}
	return all
}
