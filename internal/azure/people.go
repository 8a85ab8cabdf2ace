package azure

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac/azrbac"
)

// directoryRoles are the roles of Entra that decide who may change groups and
// applications, by the ids of their templates (learn.microsoft.com/entra,
// permissions reference). Other roles are not collected.
func directoryRoles() map[string]string {
	return map[string]string{
		"62e90394-69f5-4237-9190-012177145e10": "Global Administrator",
		"e8611ab8-c189-46e8-94e1-60213ab1f814": "Privileged Role Administrator",
		"fdd7a751-b60b-444a-984c-02652fe8fa1c": "Groups Administrator",
		"fe930be7-5e62-47db-91af-98c3a49a38b1": "User Administrator",
		"9360feb5-f418-4baa-8175-e2a00bac4301": "Directory Writers",
		"45d8d3c5-c802-45c6-b32a-1d70b5e1e86e": "Identity Governance Administrator",
		"3a2c62db-5318-420d-8d74-23affee5d9d5": "Intune Administrator",
		"b5a8dcf3-09d5-43a9-a639-8e29ef291470": "Knowledge Administrator",
		"744ec460-397e-42ad-a462-8b3f9747a02c": "Knowledge Manager",
		"11451d60-acb2-45eb-a7d6-43d0f0125c13": "Windows 365 Administrator",
		"9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3": "Application Administrator",
		"158c047a-c907-4556-b7ef-446551a6b5f7": "Cloud Application Administrator",
		"8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2": "Hybrid Identity Administrator",
	}
}

// graphRoles are the permissions on Graph that do the same for applications.
func graphRoles() []string {
	return []string{"RoleManagement.ReadWrite.Directory", "Group.ReadWrite.All", "GroupMember.ReadWrite.All", "Directory.ReadWrite.All", "Application.ReadWrite.All"}
}

// graphApp is Microsoft Graph's own application.
const graphApp = "00000003-0000-0000-c000-000000000000"

// atMostIn is how many values Graph takes in one `in` of a filter.
const atMostIn = 15

// people reads the directory.
type people struct {
	*tenantCollector
	mu      sync.Mutex
	known   map[string]*snapshot.Principal // by folded id
	wanted  map[string]bool                // folded ids not asked for yet
	unasked bool                           // some kind of principal may not be read
}

// readDirectory reads whoever the tenant names so far, and whoever these name,
// until nobody is new.
func (c *tenantCollector) readDirectory(ctx context.Context) {
	p := &people{tenantCollector: c, known: map[string]*snapshot.Principal{}, wanted: map[string]bool{}}
	p.named()
	p.steps("directory", []func(){func() { p.roles(ctx) }, func() { p.appRoles(ctx) }, func() { p.upns(ctx) }})
	for len(p.wanted) > 0 && ctx.Err() == nil {
		p.round(ctx)
	}
	for _, one := range p.known {
		c.tenant.Principals = append(c.tenant.Principals, *one)
	}
}

func (p *people) want(ids ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range ids {
		id = strings.ToLower(id)
		if azrbac.IsGUID(id) && id != azrbac.Everyone && p.known[id] == nil {
			p.wanted[id] = true
		}
	}
}

// named are the ids that Azure and the clusters name.
func (p *people) named() {
	t := p.tenant
	for _, list := range [][]snapshot.Assignment{t.Assignments, t.Eligible} {
		for _, a := range list {
			p.want(a.PrincipalID)
		}
	}
	for _, d := range t.Denies {
		for _, list := range [][]azrbac.Principal{d.Principals, d.ExcludePrincipals} {
			for _, who := range list {
				p.want(who.ID)
			}
		}
	}
	for _, a := range t.Activity {
		p.want(a.CallerID)
	}
	for i := range t.Clusters {
		k := &t.Clusters[i]
		var body struct {
			Properties struct {
				AADProfile struct{ AdminGroupObjectIDs []string }
			}
		}
		if json.Unmarshal(k.Raw, &body) == nil {
			p.want(body.Properties.AADProfile.AdminGroupObjectIDs...)
		}
		if k.Kubernetes != nil {
			for _, b := range k.Kubernetes.RBAC.Bindings {
				for _, s := range b.Subjects {
					p.want(s.Name)
				}
			}
		}
	}
}

