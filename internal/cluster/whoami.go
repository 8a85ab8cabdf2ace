package cluster

import (
	"context"
	"fmt"
	"net/http"

	authv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/postern-dev/postern/internal/snapshot"
)

// reviewVersions are the versions of SelfSubjectReview, newest first: v1 since
// Kubernetes 1.28, v1beta1 since 1.27, v1alpha1 in 1.26. Their fields are the same.
var reviewVersions = []string{"v1", "v1beta1", "v1alpha1"}

// WhoAmI asks the server who it takes the caller for.
func (c *Client) WhoAmI(ctx context.Context) (snapshot.Identity, error) {
	for _, version := range reviewVersions {
		review, err := c.review(ctx, "authentication.k8s.io/"+version)
		if err == nil {
			return identity(review), nil
		}
		if faultOf(err) != FaultNotFound {
			return snapshot.Identity{}, explainForbidden(err)
		}
	}
	return snapshot.Identity{}, c.tooOld(ctx)
}

func (c *Client) review(ctx context.Context, apiVersion string) (authv1.SelfSubjectReview, error) {
	in := authv1.SelfSubjectReview{TypeMeta: metav1.TypeMeta{APIVersion: apiVersion, Kind: "SelfSubjectReview"}}
	out := authv1.SelfSubjectReview{}
	err := c.do(ctx, http.MethodPost, "/apis/"+apiVersion+"/selfsubjectreviews", in, &out)
	if err == nil && out.Status.UserInfo.Username == "" {
		err = &Error{Fault: FaultServer, Msg: c.Server() + " answered a SelfSubjectReview without a user name", Hint: "is this a Kubernetes API server?"}
	}
	out.APIVersion = apiVersion
	return out, err
}

func identity(review authv1.SelfSubjectReview) snapshot.Identity {
	u := review.Status.UserInfo
	id := snapshot.Identity{User: u.Username, UID: u.UID, Groups: u.Groups, API: review.APIVersion}
	for key, values := range u.Extra {
		if id.Extra == nil {
			id.Extra = map[string][]string{}
		}
		id.Extra[key] = values
	}
	return id
}

func explainForbidden(err error) error {
	if faultOf(err) != FaultForbidden {
		return err
	}
	return &Error{FaultForbidden, "ask who I am: " + err.Error(), "every authenticated user may ask through ClusterRole system:basic-user; this cluster has taken that away", err}
}

// tooOld names the server's version, which is what the user needs next.
func (c *Client) tooOld(ctx context.Context) error {
	version, err := c.version(ctx)
	if err != nil {
		return &Error{FaultServer, c.Server() + " has no SelfSubjectReview and tells no version", "is this a Kubernetes API server?", err}
	}
	return &Error{
		Fault: FaultServer,
		Msg:   fmt.Sprintf("%s is Kubernetes %s, which cannot tell a caller who it is", c.Server(), version),
		Hint:  "SelfSubjectReview came with Kubernetes 1.27 (v1beta1, off by default) and 1.28 (v1)",
	}
}
