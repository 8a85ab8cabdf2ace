package expect

import (
	"encoding/json"
	"strings"

	"github.com/postern-dev/postern/lab/cloud"
)

// Plants is the annotation by which an object of a world says what it opens, one
// clause a line:
//
//	DOOR holds PRINCIPAL   the principal of the directory, or a group's members
//	DOOR as NAME           a Subject that the directory does not know
//	DOOR source NAME
const Plants = "lab.postern.dev/plants"

// kubernetes says what is to be found inside: nothing can be known where nobody
// answers, and what its objects plant is open where somebody does.
func (x *expecter) kubernetes(c cloud.Cluster) {
	doors := []string{"kubernetes-rbac", "kubernetes-escalation", "csr-certificates", "token-secrets"}
	state := "closed"
	if !answers(c) {
		state = "unknown"
	}
	open := map[string]bool{}
	if state == "closed" {
		for _, o := range c.Kubernetes.Objects {
			var object struct {
				Metadata struct{ Annotations map[string]string }
			}
			if err := json.Unmarshal(o, &object); err != nil {
				panic("BUG: object of a parsed world: " + err.Error())
			}
			for line := range strings.Lines(object.Metadata.Annotations[Plants]) {
				f := strings.Fields(line)
				if len(f) != 3 {
					continue
				}
				open[f[0]] = true
				switch f[1] {
				case "source":
					x.line(c.Name, f[0], "source", f[2])
				case "as":
					x.line(c.Name, f[0], "active", f[2])
				case "holds":
					all := map[holder]bool{}
					for h := range x.expand(x.id(f[2]), "active", map[string]bool{}) {
						all[h] = true
					}
					x.holders(c.Name, f[0], all)
				}
			}
		}
	}
	for _, d := range doors {
		s := state
		if open[d] {
			s = "open"
		}
		x.line(c.Name, d, "state", s)
	}
}

// answers: somebody answers at the cluster's address, and takes Entra tokens.
func answers(c cloud.Cluster) bool {
	return c.Kubernetes != nil && c.Kind != cloud.KindPrivate && c.Settings().Entra()
}

// id finds a principal as world files name it.
func (x *expecter) id(name string) string {
	if u, ok := x.w.User(name); ok {
		return u.ID
	}
	for _, g := range x.w.Groups {
		if g.DisplayName == name || strings.EqualFold(g.ID, name) {
			return g.ID
		}
	}
	for _, p := range x.w.ServicePrincipals {
		if p.DisplayName == name {
			return p.ID
		}
	}
	return name
}
