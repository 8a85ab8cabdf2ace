package snapshot

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/postern-dev/postern/rbac"
)

// distinct gives each snapshot a name of its own: two clusters may be called
// alike, and one may have been read twice. Equal names get their files' names,
// equal files' names their directories too.
func distinct(all []*Snapshot) []*Snapshot {
	for _, label := range []func(*Snapshot) string{
		func(s *Snapshot) string { return filepath.Base(s.File) },
		func(s *Snapshot) string { return s.File },
	} {
		taken := map[string]int{}
		for _, s := range all {
			taken[s.Name]++
		}
		for _, s := range all {
			if taken[s.Name] > 1 && s.File != "" {
				s.Name = strings.TrimSuffix(s.Name, " ("+filepath.Base(s.File)+")") + " (" + label(s) + ")"
			}
		}
	}
	return all
}

// dangling remarks on what manifests lack of what they refer to: the answer
// speaks of the manifests, and the cluster may hold more.
func (s *Snapshot) dangling() {
	held := map[rbac.RoleRef]map[string]bool{} // by namespace
	for _, r := range s.RBAC.Roles {
		if held[r.Ref()] == nil {
			held[r.Ref()] = map[string]bool{}
		}
		held[r.Ref()][r.Namespace] = true
	}
	var absent []string
	for _, b := range s.RBAC.Bindings {
		namespace, label := "", string(b.Role.Kind)+" "+b.Role.Name
		if b.Role.Kind == rbac.RoleRoleKind {
			namespace, label = b.Namespace, string(b.Role.Kind)+" "+b.Namespace+"/"+b.Role.Name
		}
		if !held[b.Role][namespace] {
			absent = append(absent, label)
		}
	}
	slices.Sort(absent)
	absent = slices.Compact(absent)
	if len(absent) == 0 {
		return
	}
	const most = 5
	text := strings.Join(absent[:min(most, len(absent))], ", ")
	if len(absent) > most {
		text += fmt.Sprintf(" and %d more", len(absent)-most)
	}
	s.remark("not in these manifests, but bound by them: %s; what these roles allow is unknown", text)
}
