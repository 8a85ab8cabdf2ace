package snapshot

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// TenantKind begins the file of a tenant; its version is APIVersion.
const TenantKind = "TenantSnapshot"

// tenantForm is a tenant as docs/schema/tenantsnapshot.json describes it.
type tenantForm struct {
	head
	MadeBy     string           `json:"madeBy,omitempty"`
	Tenant     Tenant           `json:"tenant"`
	Kubernetes []kubernetesForm `json:"kubernetes"` // of the clusters whose API server was asked
}

// kubernetesForm is what one API server said: a whole snapshot file.
type kubernetesForm struct {
	Cluster  string `json:"cluster"` // ARM id, among those of Tenant
	Snapshot form   `json:"snapshot"`
}

// EncodeTenant writes the file form, the Kubernetes parts included.
func EncodeTenant(w io.Writer, t *Tenant, madeBy string) error {
	f := tenantForm{head: head{TenantKind, APIVersion}, MadeBy: madeBy, Tenant: t.listed(), Kubernetes: []kubernetesForm{}}
	for _, c := range t.Clusters {
		if c.Kubernetes != nil {
			f.Kubernetes = append(f.Kubernetes, kubernetesForm{c.ID, newForm(c.Kubernetes, madeBy)})
		}
	}
	out := json.NewEncoder(w)
	out.SetIndent("", " ")
	out.SetEscapeHTML(false)
	if err := out.Encode(f); err != nil {
		return fmt.Errorf("write snapshot: %w", err)
	}
	return nil
}

// WriteTenant is Write for a tenant: whole or not at all, the owner's only.
func (f File) WriteTenant(t *Tenant, madeBy string) (size int64, err error) {
	return f.write(func(w io.Writer) error { return EncodeTenant(w, t, madeBy) })
}

// IsTenant reports whether data is a tenant's file, of whatever version, cut off
// or broken behind its first fields though it may be.
func IsTenant(data []byte) bool {
	h, _ := readHead(data)
	return h.Kind == TenantKind && strings.HasPrefix(h.APIVersion, apiGroup)
}

// DecodeTenant reads the file form, as strictly as Decode.
func DecodeTenant(data []byte, name string) (*Tenant, error) {
	h, _ := readHead(data)
	switch {
	case h.Kind != TenantKind:
		return nil, &FileError{Name: name, Msg: fmt.Sprintf("kind is %q, not %s", h.Kind, TenantKind)}
	case h.APIVersion != APIVersion:
		return nil, versionError(name, h.APIVersion)
	}
	var f tenantForm
	in := json.NewDecoder(bytes.NewReader(data))
	in.DisallowUnknownFields()
	if err := in.Decode(&f); err != nil {
		return nil, jsonError(data, name, in.InputOffset(), err)
	}
	if rest := bytes.TrimSpace(data[in.InputOffset():]); len(rest) > 0 {
		at := int64(len(data) - len(bytes.TrimLeft(data[in.InputOffset():], " \t\r\n")))
		return nil, positioned(&FileError{Name: name, Offset: at, Msg: "something follows the snapshot", Hint: "one file holds one tenant"}, data)
	}
	t, err := f.tenant()
	if err != nil {
		return nil, &FileError{Name: name, Msg: err.Error(), Err: err}
	}
	return t, nil
}

// tenant checks what the types do not, and gives each cluster its part.
func (f tenantForm) tenant() (*Tenant, error) {
	t := &f.Tenant
	switch {
	case t.Taken.IsZero():
		return nil, errors.New("tenant.taken is missing: when was it read?")
	case t.Unread == nil:
		return nil, errors.New("tenant.unread is missing: what could not be read?")
	case t.Clusters == nil:
		return nil, errors.New("tenant.clusters is missing")
	case f.Kubernetes == nil:
		return nil, errors.New("kubernetes is missing: what did the API servers say?")
	}
	// A list that is not there says nothing; one that is empty says that there is nothing.
	for _, list := range []struct {
		name  string
		there bool
	}{
		{"subscriptions", t.Subscriptions != nil}, {"fleets", t.Fleets != nil}, {"assignments", t.Assignments != nil}, {"eligible", t.Eligible != nil},
		{"definitions", t.Definitions != nil}, {"denies", t.Denies != nil}, {"principals", t.Principals != nil},
		{"directoryRoles", t.DirectoryRoles != nil}, {"appRoles", t.AppRoles != nil}, {"activity", t.Activity != nil},
	} {
		if !list.there {
			return nil, fmt.Errorf("tenant.%s is missing: was it read?", list.name)
		}
	}
	for i, u := range t.Unread {
		if u.Piece == "" || u.Why == "" {
			return nil, fmt.Errorf("tenant.unread[%d] does not say what and why", i)
		}
	}
	at := map[string]*AzureCluster{}
	for i := range t.Clusters {
		c := &t.Clusters[i]
		key := strings.ToLower(c.ID)
		switch {
		case c.ID == "":
			return nil, fmt.Errorf("tenant.clusters[%d] has no id", i)
		case at[key] != nil:
			return nil, fmt.Errorf("tenant.clusters[%d]: %s is there twice", i, c.ID)
		}
		at[key] = c
		c.Raw = compact(c.Raw)
		for j := range c.Diagnostic {
			c.Diagnostic[j] = compact(c.Diagnostic[j])
		}
	}
	for i, k := range f.Kubernetes {
		c := at[strings.ToLower(k.Cluster)]
		switch {
		case c == nil:
			return nil, fmt.Errorf("kubernetes[%d].cluster: %q is no cluster of the tenant", i, k.Cluster)
		case c.Kubernetes != nil:
			return nil, fmt.Errorf("kubernetes[%d].cluster: %s is there twice", i, k.Cluster)
		case k.Snapshot.Kind != Kind || k.Snapshot.APIVersion != APIVersion:
			return nil, fmt.Errorf("kubernetes[%d].snapshot is %s %s, not %s %s", i, k.Snapshot.APIVersion, k.Snapshot.Kind, APIVersion, Kind)
		}
		if err := k.Snapshot.valid(); err != nil {
			return nil, fmt.Errorf("kubernetes[%d].snapshot: %w", i, err)
		}
		c.Kubernetes = k.Snapshot.snapshot()
	}
	return t, nil
}

// compact undoes the file's indentation.
func compact(raw json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	if raw == nil || json.Compact(&b, raw) != nil {
		return raw
	}
	return b.Bytes()
}

// listed has [] where nothing is: in the file null would say that it was not
// read, and that is Unread's to say.
func (t *Tenant) listed() Tenant {
	c := *t
	c.Taken = c.Taken.UTC()
	fill(&c.Subscriptions)
	fill(&c.Clusters)
	fill(&c.Fleets)
	fill(&c.Assignments)
	fill(&c.Eligible)
	fill(&c.Definitions)
	fill(&c.Denies)
	fill(&c.Principals)
	fill(&c.DirectoryRoles)
	fill(&c.AppRoles)
	fill(&c.Activity)
	fill(&c.Unread)
	return c
}

func fill[T any](list *[]T) {
	if *list == nil {
		*list = []T{}
	}
}
