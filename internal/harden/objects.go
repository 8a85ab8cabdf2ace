package harden

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/postern-dev/postern/internal/failpoint"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

// ObjectRemedies are the checks whose remedy changes bindings in the cluster, in
// order. What they take away grants nothing to anybody who exists: they need no
// guard but to look again at what is there.
func ObjectRemedies() []Remedy {
	return []Remedy{
		{Check: "dangling-bindings", Title: "delete bindings to roles that do not exist", Objects: true,
			Notes: []string{"a binding that is kept by GitOps, Terraform or Helm comes back with their next run: take it away there too"}},
		{Check: "bindings-of-deleted", Title: "take Subjects that are gone out of bindings", Objects: true,
			Notes: []string{"a binding that is kept by GitOps, Terraform or Helm comes back with their next run: take it away there too"}},
	}
}

// Binding is how a binding is to become: with fewer Subjects, or gone.
type Binding struct {
	Check  string
	Before rbac.Binding
	After  *rbac.Binding // nil: deleted
	// Dangling: deleted because its role does not exist.
	Dangling bool
}

// Object names the binding as scan does: RoleBinding/namespace/name.
func (b Binding) Object() string {
	if b.Before.Namespace == "" {
		return b.Before.Kind() + "/" + b.Before.Name
	}
	return b.Before.Kind() + "/" + b.Before.Namespace + "/" + b.Before.Name
}

const rbacAPI = "/apis/rbac.authorization.k8s.io/v1"

func path(kind, namespace, name string) string {
	plural := "/" + strings.ToLower(kind) + "s/" + url.PathEscape(name)
	if namespace == "" {
		return rbacAPI + plural
	}
	return rbacAPI + "/namespaces/" + url.PathEscape(namespace) + plural
}

func (b Binding) path() string { return path(b.Before.Kind(), b.Before.Namespace, b.Before.Name) }

// rolePath is where the role is that a binding names.
func (b Binding) rolePath() string {
	if b.Before.Role.Kind == rbac.ClusterRoleKind {
		return path("ClusterRole", "", b.Before.Role.Name)
	}
	return path("Role", b.Before.Namespace, b.Before.Role.Name)
}

// granted is what people are shown of a binding.
func granted(b *rbac.Binding) json.RawMessage {
	if b == nil {
		return json.RawMessage("null")
	}
	text, _ := json.Marshal(struct {
		Role     rbac.RoleRef   `json:"roleRef"`
		Subjects []rbac.Subject `json:"subjects"`
	}{b.Role, b.Subjects})
	return text
}

// Difference is the change as a plan shows it.
func (b Binding) Difference() Difference {
	return Difference{Check: b.Check, Path: b.Object(), Before: granted(&b.Before), After: granted(b.After)}
}

// Bindings are what object remedies change in a cluster. dangling are the objects
// that the check of that name found, as scan names them; gone says of whom the
// directory knows that they do not exist any more.
func Bindings(k *snapshot.Snapshot, remedies []Remedy, dangling []string, gone func(name string) bool) (all []Binding) {
	if k == nil {
		return nil
	}
	asked := func(check string) bool {
		return slices.ContainsFunc(remedies, func(r Remedy) bool { return r.Check == check })
	}
	for _, b := range k.RBAC.Bindings {
		one := Binding{Before: b}
		if slices.Contains(dangling, one.Object()) {
			if asked("dangling-bindings") {
				one.Check, one.Dangling = "dangling-bindings", true
				all = append(all, one)
			}
			continue
		}
		if !asked("bindings-of-deleted") {
			continue
		}
		left := slices.DeleteFunc(slices.Clone(b.Subjects), func(s rbac.Subject) bool { return s.Kind != rbac.ServiceAccountKind && gone(s.Name) })
		if len(left) == len(b.Subjects) {
			continue
		}
		one.Check = "bindings-of-deleted"
		if len(left) > 0 {
			after := b
			after.Subjects = left
			one.After = &after
		}
		all = append(all, one)
	}
	return all
}

// Kubernetes sends a request to the API server, once. err: there was no answer.
type Kubernetes interface {
	Send(ctx context.Context, method, path string, body []byte) (status int, answer []byte, err error)
}

// ObjectApplier makes bindings as planned.
type ObjectApplier struct {
	Kubernetes Kubernetes
	Undo       func(object string, before []byte, d Difference) error
	Say        func(format string, args ...any)
	Fail       *failpoint.Set
	Pause      func(context.Context, time.Duration) error
	Tries      int
}

// ask sends a request that changes nothing until somebody answers it.
func (a ObjectApplier) ask(ctx context.Context, path string) (status int, answer []byte, err error) {
	for try := 1; ; try++ {
		status, answer, err = a.Kubernetes.Send(ctx, http.MethodGet, path, nil)
		if ctx.Err() != nil {
			return 0, nil, context.Cause(ctx)
		}
		if err == nil && status != http.StatusTooManyRequests && status < 500 {
			return status, answer, nil
		}
		if try >= a.Tries {
			if err == nil {
				err = fmt.Errorf("%d %s", status, words(answer))
			}
			return status, answer, err
		}
		if err := a.Pause(ctx, time.Second<<min(try, 4)); err != nil {
			return 0, nil, err
		}
	}
}

