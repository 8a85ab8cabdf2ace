package access

import (
	"fmt"

	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

// Also is a request that the server authorizes beside the one asked about, or
// that clients send in its place.
type Also struct {
	Request rbac.Request
	Allowed snapshot.Answer
	Why     string
}

// version is the server's, else the newest known here.
func (a *Asker) version() (v rbac.Version, assumed bool) {
	if v, ok := rbac.ParseVersion(a.snapshot.Version); ok {
		return v, a.snapshot.VersionAssumed
	}
	return rbac.Newest(), true
}

// also answers for the verbs beside the asked one that a stream needs.
func (a *Asker) also(q Question, v rbac.Version) []Also {
	all := streamed(q.Request, v)
	for i := range all {
		other := q
		other.Request = all[i].Request
		all[i].Allowed = a.decide(other).allowed
	}
	return all
}

// streamed are the requests that open a stream to a pod, without the asked one.
func streamed(q rbac.Request, v rbac.Version) (all []Also) {
	if !q.Connects() {
		return nil
	}
	stream := q
	stream.Verb = "get" // what kubectl sends: a WebSocket is opened by GET
	for _, r := range rbac.Connect(v, stream) {
		if r != q {
			all = append(all, Also{Request: r, Why: streams(r, v)})
		}
	}
	return all
}

func streams(r rbac.Request, v rbac.Version) string {
	what := map[string]string{"exec": "kubectl exec", "attach": "kubectl attach", "portforward": "kubectl port-forward"}[r.Subresource]
	if r.Verb == "create" {
		return fmt.Sprintf("%s over WebSocket: Kubernetes %s asks for create too (from 1.35)", what, v)
	}
	return what + " over WebSocket is a get"
}

// notes say how far the answer carries.
func (a *Asker) notes(r Answer) []string {
	switch {
	case r.Allowed == snapshot.Yes:
		return nil
	case r.Groups == GroupsOpen:
		return []string{fmt.Sprintf("the groups of %s come with its sign-in and are not known here: the answer is for the name alone, --as-group tells groups", SubjectOf(r.Who))}
	case r.Who.Username == "" && r.Groups == GroupsFixed:
		return []string{fmt.Sprintf("the answer is for being in %s alone: its members may be allowed by name or by other groups", SubjectOf(r.Who))}
	}
	return nil
}

func (a *Asker) limits() (limits []string) {
	if a.snapshot.Source.Kind == snapshot.Files && !a.snapshot.RBAC.Complete {
		limits = append(limits, "what the cluster holds beside these manifests")
	}
	if a.snapshot.Source.Kind == snapshot.Cluster && a.azure == nil && !a.snapshot.Missing(snapshot.Azure) {
		limits = append(limits, "Azure role assignments")
	}
	return append(limits, AzureUnexamined(a.snapshot.Azure)...)
}
