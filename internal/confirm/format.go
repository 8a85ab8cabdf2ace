package confirm

import (
	"encoding/json"

	"github.com/postern-dev/postern/rbac"
)

// Line is one line of a recording: first the cluster before any world, then one
// line a world. ask leaves Base, Live and the statuses for the lab to fill in.
type Line struct {
	Base    []json.RawMessage `json:"base,omitempty"` // RBAC objects of the cluster itself
	Seed    uint64            `json:"seed,omitempty"`
	Written []json.RawMessage `json:"written,omitempty"` // objects of the world as created
	// Live are all RBAC objects that are not as in Base once the world was there
	// and every question asked.
	Live      []json.RawMessage `json:"live,omitempty"`
	Refused   []string          `json:"refused,omitempty"` // objects the API server did not take
	Questions []Question        `json:"questions,omitempty"`
}

// Question is one SubjectAccessReview.
type Question struct {
	Family string `json:"family"`
	// WhoCan: asked for one subject of the world on its own, to be compared with
	// the list of everybody who may.
	WhoCan bool   `json:"whoCan,omitempty"`
	Spec   Spec   `json:"spec"`
	Status Status `json:"status"`
}

// Spec is a SubjectAccessReviewSpec of authorization.k8s.io/v1.
type Spec struct {
	User        string              `json:"user,omitempty"`
	Groups      []string            `json:"groups,omitempty"`
	UID         string              `json:"uid,omitempty"`
	Extra       map[string][]string `json:"extra,omitempty"`
	Resource    *Resource           `json:"resourceAttributes,omitempty"`
	NonResource *NonResource        `json:"nonResourceAttributes,omitempty"`
}

// Resource is ResourceAttributes of authorization.k8s.io/v1.
type Resource struct {
	Namespace   string `json:"namespace,omitempty"`
	Verb        string `json:"verb,omitempty"`
	Group       string `json:"group,omitempty"`
	Resource    string `json:"resource,omitempty"`
	Subresource string `json:"subresource,omitempty"`
	Name        string `json:"name,omitempty"`
}

// NonResource is NonResourceAttributes of authorization.k8s.io/v1.
type NonResource struct {
	Path string `json:"path,omitempty"`
	Verb string `json:"verb,omitempty"`
}

// Status is a SubjectAccessReviewStatus of authorization.k8s.io/v1.
type Status struct {
	Allowed         bool   `json:"allowed"`
	Denied          bool   `json:"denied,omitempty"`
	Reason          string `json:"reason,omitempty"`
	EvaluationError string `json:"evaluationError,omitempty"`
}

// NewSpec is how a question is asked.
func NewSpec(u rbac.UserInfo, q rbac.Request) Spec {
	s := Spec{User: u.Username, Groups: u.Groups, UID: u.UID, Extra: u.Extra}
	if q.Path != "" {
		s.NonResource = &NonResource{q.Path, q.Verb}
	} else {
		s.Resource = &Resource{q.Namespace, q.Verb, q.APIGroup, q.Resource, q.Subresource, q.Name}
	}
	return s
}

// Question is what the review asks.
func (s Spec) Question() (rbac.UserInfo, rbac.Request) {
	u := rbac.UserInfo{Username: s.User, Groups: s.Groups, UID: s.UID, Extra: s.Extra}
	if s.NonResource != nil {
		return u, rbac.Request{Verb: s.NonResource.Verb, Path: s.NonResource.Path}
	}
	a := s.Resource
	return u, rbac.Request{Verb: a.Verb, APIGroup: a.Group, Resource: a.Resource, Subresource: a.Subresource, Namespace: a.Namespace, Name: a.Name}
}
