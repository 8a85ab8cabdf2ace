package cluster

import (
	"context"
	"net/http"

	authzv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// AllowsAll asks the server whether the caller may everything on everything
// (SelfSubjectAccessReview for * on *.*, in all namespaces).
func (c *Client) AllowsAll(ctx context.Context) (bool, error) {
	in := authzv1.SelfSubjectAccessReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "authorization.k8s.io/v1", Kind: "SelfSubjectAccessReview"},
		Spec:     authzv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authzv1.ResourceAttributes{Verb: "*", Group: "*", Version: "*", Resource: "*"}},
	}
	out := authzv1.SelfSubjectAccessReview{}
	if err := c.do(ctx, http.MethodPost, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", in, &out); err != nil {
		return false, err
	}
	return out.Status.Allowed, nil
}