// unreadGraph notes what Graph did not say; permission is what it takes.
func (p *people) unreadGraph(ctx context.Context, piece snapshot.Piece, scope string, err error, permission string) {
	u := snapshot.Unread{Piece: piece, Scope: scope, Why: firstSentence(reason(ctx, err).Error())}
	var answered *azcore.ResponseError
	if errors.As(err, &answered) && answered.StatusCode == http.StatusForbidden {
		u.Needs = "Graph permission " + permission
	}
	p.with(func(t *snapshot.Tenant) { t.Unread = append(t.Unread, u) })
}

// each reads a collection of Graph.
func (p *people) each(ctx context.Context, path string, item func(json.RawMessage) error) error {
	return p.graph.follow(ctx, p.graph.endpoint+"/v1.0"+path, item)
}

// filtered reads the objects of a collection whose property is among values.
func (p *people) filtered(ctx context.Context, collection, property, fields string, values []string, item func(json.RawMessage) error) error {
	var failed error
	for chunk := range slices.Chunk(values, atMostIn) {
		quoted := make([]string, len(chunk))
		for i, v := range chunk {
			quoted[i] = "'" + strings.ReplaceAll(v, "'", "''") + "'"
		}
		filter := escape(property + " in (" + strings.Join(quoted, ",") + ")")
		if err := p.each(ctx, "/"+collection+"?$filter="+filter+"&$select="+fields, item); err != nil {
			failed = cmp.Or(failed, err)
		}
	}
	return failed
}

// upns finds the users whom bindings name by user principal name.
func (p *people) upns(ctx context.Context) {
	names := map[string]bool{}
	for i := range p.tenant.Clusters {
		if k := p.tenant.Clusters[i].Kubernetes; k != nil {
			for _, b := range k.RBAC.Bindings {
				for _, s := range b.Subjects {
					if string(s.Kind) == "User" && strings.Contains(s.Name, "@") {
						names[strings.ToLower(s.Name)] = true
					}
				}
			}
		}
	}
	list := sorted(names)
	err := p.filtered(ctx, "users", "userPrincipalName", "id", list, func(item json.RawMessage) error {
		var u struct{ ID string }
		err := json.Unmarshal(item, &u)
		p.want(u.ID)
		return err
	})
	if err != nil {
		p.unreadGraph(ctx, snapshot.PiecePrincipals, "", err, "User.Read.All")
	}
}

func sorted(set map[string]bool) []string {
	list := make([]string, 0, len(set))
	for s := range set {
		list = append(list, s)
	}
	slices.Sort(list)
	return list
}

// round reads everybody who is wanted, and then what they are made of.
func (p *people) round(ctx context.Context) {
	ids := sorted(p.wanted)
	clear(p.wanted)
	found := map[string]*snapshot.Principal{}
	var mu sync.Mutex
	add := func(one snapshot.Principal) {
		mu.Lock()
		defer mu.Unlock()
		found[strings.ToLower(one.ID)] = &one
	}
	var refused [3]error
	var all []func()
	for chunk := range slices.Chunk(ids, atMostIn) {
		all = append(all,
			func() { keepFirst(&mu, &refused[0], p.users(ctx, chunk, add)) },
			func() { keepFirst(&mu, &refused[1], p.groups(ctx, chunk, add)) },
			func() { keepFirst(&mu, &refused[2], p.servicePrincipals(ctx, chunk, add)) })
	}
	p.steps("directory", all)
	for i, permission := range []string{"User.Read.All", "GroupMember.Read.All", "Application.Read.All"} {
		if refused[i] != nil {
			p.unasked = true
			p.unreadGraph(ctx, snapshot.PiecePrincipals, "", refused[i], permission)
		}
	}
	for _, id := range ids {
		if found[id] == nil {
			found[id] = &snapshot.Principal{ID: id, Kind: snapshot.UnknownPrincipal, Deleted: !p.unasked}
		}
		p.known[id] = found[id]
	}
	all = nil
	for _, id := range ids {
		switch one := found[id]; one.Kind {
		case snapshot.GroupPrincipal:
			all = append(all, func() { p.members(ctx, one) }, func() { p.owners(ctx, "groups", one) }, func() { p.groupEligible(ctx, one) })
		case snapshot.ServicePrincipal:
			all = append(all, func() { p.owners(ctx, "servicePrincipals", one) })
			if one.ManagedIdentity != "" {
				all = append(all, func() { p.identity(ctx, one) })
			} else {
				all = append(all, func() { p.application(ctx, one) })
			}
		}
	}
	p.steps("directory", all)
}

