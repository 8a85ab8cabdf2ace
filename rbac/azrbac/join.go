package azrbac

import (
	"fmt"
	"slices"
	"strings"
)

// Join makes the documents of one question into Facts about one cluster: that
// of the given ARM id or name, else the only one there is. What no document
// holds is Unread; that the lists are whole is Assumed. Without documents there
// are no Facts.
func Join(docs []Document, cluster string) *Facts {
	if len(docs) == 0 {
		return nil
	}
	var all Document
	for _, d := range docs {
		if f := d.Facts; f != nil && (cluster == "" || means(f.ClusterID, cluster)) {
			return f
		}
		all.Clusters = append(all.Clusters, d.Clusters...)
		all.Assignments = append(all.Assignments, d.Assignments...)
		all.Definitions = append(all.Definitions, d.Definitions...)
		all.Denies = append(all.Denies, d.Denies...)
	}
	f := &Facts{Assignments: all.Assignments, Definitions: all.Definitions, Denies: all.Denies}
	f.choose(all.Clusters, cluster)
	f.assume()
	for _, d := range docs {
		f.placeGroups(d)
	}
	return f
}

// means reports whether a cluster is meant by its ARM id or its name.
func means(id, text string) bool {
	return fold(id) == fold(text) || !strings.Contains(text, "/") && last(id) == fold(text)
}

// choose settles which cluster the facts are about.
func (f *Facts) choose(clusters []Settings, wanted string) {
	var found []Settings
	for _, c := range clusters {
		if (wanted == "" || means(c.ID, wanted)) && !slices.ContainsFunc(found, func(o Settings) bool { return fold(o.ID) == fold(c.ID) }) {
			found = append(found, c)
		}
	}
	switch {
	case len(found) == 1 && found[0].Known:
		f.ClusterID, f.Enabled = found[0].ID, found[0].Enabled
		return
	case len(found) == 1:
		f.ClusterID = found[0].ID
		f.miss(Cluster, "the file lists the cluster without its settings; `az aks show` prints them")
		return
	case len(found) > 1:
		f.miss(Cluster, fmt.Sprintf("the files hold %d clusters; name one with --cluster", len(found)))
	case strings.HasPrefix(wanted, "/"):
		f.ClusterID = wanted
		f.miss(Cluster, "no file tells whether Azure RBAC is enabled there; `az aks show` does")
		return
	case wanted != "":
		f.miss(Cluster, fmt.Sprintf("no file holds a cluster %q", wanted))
	default:
		f.miss(Cluster, "no file tells of the cluster; give the output of `az aks show`, or its id with --cluster")
	}
	f.miss(Assignments, "scopes cannot be judged without the cluster's id")
}

// assume says what the lists are taken for.
func (f *Facts) assume() {
	if len(f.Assignments) == 0 {
		f.miss(Assignments, "no file holds role assignments; `az role assignment list --all` prints them")
	} else {
		f.Assumed = append(f.Assumed, "the files hold all role assignments above, at and below the cluster, as `az role assignment list --all` prints them")
	}
	if len(f.Denies) == 0 {
		f.Assumed = append(f.Assumed, "there are no deny assignments: the files hold none")
	}
}

// placeGroups knows the management groups of a list above the cluster if all
// else in it belongs to the cluster's subscription: such a list was asked there.
func (f *Facts) placeGroups(d Document) {
	home := subscription(f.ClusterID)
	var groups []string
	seen := false
	for _, a := range d.Assignments {
		if name, found := strings.CutPrefix(fold(a.Scope), managementGroup); found {
			groups = append(groups, name)
			continue
		}
		switch subscription(a.Scope) {
		case "":
		case home:
			seen = true
		default:
			return
		}
	}
	if seen {
		for _, g := range groups {
			if !slices.Contains(f.ManagementGroups, g) {
				f.ManagementGroups = append(f.ManagementGroups, g)
			}
		}
	}
}

func (f *Facts) miss(part Part, why string) {
	f.Unread = append(f.Unread, Unread{Part: part, Why: why})
}
