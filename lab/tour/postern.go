package tour

import (
	"context"
	"fmt"
	"strings"
)

// whoamiReport is what the tour reads of `postern whoami -o json`.
type whoamiReport struct {
	User   named   `json:"user"`
	Groups []named `json:"groups"`
	Shared struct {
		Answer string `json:"answer"` // yes, no or unknown
	} `json:"shared"`
}

// named is a name as the server has it and as the directory does.
type named struct {
	Name    string `json:"name"`
	Display string `json:"displayName"`
	Unknown string `json:"nameUnknown"`
}

// lookupReport is what the tour reads of `postern lookup -o json`.
type lookupReport struct {
	Grants []struct {
		Subject struct{ Kind, Name string }
		Binding *struct{ Kind, Namespace, Name string }
		Role    *struct{ Kind, Name string }
	}
}

// boundToClusterAdmin checks that lookup shows the subject bound to the
// ClusterRole cluster-admin by a ClusterRoleBinding.
func (w *walk) boundToClusterAdmin(ctx context.Context, t *transcript, p *person, ask, group string) error {
	var found lookupReport
	if err := p.postern(ctx, t, &found, "lookup", ask); err != nil {
		return err
	}
	ok := false
	var lines []string
	for _, g := range found.Grants {
		s, b, r := g.Subject, g.Binding, g.Role
		if b == nil || r == nil {
			lines = append(lines, fmt.Sprintf("%s %s  no binding needed", s.Kind, s.Name))
			continue
		}
		lines = append(lines, fmt.Sprintf("%s %s  %s %s  %s %s", s.Kind, s.Name, b.Kind, b.Name, r.Kind, r.Name))
		if s.Kind == "Group" && s.Name == group && b.Kind == "ClusterRoleBinding" && r.Kind == "ClusterRole" && r.Name == "cluster-admin" {
			ok = true
		}
	}
	t.output(strings.Join(lines, "\n"))
	if !ok {
		return fmt.Errorf("postern lookup %s shows no ClusterRoleBinding to cluster-admin", ask)
	}
	return nil
}
