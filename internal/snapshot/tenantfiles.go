package snapshot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// TenantFile is a tenant and the file it was read from.
type TenantFile struct {
	File   string
	Tenant *Tenant
}

// ReadTenants reads tenant files and the snapshot files beside them. What else
// is in the paths is left aside; names of it are in others.
func (r Reader) ReadTenants(ctx context.Context, paths []string, now time.Time) (tenants []TenantFile, snaps []*Snapshot, others []string, err error) {
	b, err := r.read(ctx, paths, now)
	if err != nil {
		return nil, nil, nil, err
	}
	others = append(others, b.manifests.Source.Files...)
	for _, f := range b.azure {
		if !slices.Contains(others, f.path) {
			others = append(others, f.path)
		}
	}
	return b.tenants, distinct(b.snapshots), others, nil
}

// addTenant takes what of a tenant's clusters has a Kubernetes part, each as a
// snapshot of its own that has Azure's part too. Of the others the reader is
// told.
func (b *bundle) addTenant(f TenantFile) error {
	t := f.Tenant
	names := t.clusterNames()
	var without []string
	found := 0
	for i := range t.Clusters {
		c := &t.Clusters[i]
		if c.Kubernetes == nil {
			without = append(without, names[i])
			continue
		}
		found++
		s := *c.Kubernetes
		s.Name, s.File = names[i], f.File
		s.Azure = t.Facts(c)
		s.Unknown = slices.DeleteFunc(slices.Clone(s.Unknown), func(u Unknown) bool { return u.What == Azure })
		s.Remarks = slices.Clone(s.Remarks)
		if s.Tenant == "" {
			s.Tenant = t.ID
		}
		s.Source.Lab = s.Source.Lab || t.Lab
		b.fromTenants = append(b.fromTenants, &s)
	}
	if found == 0 {
		return &FileError{Name: f.File, Msg: fmt.Sprintf("none of its %d clusters has a Kubernetes part: their API servers were not asked, or did not answer", len(t.Clusters)),
			Hint: "`postern doors -f " + f.File + "` answers from Azure's part; make the other part next to a cluster: postern snapshot --out FILE"}
	}
	if len(without) > 0 {
		b.manifests.remark("%s: left aside, for their API servers were not asked: %s", f.File, strings.Join(without, ", "))
	}
	return nil
}

// clusterNames are the clusters' names, with the resource group, then the id,
// where several are called alike.
func (t *Tenant) clusterNames() []string {
	names := make([]string, len(t.Clusters))
	for step := range 3 {
		taken := map[string]int{}
		for _, n := range names {
			taken[strings.ToLower(n)]++
		}
		for i := range t.Clusters {
			c := &t.Clusters[i]
			switch parts := strings.Split(c.ID, "/"); {
			case step == 0:
				names[i] = c.Name()
			case taken[strings.ToLower(names[i])] == 1:
			case step == 1 && len(parts) > 4:
				names[i] += " (" + parts[4] + ")"
			default:
				names[i] = c.ID
			}
		}
	}
	return names
}