// live is a binding as the API server has it.
type live struct {
	raw      []byte
	version  string
	uid      string
	role     rbac.RoleRef
	subjects []rbac.Subject
}

// read is the binding now, nil where there is none.
func (a ObjectApplier) read(ctx context.Context, b Binding) (*live, error) {
	status, answer, err := a.ask(ctx, b.path())
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", b.Object(), err)
	case status == http.StatusNotFound:
		return nil, nil
	case status != http.StatusOK:
		return nil, fmt.Errorf("read %s: %d %s", b.Object(), status, words(answer))
	}
	l, _, err := parseLive(answer)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", b.Object(), err)
	}
	return l, nil
}

// parseLive reads a binding's JSON, and as which object it names itself.
func parseLive(raw []byte) (l *live, object string, err error) {
	var o struct {
		Kind     string
		Metadata struct{ Name, Namespace, ResourceVersion, UID string }
		RoleRef  rbac.RoleRef
		Subjects []rbac.Subject
	}
	if err := json.Unmarshal(raw, &o); err != nil {
		return nil, "", err
	}
	named := Binding{Before: rbac.Binding{Namespace: o.Metadata.Namespace, Name: o.Metadata.Name}}.Object()
	if o.Kind != "" && !strings.HasPrefix(named, o.Kind+"/") {
		named = o.Kind + "/" + o.Metadata.Name
	}
	return &live{raw, o.Metadata.ResourceVersion, o.Metadata.UID, o.RoleRef, o.Subjects}, named, nil
}

// is reports whether a binding is as a plan has it.
func (l *live) is(b *rbac.Binding) bool {
	if l == nil || b == nil {
		return l == nil && b == nil
	}
	key := func(s rbac.Subject) string {
		if s.Kind != rbac.ServiceAccountKind {
			s.Namespace = ""
		}
		return string(s.Kind) + "\x00" + s.Namespace + "\x00" + s.Name
	}
	one, two := []string{}, []string{}
	for _, s := range l.subjects {
		one = append(one, key(s))
	}
	for _, s := range b.Subjects {
		two = append(two, key(s))
	}
	return l.role.Kind == b.Role.Kind && l.role.Name == b.Role.Name && slices.Equal(one, two)
}

// Apply makes one binding as planned. What is so already is not done twice; what
// somebody else made of it is kept.
func (a ObjectApplier) Apply(ctx context.Context, b Binding) (changed bool, err error) {
	now, err := a.read(ctx, b)
	if err != nil {
		return false, err
	}
	if now.is(b.After) {
		return false, nil
	}
	if !now.is(&b.Before) {
		return false, &Conflict{b.Object() + " is not what the plan was made from"}
	}
	if b.Dangling {
		status, answer, err := a.ask(ctx, b.rolePath())
		switch {
		case err != nil:
			return false, fmt.Errorf("read the role of %s: %w", b.Object(), err)
		case status == http.StatusOK:
			return false, &Conflict{"the role that " + b.Object() + " names exists now"}
		case status != http.StatusNotFound:
			return false, fmt.Errorf("read the role of %s: %d %s", b.Object(), status, words(answer))
		}
	}
	if err := a.Undo(b.Object(), now.raw, b.Difference()); err != nil {
		return false, err
	}
	a.Fail.Hit(failpoint.HardenUndo)
	method, body, err := b.request(now)
	if err != nil {
		return false, err
	}
	for try := 1; ; try++ {
		status, answer, err := a.Kubernetes.Send(ctx, method, b.path(), body)
		if ctx.Err() != nil {
			return false, &Uncertain{b.Object() + " may have been changed: run the command again, it goes on from what it finds", "interrupted while the change was sent"}
		}
		if err == nil && (status == http.StatusForbidden || status == http.StatusUnauthorized || status == http.StatusUnprocessableEntity || status == http.StatusBadRequest) {
			return false, &Refused{status, words(answer)}
		}
		why := fmt.Sprintf("%d %s", status, words(answer))
		if err != nil {
			why = err.Error()
		}
		found, err := a.read(ctx, b)
		switch {
		case err != nil:
			return false, &Uncertain{b.Object() + " may have been changed: run the command again, it goes on from what it finds", why + "; and then: " + err.Error()}
		case found.is(b.After):
			a.Fail.Hit(failpoint.HardenPut)
			return true, nil
		case found == nil || found.version != now.version || found.uid != now.uid:
			return false, &Conflict{b.Object() + " was changed by somebody else"}
		case try >= a.Tries:
			return false, &Uncertain{b.Object() + " is as it was", "change " + b.Object() + ": " + why}
		}
		a.Say("%s was not changed yet: %s", b.Object(), why)
		if err := a.Pause(ctx, time.Second<<min(try, 4)); err != nil {
			return false, err
		}
	}
}

