package cli

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/postern-dev/postern/audit"
	"github.com/postern-dev/postern/audit/aks"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/internal/store"
	"github.com/postern-dev/postern/internal/store/duck"
	"github.com/postern-dev/postern/rbac/azrbac"
)

// snapshotScheme begins a source that is a snapshot file, not events.
const snapshotScheme = "snapshot"

// snapshotPaths takes the snapshot files out of --from.
func snapshotPaths(from []string) (files, others []string) {
	for _, s := range from {
		if path, ok := strings.CutPrefix(s, snapshotScheme+":"); ok {
			files = append(files, path)
		} else {
			others = append(others, s)
		}
	}
	return files, others
}

// putSnapshots reads snapshot files and puts them into the store.
func putSnapshots(ctx context.Context, env *Env, st *duck.Store, files []string) error {
	for _, path := range files {
		all, err := env.storeSnapshots(ctx, path)
		if err != nil {
			return err
		}
		for _, n := range all {
			taken, err := st.PutSnapshot(ctx, n)
			if err != nil {
				return err
			}
			if !taken {
				env.Say("%s: the store has a later snapshot of %s, which stays", path, n.Scope)
				continue
			}
			env.Say("%s: %s, %s and %s of %s", path, count(len(n.Principals), "principal"), count(len(n.Bindings), "binding"), count(len(n.RoleAssignments), "role assignment"), n.Scope)
		}
	}
	return nil
}

// clusterRows are the bindings of one cluster's snapshot.
func clusterRows(s *snapshot.Snapshot, source string) store.Snapshot {
	scope := s.Name
	if s.Azure != nil && s.Azure.ClusterID != "" {
		scope = s.Azure.ClusterID
	}
	if strings.HasPrefix(scope, "/") {
		scope = aks.ClusterOf(scope)
	}
	n := store.Snapshot{Scope: scope, Taken: snapshotTicks(s.Taken), Source: source}
	for _, b := range s.RBAC.Bindings {
		row := store.Binding{Cluster: scope, Kind: b.Kind(), Namespace: b.Namespace, Name: b.Name, RoleKind: string(b.Role.Kind), RoleName: b.Role.Name}
		if len(b.Subjects) == 0 {
			n.Bindings = append(n.Bindings, row)
		}
		for _, subject := range b.Subjects {
			row.SubjectKind, row.SubjectNamespace, row.SubjectName = string(subject.Kind), subject.Namespace, subject.Name
			n.Bindings = append(n.Bindings, row)
		}
	}
	return n
}

// tenantRows are the principals and role assignments of a tenant.
func tenantRows(t *snapshot.Tenant, source string) store.Snapshot {
	n := store.Snapshot{Scope: strings.ToLower(t.ID), Taken: snapshotTicks(t.Taken), Source: source}
	groups := map[string][]string{}
	for _, p := range t.Principals {
		for _, m := range p.Members {
			groups[strings.ToLower(m)] = append(groups[strings.ToLower(m)], strings.ToLower(p.ID))
		}
	}
	for _, p := range t.Principals {
		id := strings.ToLower(p.ID)
		slices.Sort(groups[id])
		owners := make([]string, 0, len(p.Owners))
		for _, o := range p.Owners {
			owners = append(owners, strings.ToLower(o))
		}
		n.Principals = append(n.Principals, store.Principal{Tenant: n.Scope, ID: id, Kind: string(p.Kind), Name: p.Name, UPN: p.UPN, AppID: p.AppID,
			Guest: p.Guest, Disabled: p.Disabled, Deleted: p.Deleted, MemberOf: groups[id], Owners: owners})
	}
	names := map[string]string{}
	for _, d := range t.Definitions {
		names[lastPart(d.ID)] = d.Name
	}
	add := func(list []snapshot.Assignment, eligible bool) {
		for _, a := range list {
			role := lastPart(a.RoleDefinitionID)
			name := names[role]
			if built, ok := azrbac.Builtin(role); ok {
				name = cmp.Or(name, built.Name)
			}
			row := store.RoleAssignment{Tenant: n.Scope, ID: a.ID, PrincipalID: strings.ToLower(a.PrincipalID), PrincipalType: a.PrincipalType,
				RoleDefinitionID: role, RoleName: name, Scope: a.Scope, Condition: a.Condition, Eligible: eligible}
			if !a.Until.IsZero() {
				row.Until = snapshotTicks(a.Until)
			}
			n.RoleAssignments = append(n.RoleAssignments, row)
		}
	}
	add(t.Assignments, false)
	add(t.Eligible, true)
	return n
}

func lastPart(id string) string {
	return strings.ToLower(id[strings.LastIndexByte(id, '/')+1:])
}

func snapshotTicks(t time.Time) int64 { return int64(audit.TicksOf(t)) }

// storeSnapshots is what one file brings.
func (e *Env) storeSnapshots(ctx context.Context, path string) (all []store.Snapshot, err error) {
	tenants, clusters, _, err := snapshot.Reader{Stdin: e.Stdin}.ReadTenants(ctx, []string{path}, e.Now())
	if err != nil {
		return nil, readError(ctx, err)
	}
	for _, f := range tenants {
		all = append(all, tenantRows(f.Tenant, path))
		for _, c := range f.Tenant.Clusters {
			if c.Kubernetes != nil {
				s := *c.Kubernetes
				s.Name, s.Azure = c.ID, nil
				all = append(all, clusterRows(&s, path))
			}
		}
	}
	for _, s := range clusters {
		all = append(all, clusterRows(s, path))
	}
	if len(all) == 0 {
		return nil, usageError("postern snapshot writes them", "%s: no snapshot", path)
	}
	return all, nil
}
