package confirm

import (
	"context"
	"encoding/json"
	"fmt"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	rbacclient "k8s.io/client-go/kubernetes/typed/rbac/v1"
)

// place is which object it is.
type place struct{ kind, namespace, name string }

func (p place) String() string { return p.kind + " " + p.namespace + "/" + p.name }

// create makes one object, strictly: a field the server does not know is a fault
// of whoever wrote it.
func create(ctx context.Context, api rbacclient.RbacV1Interface, text []byte) (place, error) {
	var head struct {
		Kind     string
		Metadata struct{ Name, Namespace string }
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return place{}, fmt.Errorf("read object: %w", err)
	}
	at := place{head.Kind, head.Metadata.Namespace, head.Metadata.Name}
	options := metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict}
	var err error
	switch at.kind {
	case "Role":
		_, err = decodeAnd(text, func(o *rbacv1.Role) (*rbacv1.Role, error) { return api.Roles(at.namespace).Create(ctx, o, options) })
	case "ClusterRole":
		_, err = decodeAnd(text, func(o *rbacv1.ClusterRole) (*rbacv1.ClusterRole, error) {
			return api.ClusterRoles().Create(ctx, o, options)
		})
	case "RoleBinding":
		_, err = decodeAnd(text, func(o *rbacv1.RoleBinding) (*rbacv1.RoleBinding, error) {
			return api.RoleBindings(at.namespace).Create(ctx, o, options)
		})
	case "ClusterRoleBinding":
		_, err = decodeAnd(text, func(o *rbacv1.ClusterRoleBinding) (*rbacv1.ClusterRoleBinding, error) {
			return api.ClusterRoleBindings().Create(ctx, o, options)
		})
	default:
		err = fmt.Errorf("kind %q is not RBAC's", at.kind)
	}
	if err != nil {
		return at, fmt.Errorf("create %s: %w", at, err)
	}
	return at, nil
}

func decodeAnd[T any](text []byte, do func(*T) (*T, error)) (*T, error) {
	o := new(T)
	if err := json.Unmarshal(text, o); err != nil {
		return nil, err
	}
	return do(o)
}

func remove(ctx context.Context, api rbacclient.RbacV1Interface, at place) error {
	options := metav1.DeleteOptions{}
	var err error
	switch at.kind {
	case "Role":
		err = api.Roles(at.namespace).Delete(ctx, at.name, options)
	case "ClusterRole":
		err = api.ClusterRoles().Delete(ctx, at.name, options)
	case "RoleBinding":
		err = api.RoleBindings(at.namespace).Delete(ctx, at.name, options)
	case "ClusterRoleBinding":
		err = api.ClusterRoleBindings().Delete(ctx, at.name, options)
	}
	if err != nil {
		return fmt.Errorf("delete %s: %w", at, err)
	}
	return nil
}

// state is all RBAC objects of a cluster, each as the text that matters of it.
type state map[place]string

// list reads every RBAC object.
func list(ctx context.Context, api rbacclient.RbacV1Interface) (state, []rbacv1.ClusterRole, error) {
	all := state{}
	clusterRoles, err := api.ClusterRoles().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, nil, fmt.Errorf("list clusterroles: %w", err)
	}
	for _, o := range clusterRoles.Items {
		o.TypeMeta = metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "ClusterRole"}
		o.ObjectMeta = bare(o.ObjectMeta)
		all.add(o.Kind, o.ObjectMeta, o)
	}
	roles, err := api.Roles("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, nil, fmt.Errorf("list roles: %w", err)
	}
	for _, o := range roles.Items {
		o.TypeMeta = metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "Role"}
		o.ObjectMeta = bare(o.ObjectMeta)
		all.add(o.Kind, o.ObjectMeta, o)
	}
	clusterBindings, err := api.ClusterRoleBindings().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, nil, fmt.Errorf("list clusterrolebindings: %w", err)
	}
	for _, o := range clusterBindings.Items {
		o.TypeMeta = metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "ClusterRoleBinding"}
		o.ObjectMeta = bare(o.ObjectMeta)
		all.add(o.Kind, o.ObjectMeta, o)
	}
	bindings, err := api.RoleBindings("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, nil, fmt.Errorf("list rolebindings: %w", err)
	}
	for _, o := range bindings.Items {
		o.TypeMeta = metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "RoleBinding"}
		o.ObjectMeta = bare(o.ObjectMeta)
		all.add(o.Kind, o.ObjectMeta, o)
	}
	return all, clusterRoles.Items, nil
}

func bare(m metav1.ObjectMeta) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: m.Name, Namespace: m.Namespace, Labels: m.Labels}
}

func (s state) add(kind string, m metav1.ObjectMeta, object any) {
	text, err := json.Marshal(object)
	if err != nil {
		panic(fmt.Sprintf("BUG: write %s %s: %v", kind, m.Name, err))
	}
	s[place{kind, m.Namespace, m.Name}] = string(text)
}
