package tour

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"sort"
	"strings"
)

// backDoor: --admin hands out the shared account, Entra or not.
func (w *walk) backDoor(ctx context.Context, t *transcript) error {
	p := w.hshahin
	file := p.file("admin.kubeconfig")
	a, err := p.azure.credentials(ctx, t, true, file)
	if err := a.must("get admin credentials as hshahin", err); err != nil {
		return err
	}
	c, err := readKubeconfig(file)
	if err != nil {
		return err
	}
	if len(c.Certificate) == 0 || c.Token == "" || c.Exec != "" {
		return fmt.Errorf("--admin should give a certificate and a static token and ask nobody (certificate %t, token %t, exec %q)", len(c.Certificate) > 0, c.Token != "", c.Exec)
	}
	u, prompts, err := p.whoami(ctx, t, "admin.kubeconfig")
	if err != nil {
		return err
	}
	if len(prompts) > 0 {
		return fmt.Errorf("the admin kubeconfig asked for an Entra sign-in")
	}
	if err := u.masterclient(); err != nil {
		return err
	}
	if err := p.works(ctx, t, "--kubeconfig", "admin.kubeconfig"); err != nil {
		return err
	}
	if !bytes.Equal(c.Certificate, w.shared.Certificate) {
		return fmt.Errorf("--admin gave another certificate than step 1")
	}
	w.admin = c
	t.means("masterclient again, no sign-in, the very certificate of step 1: Entra and everything bound to it is gone around")
	return w.holders(ctx, t)
}

const adminAction = "Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action"

// holders lists who may fetch the admin credential, by role assignment.
func (w *walk) holders(ctx context.Context, t *transcript) error {
	p := w.owner // role bodies are read at the subscription
	all, err := assignments(ctx, t, p)
	if err != nil {
		return err
	}
	roles := map[string]role{}
	names, err := principalNames(ctx, t, p, all)
	if err != nil {
		return err
	}
	holds := map[string]bool{}
	var lines []string
	for _, a := range all {
		r, ok := roles[a.RoleID]
		if !ok {
			if r, err = readRole(ctx, t, p, a.RoleID); err != nil {
				return err
			}
			roles[a.RoleID] = r
		}
		if !r.allows(adminAction) {
			continue
		}
		holds[a.PrincipalID] = true
		lines = append(lines, fmt.Sprintf("%s  %s  at %s", names[a.PrincipalID], r.name, a.Scope))
	}
	sort.Strings(lines)
	t.output(strings.Join(lines, "\n"))
	if !holds[w.hshahin.ID] || !holds[w.owner.ID] || holds[w.testUser.ID] {
		return fmt.Errorf("the holders of the admin credential should be hshahin and lab-owner, not test-user")
	}
	t.means("everybody listed can fetch the same credential")
	return w.doors(ctx, t, holds)
}

// doors asks postern for the back door and everybody who holds the key, and
// holds the answer against what role assignments and role bodies say.
func (w *walk) doors(ctx context.Context, t *transcript, holds map[string]bool) error {
	p := w.owner
	var r doorsReport
	if err := p.posternIncomplete(ctx, t, &r, "doors", "--cluster", w.lab.ClusterID); err != nil {
		return err
	}
	if len(r.Clusters) != 1 || !strings.EqualFold(r.Clusters[0].ID, w.lab.ClusterID) {
		return fmt.Errorf("postern doors --cluster %s speaks of %d clusters", w.lab.ClusterID, len(r.Clusters))
	}
	doors := map[string]door{}
	for _, d := range r.Clusters[0].Doors {
		doors[d.Kind] = d
	}
	for _, kind := range []string{"local-account", "admin-credential", "access-profile", "old-credentials", "entra-admin-group"} {
		if got := doors[kind].State; got != "open" {
			return fmt.Errorf("postern doors: %s is %q, want open", kind, got)
		}
	}
	if got := doors["user-credential"].State; got != "closed" {
		return fmt.Errorf("postern doors: user-credential is %q, want closed: with Entra it hands out no credential", got)
	}
	found := map[string]bool{}
	var lines []string
	for _, h := range doors["admin-credential"].Holders {
		if h.How != "active" {
			continue
		}
		found[h.Principal.ID] = true
		path := ""
		for _, s := range h.Path {
			path += "  " + s.What
		}
		lines = append(lines, h.Principal.Name+path)
	}
	t.output("admin-credential: " + doors["admin-credential"].State + "\n" + strings.Join(lines, "\n"))
	if !maps.Equal(found, holds) {
		return fmt.Errorf("postern doors names %v as holders of the admin credential, the role assignments %v", found, holds)
	}
	pulled := map[string]bool{}
	for _, h := range doors["local-account"].Holders {
		pulled[h.Principal.ID] = pulled[h.Principal.ID] || h.How == "pulled"
	}
	if !pulled[w.hshahin.ID] {
		return fmt.Errorf("postern doors does not say that hshahin fetched the local account's credential")
	}
	t.means("the back door is open, and these hold the key; the Activity Log shows who has a copy")
	return w.deployer(ctx, t)
}