// keepFirst keeps the first error.
func keepFirst(mu *sync.Mutex, kept *error, err error) {
	mu.Lock()
	defer mu.Unlock()
	if *kept == nil {
		*kept = err
	}
}

func (p *people) users(ctx context.Context, ids []string, add func(snapshot.Principal)) error {
	return p.filtered(ctx, "users", "id", "id,displayName,userPrincipalName,userType,accountEnabled", ids, func(item json.RawMessage) error {
		var u struct {
			ID, DisplayName, UserPrincipalName, UserType string
			AccountEnabled                               *bool
		}
		if err := json.Unmarshal(item, &u); err != nil {
			return err
		}
		add(snapshot.Principal{ID: u.ID, Kind: snapshot.UserPrincipal, Name: u.DisplayName, UPN: u.UserPrincipalName, Guest: strings.EqualFold(u.UserType, "Guest"), Disabled: u.AccountEnabled != nil && !*u.AccountEnabled})
		return nil
	})
}

func (p *people) groups(ctx context.Context, ids []string, add func(snapshot.Principal)) error {
	return p.filtered(ctx, "groups", "id", "id,displayName,isAssignableToRole,membershipRule,groupTypes,onPremisesSyncEnabled", ids, func(item json.RawMessage) error {
		var g struct {
			ID, DisplayName, MembershipRule           string
			IsAssignableToRole, OnPremisesSyncEnabled bool
			GroupTypes                                []string
		}
		if err := json.Unmarshal(item, &g); err != nil {
			return err
		}
		one := snapshot.Principal{ID: g.ID, Kind: snapshot.GroupPrincipal, Name: g.DisplayName, RoleAssignable: g.IsAssignableToRole, Synced: g.OnPremisesSyncEnabled}
		if slices.Contains(g.GroupTypes, "DynamicMembership") || g.MembershipRule != "" {
			one.Dynamic = cmp.Or(g.MembershipRule, "?")
		}
		add(one)
		return nil
	})
}

func (p *people) servicePrincipals(ctx context.Context, ids []string, add func(snapshot.Principal)) error {
	return p.filtered(ctx, "servicePrincipals", "id", "id,appId,displayName,servicePrincipalType,accountEnabled,alternativeNames", ids, func(item json.RawMessage) error {
		var s struct {
			ID, AppID, DisplayName, ServicePrincipalType string
			AccountEnabled                               *bool
			AlternativeNames                             []string
		}
		if err := json.Unmarshal(item, &s); err != nil {
			return err
		}
		one := snapshot.Principal{ID: s.ID, Kind: snapshot.ServicePrincipal, Name: s.DisplayName, AppID: s.AppID, Disabled: s.AccountEnabled != nil && !*s.AccountEnabled}
		if s.ServicePrincipalType == "ManagedIdentity" {
			for _, n := range s.AlternativeNames {
				if strings.HasPrefix(n, "/") {
					one.ManagedIdentity = n
				}
			}
		}
		add(one)
		return nil
	})
}

// ids reads a collection for its ids.
func (p *people) ids(ctx context.Context, path string) (ids []string, err error) {
	err = p.each(ctx, path+"?$select=id&$top=999", func(item json.RawMessage) error {
		var o struct{ ID string }
		err := json.Unmarshal(item, &o)
		ids = append(ids, strings.ToLower(o.ID))
		return err
	})
	slices.Sort(ids)
	p.want(ids...)
	return ids, err
}

