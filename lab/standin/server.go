package standin

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/endpoints/handlers/responsewriters"
	"k8s.io/apiserver/pkg/endpoints/request"

	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/lab/guard"
)

// server is one stand-in answering one request.
type server struct {
	fleet   *Fleet
	cluster cloud.Cluster
	id      string
}

// ServeHTTP does what kube-apiserver does, in its order: who asks, whether they
// may, what there is. Requests are understood, authorized and refused by
// Kubernetes' own code.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := s.respond(r)
	code := http.StatusOK
	var refused *apierrors.StatusError
	switch {
	case errors.Is(err, errUnserved):
		http.Error(w, "404 page not found", http.StatusNotFound)
		return
	case errors.As(err, &refused):
		status := refused.Status()
		status.Kind, status.APIVersion = "Status", "v1"
		body, code = status, int(status.Code)
	case err != nil:
		status := apierrors.NewInternalError(err).Status()
		status.Kind, status.APIVersion = "Status", "v1"
		body, code = status, http.StatusInternalServerError
	case r.Method == http.MethodPost:
		code = http.StatusCreated
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic("BUG: marshal response: " + err.Error())
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(text) // the client is gone if this fails
}

func (s *server) respond(r *http.Request) (any, error) {
	parse := request.RequestInfoFactory{APIPrefixes: sets.NewString("api", "apis"), GrouplessAPIPrefixes: sets.NewString("api")}
	info, err := parse.NewRequestInfo(r)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	who, ok := s.authenticate(r)
	if !ok {
		return nil, apierrors.NewUnauthorized("Unauthorized")
	}
	a := authorizer.AttributesRecord{User: who, Verb: info.Verb, Path: info.Path, ResourceRequest: info.IsResourceRequest, APIGroup: info.APIGroup, APIVersion: info.APIVersion,
		Namespace: info.Namespace, Resource: info.Resource, Subresource: info.Subresource, Name: info.Name}
	decision, reason, err := s.authorizer().Authorize(r.Context(), a)
	switch {
	case decision == authorizer.DecisionAllow:
	case err != nil:
		return nil, err
	default:
		return nil, responsewriters.ForbiddenStatusError(a, reason)
	}
	resource := schema.GroupResource{Group: a.APIGroup, Resource: a.Resource}
	switch {
	case !a.ResourceRequest && a.Verb == "get":
		return s.discovery(a.Path)
	case a.Verb == "create" && resource.String() == "selfsubjectreviews.authentication.k8s.io" && a.APIVersion == "v1":
		return object{"kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1", "metadata": object{},
			"status": object{"userInfo": object{"username": who.Name, "groups": who.Groups, "extra": who.Extra}}}, nil
	case a.Verb == "create" && resource.String() == "selfsubjectaccessreviews.authorization.k8s.io" && a.APIVersion == "v1":
		return s.selfAccess(r, who)
	case a.Verb == "get" || a.Verb == "list":
		return s.read(r, a)
	}
	// What it stands in for would do it: that is no answer to give.
	return nil, &apierrors.StatusError{ErrStatus: metav1.Status{Status: metav1.StatusFailure, Code: http.StatusMethodNotAllowed, Reason: metav1.StatusReasonMethodNotAllowed,
		Message: "LAB: a stand-in is for reading only and does not watch: " + a.Verb + " " + r.URL.Path}}
}

// selfAccess answers what the caller may: the same authorizer decides.
func (s *server) selfAccess(r *http.Request, who user.Info) (any, error) {
	var review authorizationv1.SelfSubjectAccessReview
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 1<<20)).Decode(&review); err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	a := authorizer.AttributesRecord{User: who}
	switch q, url := review.Spec.ResourceAttributes, review.Spec.NonResourceAttributes; {
	case q != nil && url == nil:
		a.ResourceRequest, a.Verb, a.APIGroup, a.APIVersion = true, q.Verb, q.Group, q.Version
		a.Namespace, a.Resource, a.Subresource, a.Name = q.Namespace, q.Resource, q.Subresource, q.Name
	case url != nil && q == nil:
		a.Verb, a.Path = url.Verb, url.Path
	default:
		return nil, apierrors.NewBadRequest("exactly one of resourceAttributes and nonResourceAttributes is needed")
	}
	decision, reason, err := s.authorizer().Authorize(r.Context(), a)
	review.Status = authorizationv1.SubjectAccessReviewStatus{Allowed: decision == authorizer.DecisionAllow, Denied: decision == authorizer.DecisionDeny, Reason: reason}
	if err != nil {
		review.Status.EvaluationError = err.Error()
	}
	review.Kind, review.APIVersion = "SelfSubjectAccessReview", "authorization.k8s.io/v1"
	return review, nil
}

// authenticate asks the guard, as kube-apiserver's webhook does.
func (s *server) authenticate(r *http.Request) (*user.DefaultInfo, bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return nil, false
	}
	var review struct {
		Status struct {
			Authenticated bool
			User          struct {
				Username string
				Groups   []string
				Extra    map[string][]string
			}
		}
	}
	err := s.ask(guard.TokenReviewPath, object{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": object{"token": strings.TrimSpace(token)}}, &review)
	if err != nil || !review.Status.Authenticated {
		return nil, false
	}
	u := review.Status.User
	return &user.DefaultInfo{Name: u.Username, Groups: append(slices.Clone(u.Groups), user.AllAuthenticated), Extra: u.Extra}, true
}

// ask posts a review to the guard of this cluster.
func (s *server) ask(path string, review, into any) error {
	text, err := json.Marshal(review)
	if err != nil {
		return err
	}
	g := &guard.Server{State: s.fleet.State, Key: s.fleet.Key, ClusterID: s.id}
	rec := httptest.NewRecorder()
	g.ServeHTTP(rec, httptest.NewRequest(http.MethodPost, path, bytes.NewReader(text)))
	if rec.Code != http.StatusOK {
		return errors.New("ask guard: " + strings.TrimSpace(rec.Body.String()))
	}
	return json.Unmarshal(rec.Body.Bytes(), into)
}