// deployer: who can make themselves ci-deployer.
func (w *walk) deployer(ctx context.Context, t *transcript) error {
	var r doorsReport
	if err := w.owner.posternIncomplete(ctx, t, &r, "doors", "ci-deployer"); err != nil {
		return err
	}
	var lines []string
	owner := false
	for _, k := range r.Keys {
		if k.Of.Name != "ci-deployer" {
			continue
		}
		lines = append(lines, fmt.Sprintf("%s  %s", k.Who.Name, k.Via))
		owner = owner || k.Who.ID == w.owner.ID && k.How == "owner"
	}
	t.output(strings.Join(lines, "\n"))
	if !owner {
		return fmt.Errorf("postern doors ci-deployer does not name lab-owner, who owns its application")
	}
	t.means("a service principal is whoever can add a credential to it")
	return nil
}

// doorsReport is what the tour reads of `postern doors -o json`.
type doorsReport struct {
	Clusters []struct {
		ID    string
		Doors []door
	}
	Keys []struct {
		Of, Who struct{ ID, Name string }
		How     string
		Via     string
	}
}

type door struct {
	Kind    string
	State   string
	Why     string
	Holders []struct {
		Principal struct{ ID, Name string }
		How       string
		Path      []struct{ What string }
	}
}

// role is a role body as far as actions go.
type role struct {
	name    string
	actions []string
	not     []string
}

func (r role) allows(action string) bool {
	return matchesAny(r.actions, action) && !matchesAny(r.not, action)
}

func matchesAny(patterns []string, action string) bool {
	for _, p := range patterns {
		// In a role's pattern * also crosses slashes.
		ok, err := path.Match(strings.ReplaceAll(strings.ToLower(p), "/", "."), strings.ReplaceAll(strings.ToLower(action), "/", "."))
		if err == nil && ok {
			return true
		}
	}
	return false
}

func readRole(ctx context.Context, t *transcript, p *person, id string) (role, error) {
	a, err := p.azure.rest(ctx, t, "GET", managementURL+"/subscriptions/"+p.lab.SubscriptionID+"/providers/Microsoft.Authorization/roleDefinitions/"+id+"?api-version="+authorizationVersion, nil)
	if err := a.must("read role "+id, err); err != nil {
		return role{}, err
	}
	var body struct {
		Properties struct {
			RoleName    string
			Permissions []struct{ Actions, NotActions []string }
		}
	}
	if err := json.Unmarshal(a.Body, &body); err != nil {
		return role{}, fmt.Errorf("read role %s: %w", id, err)
	}
	r := role{name: body.Properties.RoleName}
	for _, perm := range body.Properties.Permissions {
		r.actions = append(r.actions, perm.Actions...)
		r.not = append(r.not, perm.NotActions...)
	}
	return r, nil
}

// principalNames asks the directory what the object ids are called.
func principalNames(ctx context.Context, t *transcript, p *person, all []assignment) (map[string]string, error) {
	names := map[string]string{}
	var ids []string
	for _, a := range all {
		if names[a.PrincipalID] == "" {
			names[a.PrincipalID] = a.PrincipalID
			ids = append(ids, a.PrincipalID)
		}
	}
	a, err := p.azure.rest(ctx, t, "POST", graphURL+"/directoryObjects/getByIds", map[string]any{"ids": ids})
	if err := a.must("name principals", err); err != nil {
		return nil, err
	}
	var list struct {
		Value []struct{ ID, DisplayName, UserPrincipalName string }
	}
	if err := json.Unmarshal(a.Body, &list); err != nil {
		return nil, fmt.Errorf("read directory objects: %w", err)
	}
	for _, v := range list.Value {
		names[v.ID] = v.UserPrincipalName
		if v.UserPrincipalName == "" {
			names[v.ID] = v.DisplayName
		}
	}
	return names, nil
}