func (p *people) members(ctx context.Context, g *snapshot.Principal) {
	var err error
	if g.Members, err = p.ids(ctx, "/groups/"+g.ID+"/members"); err != nil {
		p.unreadGraph(ctx, snapshot.PieceMembers, g.ID, err, "GroupMember.Read.All")
	}
}

func (p *people) owners(ctx context.Context, collection string, one *snapshot.Principal) {
	var err error
	if one.Owners, err = p.ids(ctx, "/"+collection+"/"+one.ID+"/owners"); err != nil {
		permission := "Group.Read.All"
		if collection != "groups" {
			permission = "Application.Read.All"
		}
		p.unreadGraph(ctx, snapshot.PieceOwners, one.ID, err, permission)
	}
}

func (p *people) groupEligible(ctx context.Context, g *snapshot.Principal) {
	path := "/identityGovernance/privilegedAccess/group/eligibilityScheduleInstances?$filter=" + escape("groupId eq '"+g.ID+"'")
	err := p.each(ctx, path, func(item json.RawMessage) error {
		var e struct {
			PrincipalID, AccessID string
			EndDateTime           *time.Time
		}
		if err := json.Unmarshal(item, &e); err != nil {
			return err
		}
		one := snapshot.GroupEligibility{PrincipalID: strings.ToLower(e.PrincipalID), Access: strings.ToLower(e.AccessID)}
		if e.EndDateTime != nil {
			one.Until = *e.EndDateTime
		}
		g.EligibleIn = append(g.EligibleIn, one)
		p.want(e.PrincipalID)
		return nil
	})
	if err != nil && !unlicensed(err) {
		p.unreadGraph(ctx, snapshot.PieceGroupEligible, g.ID, err, "PrivilegedEligibilitySchedule.Read.AzureADGroup")
	}
}

// unlicensed: the tenant has no Entra ID P2, and with it nothing eligible.
func unlicensed(err error) bool {
	var answered *azcore.ResponseError
	return errors.As(err, &answered) && answered.StatusCode == http.StatusBadRequest && strings.Contains(strings.ToLower(answered.ErrorCode+answered.Error()), "premiumlicense")
}

// application reads what a service principal of this tenant is an instance of.
func (p *people) application(ctx context.Context, one *snapshot.Principal) {
	const permission = "Application.Read.All"
	err := p.filtered(ctx, "applications", "appId", "id,appId,passwordCredentials,keyCredentials", []string{one.AppID}, func(item json.RawMessage) error {
		type secret struct {
			DisplayName string
			EndDateTime *time.Time
		}
		var a struct {
			ID                  string
			PasswordCredentials []secret
			KeyCredentials      []secret
		}
		if err := json.Unmarshal(item, &a); err != nil {
			return err
		}
		one.ApplicationID = a.ID
		note := func(kind string, list []secret) {
			for _, s := range list {
				x := snapshot.Secret{Name: s.DisplayName, Kind: kind}
				if s.EndDateTime != nil {
					x.Until = *s.EndDateTime
				}
				one.Secrets = append(one.Secrets, x)
			}
		}
		note("password", a.PasswordCredentials)
		note("certificate", a.KeyCredentials)
		return nil
	})
	if err != nil {
		p.unreadGraph(ctx, snapshot.PieceApplications, one.ID, err, permission)
		return
	}
	if one.ApplicationID == "" {
		return // another tenant's
	}
	if one.AppOwners, err = p.ids(ctx, "/applications/"+one.ApplicationID+"/owners"); err != nil {
		p.unreadGraph(ctx, snapshot.PieceApplications, one.ID, err, permission)
	}
	err = p.each(ctx, "/applications/"+one.ApplicationID+"/federatedIdentityCredentials", func(item json.RawMessage) error {
		var f snapshot.Federated
		err := json.Unmarshal(item, &f)
		one.Federated = append(one.Federated, f)
		return err
	})
	if err != nil {
		p.unreadGraph(ctx, snapshot.PieceFederated, one.ID, err, permission)
	}
}