// Restore puts back a binding that an undo file holds: creates it where it is
// gone, gives it its Subjects again where it lost some.
func (a ObjectApplier) Restore(ctx context.Context, u UndoFile) (changed bool, err error) {
	b, err := u.binding()
	if err != nil {
		return false, err
	}
	// What is put back is what was shown.
	was, named, err := parseLive(u.Before)
	if err != nil {
		return false, fmt.Errorf("read undo file: %w", err)
	}
	if named != u.Object || !was.is(&b.Before) {
		return false, fmt.Errorf("read undo file: the object in it is not what its difference says of %s", u.Object)
	}
	now, err := a.read(ctx, b)
	if err != nil {
		return false, err
	}
	if now.is(&b.Before) {
		return false, nil
	}
	if !now.is(b.After) {
		return false, &Conflict{b.Object() + " is neither as it was nor as it was made"}
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(u.Before, &object); err != nil {
		return false, fmt.Errorf("read undo file: %w", err)
	}
	method, to := http.MethodPut, b.path()
	if now == nil { // created anew: what the server gives an object stays away
		var meta map[string]json.RawMessage
		if err := json.Unmarshal(object["metadata"], &meta); err != nil {
			return false, fmt.Errorf("read undo file: %w", err)
		}
		for _, own := range []string{"uid", "resourceVersion", "creationTimestamp", "managedFields", "generation", "selfLink"} {
			delete(meta, own)
		}
		if object["metadata"], err = json.Marshal(meta); err != nil {
			return false, err
		}
		method, to = http.MethodPost, to[:strings.LastIndexByte(to, '/')]
	} else {
		var was map[string]json.RawMessage
		if err := json.Unmarshal(now.raw, &was); err != nil {
			return false, fmt.Errorf("read %s: %w", b.Object(), err)
		}
		was["subjects"], object = object["subjects"], was
	}
	body, err := json.Marshal(object)
	if err != nil {
		return false, err
	}
	status, answer, err := a.Kubernetes.Send(ctx, method, to, body)
	why := fmt.Sprintf("%d %s", status, words(answer))
	if err != nil {
		why = err.Error()
	}
	found, err := a.read(ctx, b)
	switch {
	case err != nil:
		return false, &Uncertain{b.Object() + " may have been put back: run the command again", why + "; and then: " + err.Error()}
	case found.is(&b.Before):
		return true, nil
	}
	return false, &Uncertain{b.Object() + " is not as it was", "put " + b.Object() + " back: " + why}
}

// binding is what an undo file says of one.
func (u UndoFile) binding() (Binding, error) {
	if len(u.Differences) != 1 {
		return Binding{}, fmt.Errorf("read undo file: %s has %d differences, not one", u.Object, len(u.Differences))
	}
	d := u.Differences[0]
	parts := strings.Split(u.Object, "/")
	if len(parts) < 2 || len(parts) > 3 || parts[0] != "ClusterRoleBinding" && parts[0] != "RoleBinding" || d.Path != u.Object {
		return Binding{}, fmt.Errorf("read undo file: %s is no binding", u.Object)
	}
	b := Binding{Check: d.Check}
	type shown struct {
		Role     rbac.RoleRef   `json:"roleRef"`
		Subjects []rbac.Subject `json:"subjects"`
	}
	of := func(text json.RawMessage) (*rbac.Binding, error) {
		if string(text) == "null" {
			return nil, nil
		}
		var v shown
		if err := json.Unmarshal(text, &v); err != nil {
			return nil, fmt.Errorf("read undo file: %w", err)
		}
		out := &rbac.Binding{Name: parts[len(parts)-1], Role: v.Role, Subjects: v.Subjects}
		if len(parts) == 3 {
			out.Namespace = parts[1]
		}
		return out, nil
	}
	before, err := of(d.Before)
	if err == nil && before == nil {
		err = fmt.Errorf("read undo file: %s was not there before", u.Object)
	}
	if err != nil {
		return Binding{}, err
	}
	b.Before = *before
	b.After, err = of(d.After)
	return b, err
}

// request is what makes the change, on this version of the object only.
func (b Binding) request(now *live) (method string, body []byte, err error) {
	if b.After == nil {
		body, err = json.Marshal(map[string]any{
			"kind": "DeleteOptions", "apiVersion": "v1",
			"preconditions": map[string]string{"uid": now.uid, "resourceVersion": now.version},
		})
		return http.MethodDelete, body, err
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(now.raw, &object); err != nil {
		return "", nil, fmt.Errorf("read %s: %w", b.Object(), err)
	}
	// The elements that stay are the server's own bytes.
	var old, left []json.RawMessage
	if err := json.Unmarshal(object["subjects"], &old); err != nil {
		return "", nil, fmt.Errorf("read %s: %w", b.Object(), err)
	}
	for i, s := range b.Before.Subjects {
		if slices.Contains(b.After.Subjects, s) {
			left = append(left, old[i])
		}
	}
	if object["subjects"], err = json.Marshal(left); err != nil {
		return "", nil, err
	}
	body, err = json.Marshal(object)
	return http.MethodPut, body, err
}
