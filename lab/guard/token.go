package guard

import (
	"fmt"

	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/lab/entra"
)

// overageApp is the refusal of an application whose groups did not fit into its
// token: the directory is asked on behalf of a person only.
const overageApp = "service principal with group membership exceeding 200 is not supported"

// authenticate answers a TokenReview. A token that is not Entra's, or a cluster
// without Entra integration, is not authenticated and carries no error, so that
// the API server goes on to its other authenticators.
func (s *Server) authenticate(r *tokenReview) {
	token := r.Spec.Token
	r.Spec.Token = "" // the answer does not carry it back
	r.Status = tokenStatus{}
	world, settings := s.settings()
	if !settings.Entra() {
		return
	}
	t, err := s.verify(world, token)
	if err == nil && t.Audience != entra.AKSServerApp && t.Audience != "spn:"+entra.AKSServerApp {
		err = fmt.Errorf("token is for %s, not for this cluster's application %s", t.Audience, entra.AKSServerApp)
	}
	if err == nil && t.App && t.Overage {
		err = fmt.Errorf("%s", overageApp)
	}
	if err != nil {
		r.Status.Error = err.Error()
		s.logf('E', "graph.go:271", "token rejected: %v", err)
		return
	}
	r.Status = tokenStatus{Authenticated: true, User: identity(world, t)}
	s.logf('I', "azure.go:212", "authenticated user %q oid %q with %d groups", r.Status.User.Username, t.ObjectID, len(r.Status.User.Groups))
}

// identity names a principal as AKS does: people by UPN, guests and
// applications by object id, groups by object id, the object id in extra.
func identity(w *cloud.World, t entra.Token) *user {
	u := &user{Username: t.UPN, Groups: t.Groups, Extra: map[string][]string{"oid": {t.ObjectID}}}
	if u.Username == "" {
		u.Username = t.ObjectID
	}
	if t.Overage {
		u.Groups = w.TransitiveGroups(t.ObjectID)
	}
	return u
}