// identity reads the federated credentials of a managed identity, which are
// Resource Manager's.
func (p *people) identity(ctx context.Context, one *snapshot.Principal) {
	if !strings.Contains(strings.ToLower(one.ManagedIdentity), "/userassignedidentities/") {
		return // a resource's own has none
	}
	err := p.arm.list(ctx, one.ManagedIdentity+"/federatedIdentityCredentials", versionFederated, "", func(item json.RawMessage) error {
		var f struct {
			Name       string
			Properties struct{ Issuer, Subject string }
		}
		err := json.Unmarshal(item, &f)
		one.Federated = append(one.Federated, snapshot.Federated{Name: f.Name, Issuer: f.Properties.Issuer, Subject: f.Properties.Subject})
		return err
	})
	var answered *azcore.ResponseError
	if errors.As(err, &answered) && answered.StatusCode == http.StatusNotFound {
		return // the resource is gone
	}
	if err != nil {
		why, refused := armReason(ctx, err)
		u := snapshot.Unread{Piece: snapshot.PieceFederated, Scope: one.ID, Why: why}
		if refused {
			u.Needs = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read at " + one.ManagedIdentity
		}
		p.with(func(t *snapshot.Tenant) { t.Unread = append(t.Unread, u) })
	}
}

// roles reads who holds or may activate the directory roles that matter.
func (p *people) roles(ctx context.Context) {
	names := directoryRoles()
	for _, list := range []struct {
		path     string
		piece    snapshot.Piece
		eligible bool
	}{
		{"/roleManagement/directory/roleAssignments", snapshot.PieceDirectoryRoles, false},
		{"/roleManagement/directory/roleEligibilityScheduleInstances", snapshot.PieceDirectoryElig, true},
	} {
		err := p.each(ctx, list.path, func(item json.RawMessage) error {
			var a struct{ PrincipalID, RoleDefinitionID, DirectoryScopeID string }
			if err := json.Unmarshal(item, &a); err != nil {
				return err
			}
			template := strings.ToLower(a.RoleDefinitionID)
			if name, ok := names[template]; ok {
				p.with(func(t *snapshot.Tenant) {
					t.DirectoryRoles = append(t.DirectoryRoles, snapshot.DirectoryRole{Template: template, Name: name, PrincipalID: strings.ToLower(a.PrincipalID), Scope: a.DirectoryScopeID, Eligible: list.eligible})
				})
				p.want(a.PrincipalID)
			}
			return nil
		})
		if err != nil && !(list.eligible && unlicensed(err)) {
			p.unreadGraph(ctx, list.piece, "", err, "RoleManagement.Read.Directory")
		}
	}
}

// appRoles reads which applications may change groups and applications by
// themselves.
func (p *people) appRoles(ctx context.Context) {
	const permission = "Application.Read.All"
	text, err := p.graph.get(ctx, p.graph.endpoint+"/v1.0/servicePrincipals(appId='"+graphApp+"')?$select=id,appRoles")
	var g struct {
		ID       string
		AppRoles []struct{ ID, Value string }
	}
	if err == nil {
		if err = json.Unmarshal(text, &g); err == nil && g.ID == "" {
			err = fmt.Errorf("the answer is not what was asked for")
		}
	}
	names := map[string]string{}
	for _, r := range g.AppRoles {
		if slices.Contains(graphRoles(), r.Value) {
			names[strings.ToLower(r.ID)] = r.Value
		}
	}
	if err == nil {
		err = p.each(ctx, "/servicePrincipals/"+g.ID+"/appRoleAssignedTo", func(item json.RawMessage) error {
			var a struct{ PrincipalID, AppRoleID string }
			if err := json.Unmarshal(item, &a); err != nil {
				return err
			}
			if name, ok := names[strings.ToLower(a.AppRoleID)]; ok {
				p.with(func(t *snapshot.Tenant) {
					t.AppRoles = append(t.AppRoles, snapshot.AppRole{PrincipalID: strings.ToLower(a.PrincipalID), Name: name})
				})
				p.want(a.PrincipalID)
			}
			return nil
		})
	}
	if err != nil {
		p.unreadGraph(ctx, snapshot.PieceAppRoles, "", err, permission)
	}
}
