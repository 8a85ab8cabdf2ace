package snapshot

import (
	"time"

	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/azrbac"
	"github.com/postern-dev/postern/rbac/resource"
)

// Kind and APIVersion begin every snapshot file. A field may be added within a
// version only if older readers would not answer wrongly without it; they
// refuse what they do not know.
const (
	Kind       = "Snapshot"
	APIVersion = "postern.dev/v1"

	apiGroup = "postern.dev/"
)

// head tells what a file is.
type head struct {
	Kind       string `json:"kind"`
	APIVersion string `json:"apiVersion"`
}

// form is a snapshot as docs/schema/snapshot.json describes it.
type form struct {
	head
	MadeBy           string              `json:"madeBy,omitempty"` // the program and its version
	Name             string              `json:"name"`
	Taken            time.Time           `json:"taken"`
	Source           Source              `json:"source"`
	Identity         *identityForm       `json:"identity,omitempty"`
	Version          string              `json:"version,omitempty"`
	DefaultNamespace string              `json:"defaultNamespace,omitempty"`
	Tenant           string              `json:"tenant,omitempty"`
	Unknown          []unknownForm       `json:"unknown"`
	Remarks          []remarkForm        `json:"remarks,omitempty"`
	RBAC             rbac.Policy         `json:"rbac"`
	Namespaces       []Namespace         `json:"namespaces"` // null: not read
	Resources        []resource.Resource `json:"resources"`  // null: not read
	Unserved         []string            `json:"unserved,omitempty"`
	Azure            *azrbac.Facts       `json:"azure"` // null: not read
	// These three came later; null, or absent: not read.
	Requests     []CertificateRequest `json:"certificateRequests"` // null: not read
	TokenSecrets []TokenSecret        `json:"tokenSecrets"`
	ClientCAs    []Authority          `json:"clientCAs"`
	// These came later still, and are absent where they were not read.
	ServiceAccounts []ServiceAccount `json:"serviceAccounts,omitzero"`
	Pods            []Pod            `json:"pods,omitzero"`
}

type identityForm struct {
	User   string              `json:"user"`
	UID    string              `json:"uid,omitempty"`
	Groups []string            `json:"groups,omitempty"`
	Extra  map[string][]string `json:"extra,omitempty"`
	API    string              `json:"api,omitempty"`
}

type unknownForm struct {
	What string `json:"what"`
	Why  string `json:"why"`
	Hint string `json:"hint,omitempty"`
}

type remarkForm struct {
	Text string `json:"text"`
}

func newForm(s *Snapshot, madeBy string) form {
	f := form{
		head: head{Kind, APIVersion}, MadeBy: madeBy,
		Name: s.Name, Taken: s.Taken.UTC(), Source: s.Source, Identity: (*identityForm)(s.Identity),
		Version: s.Version, DefaultNamespace: s.DefaultNamespace, Tenant: s.Tenant,
		Unknown: []unknownForm{}, RBAC: s.RBAC, Namespaces: s.Namespaces, Resources: s.Resources, Unserved: s.Unserved, Azure: s.Azure,
		Requests: s.Requests, TokenSecrets: s.TokenSecrets, ClientCAs: s.ClientCAs, ServiceAccounts: s.ServiceAccounts, Pods: s.Pods,
	}
	fill(&f.RBAC.Roles) // empty is none, absent is not read
	fill(&f.RBAC.Bindings)
	for _, u := range s.Unknown {
		f.Unknown = append(f.Unknown, unknownForm(u))
	}
	for _, r := range s.Remarks {
		f.Remarks = append(f.Remarks, remarkForm(r))
	}
	return f
}

func (f form) snapshot() *Snapshot {
	s := &Snapshot{
		Name: f.Name, Taken: f.Taken, Source: f.Source, Identity: (*Identity)(f.Identity),
		Version: f.Version, DefaultNamespace: f.DefaultNamespace, Tenant: f.Tenant,
		RBAC: f.RBAC, Namespaces: f.Namespaces, Resources: f.Resources, Unserved: f.Unserved, Azure: f.Azure,
		Requests: f.Requests, TokenSecrets: f.TokenSecrets, ClientCAs: f.ClientCAs, ServiceAccounts: f.ServiceAccounts, Pods: f.Pods,
	}
	if len(s.RBAC.Roles) == 0 {
		s.RBAC.Roles = nil
	}
	if len(s.RBAC.Bindings) == 0 {
		s.RBAC.Bindings = nil
	}
	for _, u := range f.Unknown {
		s.Unknown = append(s.Unknown, Unknown(u))
	}
	for _, r := range f.Remarks {
		s.Remarks = append(s.Remarks, Remark(r))
	}
	return s
}
