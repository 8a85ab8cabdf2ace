package controlplane

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// contentManager is who applies a world's objects, in their managed fields.
const contentManager = "postern-lab"

// place is where objects of a kind are, and when they are made: what others
// stand in comes first.
type place struct {
	resource   schema.GroupVersionResource
	namespaced bool
	order      int
}

func places() map[string]place {
	core := schema.GroupVersion{Version: "v1"}
	rbac := schema.GroupVersion{Group: "rbac.authorization.k8s.io", Version: "v1"}
	return map[string]place{
		"Namespace":                 {core.WithResource("namespaces"), false, 0},
		"ServiceAccount":            {core.WithResource("serviceaccounts"), true, 1},
		"ClusterRole":               {rbac.WithResource("clusterroles"), false, 1},
		"Role":                      {rbac.WithResource("roles"), true, 1},
		"Secret":                    {core.WithResource("secrets"), true, 2},
		"ConfigMap":                 {core.WithResource("configmaps"), true, 2},
		"ClusterRoleBinding":        {rbac.WithResource("clusterrolebindings"), false, 2},
		"RoleBinding":               {rbac.WithResource("rolebindings"), true, 2},
		"CertificateSigningRequest": {schema.GroupVersionResource{Group: "certificates.k8s.io", Version: "v1", Resource: "certificatesigningrequests"}, false, 2},
	}
}

// Fill makes the cluster hold the objects of a world, and takes away those that
// it held for the last one. It acts as the provider's own identity, so that the
// audit log does not tell of somebody with the local account. What the API
// server does not take is told, each with its reason, and does not stop the
// rest.
func (p *Plane) Fill(ctx context.Context, want, last []json.RawMessage) []error {
	if len(want) == 0 && len(last) == 0 {
		return nil
	}
	config, err := p.operatorConfig(contentManager)
	if err != nil {
		return []error{err}
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return []error{fmt.Errorf("make client of %s: %w", contentManager, err)}
	}
	objects, problems := parseContent(want)
	before, _ := parseContent(last) // told when it was the wanted one
	f := filler{client, places()}
	for _, o := range slices.Backward(before) {
		if !slices.ContainsFunc(objects, func(w *unstructured.Unstructured) bool { return named(w) == named(o) }) {
			if err := f.remove(ctx, o); err != nil {
				problems = append(problems, fmt.Errorf("take away %s: %w", named(o), err))
			}
		}
	}
	for _, o := range objects {
		if err := f.apply(ctx, o); err != nil {
			problems = append(problems, fmt.Errorf("make %s: %w", named(o), err))
		}
	}
	return problems
}

// parseContent reads objects in the order in which they are made. Namespaces
// that objects are in are among them.
func parseContent(list []json.RawMessage) (all []*unstructured.Unstructured, problems []error) {
	known, spaces := places(), map[string]bool{}
	for i, raw := range list {
		o := &unstructured.Unstructured{}
		if err := json.Unmarshal(raw, &o.Object); err != nil {
			problems = append(problems, fmt.Errorf("read object %d: %w", i, err))
			continue
		}
		at, ok := known[o.GetKind()]
		switch {
		case !ok || o.GetAPIVersion() != at.resource.GroupVersion().String():
			problems = append(problems, fmt.Errorf("read object %d: a world holds no %s of %q", i, o.GetKind(), o.GetAPIVersion()))
			continue
		case o.GetName() == "" || at.namespaced != (o.GetNamespace() != ""):
			problems = append(problems, fmt.Errorf("read object %d, %s: name or namespace is missing or too much", i, named(o)))
			continue
		}
		if o.GetKind() == "Namespace" {
			spaces[o.GetName()] = true
		}
		// The server sets these.
		o.SetCreationTimestamp(metav1.Time{})
		o.SetManagedFields(nil)
		o.SetResourceVersion("")
		o.SetUID("")
		all = append(all, o)
	}
	for _, o := range slices.Clone(all) {
		if ns := o.GetNamespace(); ns != "" && !spaces[ns] && !reserved(ns) {
			spaces[ns] = true
			all = append(all, &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": ns}}})
		}
	}
	slices.SortStableFunc(all, func(a, b *unstructured.Unstructured) int { return known[a.GetKind()].order - known[b.GetKind()].order })
	return all, problems
}

// reserved namespaces are there in every cluster and stay.
func reserved(namespace string) bool {
	return namespace == metav1.NamespaceDefault || strings.HasPrefix(namespace, "kube-")
}

func named(o *unstructured.Unstructured) string {
	if o.GetNamespace() != "" {
		return o.GetKind() + " " + o.GetNamespace() + "/" + o.GetName()
	}
	return o.GetKind() + " " + o.GetName()
}

type filler struct {
	client dynamic.Interface
	places map[string]place
}

func (f filler) at(o *unstructured.Unstructured) dynamic.ResourceInterface {
	p := f.places[o.GetKind()]
	if p.namespaced {
		return f.client.Resource(p.resource).Namespace(o.GetNamespace())
	}
	return f.client.Resource(p.resource)
}

// apply makes an object as the world has it. What cannot be changed, a role
// reference or the type of a Secret, is made anew.
func (f filler) apply(ctx context.Context, o *unstructured.Unstructured) error {
	options := metav1.ApplyOptions{FieldManager: contentManager, Force: true}
	main := o.DeepCopy()
	unstructured.RemoveNestedField(main.Object, "status")
	_, err := f.at(o).Apply(ctx, o.GetName(), main, options)
	if apierrors.IsInvalid(err) && o.GetKind() != "Namespace" {
		if gone := f.at(o).Delete(ctx, o.GetName(), metav1.DeleteOptions{}); gone == nil {
			_, err = f.at(o).Apply(ctx, o.GetName(), main, options)
		}
	}
	if err != nil || o.GetKind() != "CertificateSigningRequest" {
		return err
	}
	return f.decide(ctx, o)
}

// decide gives a certificate request the decision and the certificate that the
// world gives it: they are parts of their own.
func (f filler) decide(ctx context.Context, o *unstructured.Unstructured) error {
	for field, part := range map[string]string{"conditions": "approval", "certificate": "status"} {
		value, ok, err := unstructured.NestedFieldCopy(o.Object, "status", field)
		if err != nil || !ok {
			continue
		}
		now, err := f.at(o).Get(ctx, o.GetName(), metav1.GetOptions{})
		if err != nil {
			return err
		}
		if have, ok, _ := unstructured.NestedFieldNoCopy(now.Object, "status", field); ok && have != nil {
			continue // decided once
		}
		if err := unstructured.SetNestedField(now.Object, value, "status", field); err != nil {
			return err
		}
		if _, err := f.at(o).Update(ctx, now, metav1.UpdateOptions{FieldManager: contentManager}, part); err != nil {
			return fmt.Errorf("%s: %w", part, err)
		}
	}
	return nil
}

// remove takes an object away, unless it is one that every cluster has: those
// come back as they were when the API server starts again.
func (f filler) remove(ctx context.Context, o *unstructured.Unstructured) error {
	if o.GetKind() == "Namespace" && reserved(o.GetName()) {
		return nil
	}
	now, err := f.at(o).Get(ctx, o.GetName(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, label := range []string{"kubernetes.io/bootstrapping", "addonmanager.kubernetes.io/mode"} {
		if now.GetLabels()[label] != "" {
			return fmt.Errorf("every cluster has it (label %s): it stays as the last world made it until the lab starts --fresh", label)
		}
	}
	err = f.at(o).Delete(ctx, o.GetName(), metav1.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
