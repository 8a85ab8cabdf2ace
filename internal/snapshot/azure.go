package snapshot

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/postern-dev/postern/rbac/azrbac"
)

// azureFile is what az or Resource Manager wrote, among the files of -f.
type azureFile struct {
	path string // as given: the file, or its directory
	doc  azrbac.Document
}

// addAzure takes a file that is Azure's. One that is broken is part of what is
// unknown, as a broken manifest is.
func (b *bundle) addAzure(path, name string, data []byte) bool {
	doc, ok, err := azrbac.Decode(data)
	switch {
	case !ok:
		return false
	case err != nil:
		b.azureUnknown = append(b.azureUnknown, Unknown{What: Azure, Why: fmt.Sprintf("read %s: %v", name, err)})
	}
	b.azure = append(b.azure, azureFile{path, doc})
	return true
}

// hasManifests reports whether there is anything beside snapshot files, so that
// the manifests are a cluster of their own.
func (b *bundle) hasManifests() bool {
	return len(b.manifests.Source.Files) > 0 || len(b.snapshots) == 0
}

// joinAzure gives each snapshot what the files of Azure's say of its cluster: of
// the named one, else of the one that its server belongs to, else, where there
// is one snapshot only, of the only cluster there is. A snapshot file that
// brought Azure's part keeps it.
func (b *bundle) joinAzure(cluster string) {
	if len(b.azure) == 0 {
		return
	}
	var docs []azrbac.Document
	var paths []string
	for _, f := range b.azure {
		docs = append(docs, f.doc)
		if !slices.Contains(paths, f.path) {
			paths = append(paths, f.path)
		}
	}
	var open []*Snapshot
	if b.hasManifests() {
		m := b.manifests
		if len(m.Source.Files) == 0 {
			m.Unknown = append(m.Unknown, Unknown{What: Manifest, Why: "no file holds roles and bindings of Kubernetes"})
		}
		for _, path := range paths {
			if !slices.Contains(m.Source.Files, path) {
				m.Source.Files = append(m.Source.Files, path)
			}
		}
		open = append(open, m)
	}
	for _, s := range b.snapshots {
		if s.Azure != nil {
			s.remark("%s left aside: the snapshot has what Azure said when it was taken", strings.Join(paths, ", "))
			continue
		}
		open = append(open, s)
	}
	for _, s := range open {
		id := cluster
		if id == "" {
			id = clusterOf(s.Source.Server, docs)
		}
		if id == "" && len(open) > 1 {
			s.Unknown = append(s.Unknown, Unknown{What: Azure, Why: strings.Join(paths, ", ") + ": nothing tells whether this is about " + s.Name, Hint: "--cluster names the cluster; the output of `az aks show` has its address"})
			continue
		}
		s.Unknown = slices.DeleteFunc(s.Unknown, func(u Unknown) bool { return u.What == Azure })
		s.Azure = azrbac.Join(docs, id)
		for _, u := range b.azureUnknown {
			s.Azure.Unread = append(s.Azure.Unread, azrbac.Unread{Part: azrbac.Assignments, Why: u.Why})
		}
		s.Unknown = append(s.Unknown, b.azureUnknown...)
	}
}

// clusterOf is the id of the cluster that is reached at a server's address.
func clusterOf(server string, docs []azrbac.Document) string {
	u, err := url.Parse(server)
	if err != nil || u.Hostname() == "" {
		return ""
	}
	for _, doc := range docs {
		for _, c := range doc.Clusters {
			if slices.Contains(c.Hosts, strings.ToLower(u.Hostname())) {
				return c.ID
			}
		}
	}
	return ""
}
