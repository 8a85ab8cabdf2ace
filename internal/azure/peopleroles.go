package azure

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/snapshot"
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
			err = errors.New("the answer is not what was asked for")
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
