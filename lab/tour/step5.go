package tour

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
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
	t.pend("`doors` lists the back door and everyone who holds the key", "role assignments and role bodies read from ARM")
	return nil
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
