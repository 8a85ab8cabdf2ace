package access

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

// Change is something that differs between two snapshots of one cluster.
type Change struct {
	Kind      string       `json:"kind"` // binding, role, token secret, certificate request, client CA, version
	Added     bool         `json:"added,omitempty"`
	Gone      bool         `json:"gone,omitempty"`
	Namespace string       `json:"namespace,omitempty"`
	Name      string       `json:"name"`
	Subject   rbac.Subject `json:"subject,omitzero"` // of bindings: whom
	Role      rbac.RoleRef `json:"role,omitzero"`    // of bindings: to what
	Gained    []rbac.Rule  `json:"gained,omitempty"` // of roles: what is allowed now and was not
	Lost      []rbac.Rule  `json:"lost,omitempty"`   // of roles: the reverse
	Text      string       `json:"text,omitempty"`
}

// More reports whether the change gives somebody more than before.
func (c Change) More() bool {
	switch c.Kind {
	case "binding", "token secret", "certificate request":
		return c.Added
	case "role":
		return len(c.Gained) > 0 && !c.Added
	}
	return false
}

// Comparison is what changed between two snapshots of one cluster.
type Comparison struct {
	Old           time.Time `json:"old"`
	New           time.Time `json:"new"`
	Changes       []Change  `json:"changes"`
	NotComparable []string  `json:"notComparable"` // what one of the two could not read
}

// Changes says what is new in a cluster. A part that one of the two could not
// read is not compared.
func Changes(old, new *snapshot.Snapshot) Comparison {
	c := Comparison{Old: old.Taken, New: new.Taken, Changes: []Change{}, NotComparable: []string{}}
	both := func(parts ...string) bool {
		ok := true
		for _, part := range parts {
			for _, s := range []*snapshot.Snapshot{old, new} {
				for _, u := range s.Unknown {
					if u.What == part {
						ok = false
						c.NotComparable = append(c.NotComparable, part+": "+u.Why)
					}
				}
			}
		}
		return ok
	}
	was, is := rbac.NewIndex(old.RBAC).Policy(), rbac.NewIndex(new.RBAC).Policy()
	if both(snapshot.ClusterRoleBindings, snapshot.RoleBindings) {
		c.bindings(was, is)
	}
	if both(snapshot.ClusterRoles, snapshot.Roles) {
		c.roles(was, is)
	}
	if both(snapshot.TokenSecretList) && old.TokenSecrets != nil && new.TokenSecrets != nil {
		between(&c, old.TokenSecrets, new.TokenSecrets, func(s snapshot.TokenSecret) Change {
			return Change{Kind: "token secret", Namespace: s.Namespace, Name: s.Name, Text: "a token without an end of ServiceAccount " + s.Namespace + "/" + s.ServiceAccount}
		})
	}
	if both(snapshot.CSRs) && old.Requests != nil && new.Requests != nil {
		between(&c, approved(old.Requests), approved(new.Requests), func(r snapshot.CertificateRequest) Change {
			return Change{Kind: "certificate request", Name: r.Name, Text: "approved for " + r.User + " by signer " + r.Signer}
		})
	}
	if both(snapshot.ClientCA) && old.ClientCAs != nil && new.ClientCAs != nil {
		between(&c, old.ClientCAs, new.ClientCAs, func(a snapshot.Authority) Change {
			return Change{Kind: "client CA", Name: a.Subject, Text: "from " + a.NotBefore.UTC().Format(time.RFC3339) + ", SHA-256 " + a.SHA256}
		})
	}
	if old.Version != new.Version && old.Version != "" && new.Version != "" {
		c.Changes = append(c.Changes, Change{Kind: "version", Name: new.Version, Text: "was " + old.Version})
	}
	slices.Sort(c.NotComparable)
	c.NotComparable = slices.Compact(c.NotComparable)
	return c
}

// More reports whether somebody has more than before.
func (c Comparison) More() bool { return slices.ContainsFunc(c.Changes, Change.More) }

func approved(all []snapshot.CertificateRequest) []snapshot.CertificateRequest {
	return slices.DeleteFunc(slices.Clone(all), func(r snapshot.CertificateRequest) bool { return !r.Approved })
}

// between notes what came and what went of a list; say makes the change of one.
func between[T any](c *Comparison, old, new []T, say func(T) Change) {
	keys := func(list []T) map[string]bool {
		m := map[string]bool{}
		for _, v := range list {
			m[key(say(v))] = true
		}
		return m
	}
	was, is := keys(old), keys(new)
	var changes []Change
	for _, v := range new {
		if x := say(v); !was[key(x)] {
			x.Added = true
			changes = append(changes, x)
		}
	}
	for _, v := range old {
		if x := say(v); !is[key(x)] {
			x.Gone = true
			changes = append(changes, x)
		}
	}
	slices.SortStableFunc(changes, func(a, b Change) int { return strings.Compare(key(a), key(b)) })
	c.Changes = append(c.Changes, changes...)
}

func key(c Change) string {
	return strings.Join([]string{c.Namespace, c.Name, string(c.Subject.Kind), c.Subject.Namespace, c.Subject.Name, string(c.Role.Kind), c.Role.Name, c.Text}, "\x00")
}

// bindings compares them Subject by Subject.
func (c *Comparison) bindings(was, is rbac.Policy) {
	flat := func(p rbac.Policy) (all []Change) {
		for _, b := range p.Bindings {
			for _, s := range b.Subjects {
				if s.Kind == rbac.ServiceAccountKind && s.Namespace == "" {
					s.Namespace = b.Namespace
				}
				all = append(all, Change{Kind: "binding", Namespace: b.Namespace, Name: b.Name, Subject: s, Role: b.Role})
			}
		}
		return all
	}
	between(c, flat(was), flat(is), func(x Change) Change { return x })
}

// roles compares what they allow, not how it is written.
func (c *Comparison) roles(was, is rbac.Policy) {
	before := map[string]rbac.Role{}
	name := func(r rbac.Role) string { return r.Namespace + "\x00" + r.Name }
	for _, r := range was.Roles {
		before[name(r)] = r
	}
	var changes []Change
	for _, r := range is.Roles {
		o, had := before[name(r)]
		delete(before, name(r))
		x := Change{Kind: "role", Namespace: r.Namespace, Name: r.Name, Added: !had, Gained: rbac.Difference(r.Rules, o.Rules), Lost: rbac.Difference(o.Rules, r.Rules)}
		if x.Added || len(x.Gained) > 0 || len(x.Lost) > 0 {
			changes = append(changes, x)
		}
	}
	for _, r := range before {
		changes = append(changes, Change{Kind: "role", Namespace: r.Namespace, Name: r.Name, Gone: true, Lost: r.Rules})
	}
	slices.SortFunc(changes, func(a, b Change) int {
		return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name))
	})
	c.Changes = append(c.Changes, changes...)
}
