package standin

import (
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

// read answers an allowed get or list.
func (s *server) read(r *http.Request, a authorizer.AttributesRecord) (any, error) {
	resource := schema.GroupResource{Group: a.APIGroup, Resource: a.Resource}
	kind, ok := kinds()[a.APIGroup][a.Resource]
	if !ok || a.APIVersion != "v1" || a.Subresource != "" || !namespaced(kind) && a.Namespace != "" && kind != "Namespace" {
		return nil, errUnserved
	}
	version := schema.GroupVersion{Group: a.APIGroup, Version: "v1"}.String()
	bare := strings.Contains(r.Header.Get("Accept"), "as=PartialObjectMetadata")
	q := r.URL.Query()
	wanted, err := selection(kind, q.Get("fieldSelector"), q.Get("labelSelector"))
	if err != nil {
		return nil, err
	}
	items := []object{}
	for _, o := range s.objects(kind) {
		if namespaced(kind) && a.Namespace != "" && meta(o, "namespace") != a.Namespace || a.Name != "" && meta(o, "name") != a.Name || !wanted(o) {
			continue
		}
		o["kind"], o["apiVersion"] = kind, version
		if bare {
			o = object{"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": o["metadata"]}
		}
		items = append(items, o)
	}
	if a.Verb == "get" {
		if len(items) == 0 {
			return nil, apierrors.NewNotFound(resource, a.Name)
		}
		return items[0], nil
	}
	page, next, err := cut(items, q.Get("limit"), q.Get("continue"))
	if err != nil {
		return nil, err
	}
	about := object{"resourceVersion": "1"}
	if next != "" {
		about["continue"] = next
	}
	list := object{"kind": kind + "List", "apiVersion": version, "metadata": about, "items": page}
	if bare {
		list["kind"], list["apiVersion"] = "PartialObjectMetadataList", "meta.k8s.io/v1"
	}
	return list, nil
}

// errUnserved is of a path that nothing answers.
var errUnserved = errors.New("nothing is served here")

// selectable are the fields by which objects of a kind can be chosen, besides
// name and namespace.
func selectable(kind string) []string {
	return map[string][]string{"Secret": {"type"}, "CertificateSigningRequest": {"spec.signerName"}, "Namespace": {"status.phase"}}[kind]
}

// selection is what selectors choose. One that is not known is refused, as an
// answer without it would be another's.
func selection(kind, byField, byLabel string) (func(object) bool, error) {
	chosen, err := fields.ParseSelector(byField)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	labelled, err := labels.Parse(byLabel)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	for _, f := range chosen.Requirements() {
		if f.Field != "metadata.name" && f.Field != "metadata.namespace" && !slices.Contains(selectable(kind), f.Field) {
			return nil, apierrors.NewBadRequest("field label not supported: " + f.Field)
		}
	}
	return func(o object) bool {
		set := fields.Set{"metadata.name": meta(o, "name"), "metadata.namespace": meta(o, "namespace")}
		for _, f := range selectable(kind) {
			set[f] = text(o, strings.Split(f, "."))
		}
		own, _ := o["metadata"].(map[string]any)["labels"].(map[string]any)
		l := labels.Set{}
		for k := range own {
			l[k], _ = own[k].(string)
		}
		return chosen.Matches(set) && labelled.Matches(l)
	}, nil
}

// text is a field of an object by its path.
func text(o object, path []string) string {
	for _, p := range path[:len(path)-1] {
		o, _ = o[p].(map[string]any)
	}
	s, _ := o[path[len(path)-1]].(string)
	return s
}

// cut is one page of a list and where the next begins.
func cut(items []object, limit, from string) (page []object, next string, err error) {
	begin, most := 0, len(items)
	if limit != "" {
		n, err := strconv.Atoi(limit)
		if err != nil || n < 0 {
			return nil, "", apierrors.NewBadRequest("limit " + strconv.Quote(limit) + " is no number")
		}
		if n > 0 {
			most = n
		}
	}
	if from != "" {
		told, err := base64.RawURLEncoding.DecodeString(from)
		if err == nil {
			begin, err = strconv.Atoi(string(told))
		}
		if err != nil || begin < 0 || begin > len(items) {
			return nil, "", apierrors.NewBadRequest("continue key is not valid: " + from)
		}
	}
	end := min(begin+most, len(items))
	if end < len(items) {
		next = base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(end)))
	}
	return items[begin:end], next, nil
}
