package guard

// The parts of authentication.k8s.io/v1 TokenReview and authorization.k8s.io/v1
// SubjectAccessReview that a webhook reads and answers.

type meta struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
}

type tokenReview struct {
	meta
	Spec struct {
		Token     string   `json:"token"`
		Audiences []string `json:"audiences,omitempty"`
	} `json:"spec"`
	Status tokenStatus `json:"status"`
}

type tokenStatus struct {
	Authenticated bool   `json:"authenticated,omitempty"`
	User          *user  `json:"user,omitempty"`
	Error         string `json:"error,omitempty"`
}

type user struct {
	Username string              `json:"username"`
	UID      string              `json:"uid,omitempty"`
	Groups   []string            `json:"groups,omitempty"`
	Extra    map[string][]string `json:"extra,omitempty"`
}

type accessReview struct {
	meta
	Spec   accessSpec   `json:"spec"`
	Status accessStatus `json:"status"`
}

type accessSpec struct {
	User        string              `json:"user"`
	Groups      []string            `json:"groups,omitempty"`
	Extra       map[string][]string `json:"extra,omitempty"`
	Resource    *resource           `json:"resourceAttributes,omitempty"`
	NonResource *nonResource        `json:"nonResourceAttributes,omitempty"`
}

type resource struct {
	Namespace   string `json:"namespace,omitempty"`
	Verb        string `json:"verb"`
	Group       string `json:"group,omitempty"`
	Version     string `json:"version,omitempty"`
	Resource    string `json:"resource"`
	Subresource string `json:"subresource,omitempty"`
	Name        string `json:"name,omitempty"`
}

type nonResource struct {
	Path string `json:"path"`
	Verb string `json:"verb"`
}

type accessStatus struct {
	Allowed bool   `json:"allowed"`
	Denied  bool   `json:"denied,omitempty"`
	Reason  string `json:"reason,omitempty"`
}
