package rbac

import (
	"strconv"
	"strings"
)

// Version is an API server's version as far as authorization depends on it. The
// zero Version is unknown.
type Version struct {
	Major int `json:"major"`
	Minor int `json:"minor"`
}

// Newest is the version whose rules are assumed where a server's is unknown.
func Newest() Version { return Version{1, 36} }

// ParseVersion reads v1.35.2, 1.35+ or 1.36.3-eks-1; ok is false where the text
// does not start with two numbers.
func ParseVersion(text string) (v Version, ok bool) {
	text = strings.TrimPrefix(strings.TrimSpace(text), "v")
	major, rest, found := strings.Cut(text, ".")
	if !found {
		return Version{}, false
	}
	minor := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
	if tail := rest[len(minor):]; tail != "" && !strings.ContainsAny(tail[:1], ".+-") {
		return Version{}, false
	}
	var err error
	if v.Major, err = strconv.Atoi(major); err != nil || v.Major < 0 {
		return Version{}, false
	}
	if v.Minor, err = strconv.Atoi(minor); err != nil {
		return Version{}, false
	}
	return v, v != Version{}
}

// Known reports whether the version is known.
func (v Version) Known() bool { return v != Version{} }

// AtLeast reports whether v is this version or a later one. An unknown version
// counts as Newest.
func (v Version) AtLeast(major, minor int) bool {
	if !v.Known() {
		v = Newest()
	}
	return v.Major > major || v.Major == major && v.Minor >= minor
}

// String is 1.35; "unknown" for the zero Version.
func (v Version) String() string {
	if !v.Known() {
		return "unknown"
	}
	return strconv.Itoa(v.Major) + "." + strconv.Itoa(v.Minor)
}

// Connects reports whether the request opens a stream to a pod: exec, attach or
// port-forward.
func (r Request) Connects() bool {
	if r.Path != "" || r.APIGroup != "" || r.Resource != "pods" {
		return false
	}
	return r.Subresource == "exec" || r.Subresource == "attach" || r.Subresource == "portforward"
}

// Connect is everything an API server of this version authorizes when the
// request arrives; all of it must be allowed. That is the request itself but for
// streams to pods: kubectl opens them over WebSocket, which is a GET and so
// authorized as get, and from Kubernetes 1.35 the server asks for create too
// (feature AuthorizePodWebsocketUpgradeCreatePermission, on by default, checked
// by kubernetes/pkg/registry/core/pod/rest). Older clients and the fallback use
// SPDY, a POST: create, in every version, and nothing else.
func Connect(v Version, q Request) []Request {
	asked := []Request{q}
	if !q.Connects() || q.Verb == "create" {
		return asked
	}
	if v.AtLeast(1, 35) {
		also := q
		also.Verb = "create"
		asked = append(asked, also)
	}
	return asked
}
