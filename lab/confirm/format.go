package confirm

import (
	"encoding/json"

	authorizationv1 "k8s.io/api/authorization/v1"
)

// Line is one line of what is asked and, with the rest filled in, of what is
// recorded: the cluster before any world, then one line a world.
type Line struct {
	Base      []json.RawMessage `json:"base,omitempty"`    // RBAC objects of the cluster itself
	Seed      uint64            `json:"seed,omitempty"`    // of the world
	Written   []json.RawMessage `json:"written,omitempty"` // the world's objects
	Live      []json.RawMessage `json:"live,omitempty"`    // objects that were not as in Base
	Refused   []string          `json:"refused,omitempty"` // what the API server did not take, and why
	Questions []Question        `json:"questions,omitempty"`
}

// Question is one SubjectAccessReview, kept apart from the object for its size.
type Question struct {
	Family string                                    `json:"family"`
	WhoCan bool                                      `json:"whoCan,omitempty"`
	Spec   authorizationv1.SubjectAccessReviewSpec   `json:"spec"`
	Status authorizationv1.SubjectAccessReviewStatus `json:"status"`
}
