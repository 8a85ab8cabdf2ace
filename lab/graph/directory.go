package graph

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-dev/postern/lab/cloud"
)

// templates are directory roles by the ids of their templates
// (learn.microsoft.com/entra/identity/role-based-access-control, permissions
// reference).
func templates() map[string]string {
	return map[string]string{
		"Global Administrator":              "62e90394-69f5-4237-9190-012177145e10",
		"Privileged Role Administrator":     "e8611ab8-c189-46e8-94e1-60213ab1f814",
		"Groups Administrator":              "fdd7a751-b60b-444a-984c-02652fe8fa1c",
		"User Administrator":                "fe930be7-5e62-47db-91af-98c3a49a38b1",
		"Directory Writers":                 "9360feb5-f418-4baa-8175-e2a00bac4301",
		"Identity Governance Administrator": "45d8d3c5-c802-45c6-b32a-1d70b5e1e86e",
		"Intune Administrator":              "3a2c62db-5318-420d-8d74-23affee5d9d5",
		"Knowledge Administrator":           "b5a8dcf3-09d5-43a9-a639-8e29ef291470",
		"Knowledge Manager":                 "744ec460-397e-42ad-a462-8b3f9747a02c",
		"Windows 365 Administrator":         "11451d60-acb2-45eb-a7d6-43d0f0125c13",
		"Application Administrator":         "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",
		"Cloud Application Administrator":   "158c047a-c907-4556-b7ef-446551a6b5f7",
		"Hybrid Identity Administrator":     "8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2",
		"Global Reader":                     "f2ef992c-3afb-46b9-b7cf-a126ee74c451",
		"Security Reader":                   "5d6b6bb7-de71-4623-b4af-96380a352509",
	}
}

// template is the id of a role; of one that is not in the table, one of its own.
func template(role string) string {
	if id, ok := templates()[role]; ok {
		return id
	}
	return derived("role", role)
}

// derived makes a stable GUID of words.
func derived(words ...string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.Join(words, "\x00"))))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// paged is one page of a collection; $skiptoken is where it begins.
func (c *call) paged(collection string, items []object) (any, error) {
	q := c.r.URL.Query()
	from := 0
	if token := q.Get("$skiptoken"); token != "" {
		n, err := strconv.Atoi(token)
		if err != nil || n < 0 || n > len(items) {
			return nil, refuse(http.StatusBadRequest, "Directory_ExpiredPageToken", "The specified page token value has expired and can no longer be included in your request.")
		}
		from = n
	}
	size := c.world.Page()
	if top, err := strconv.Atoi(q.Get("$top")); err == nil && top > 0 {
		size = min(size, top)
	}
	to := min(from+size, len(items))
	body := object{"@odata.context": "https://" + Host + "/v1.0/$metadata#" + collection, "value": items[from:to]}
	if to < len(items) {
		q.Set("$skiptoken", strconv.Itoa(to))
		next := *c.r.URL
		next.Scheme, next.Host, next.RawQuery = "https", Host, q.Encode()
		body["@odata.nextLink"] = next.String()
	}
	return body, nil
}

// holdsRole reports whether the caller holds a directory role, active.
func (c *call) holdsRole(roles ...string) bool {
	who := append([]string{c.who.ObjectID}, c.world.TransitiveGroups(c.who.ObjectID)...)
	return slices.ContainsFunc(c.world.DirectoryRoles, func(r cloud.DirectoryRole) bool {
		return !r.Eligible && slices.Contains(roles, r.Role) && foldIn(who, r.PrincipalID)
	})
}

func (c *call) owners(collection, id string) (any, error) {
	if g, ok := c.world.Group(id); ok {
		if err := c.may("owner"); err != nil {
			return nil, err
		}
		return c.page(g.Owners)
	}
	p, ok := c.world.ServicePrincipal(id)
	if !ok || !strings.EqualFold(collection, "servicePrincipals") {
		return nil, c.unknown()
	}
	if err := c.may("application"); err != nil {
		return nil, err
	}
	return c.page(p.Owners)
}

// applications serves the applications of this tenant.
func (c *call) applications(rest []string) (any, error) {
	if err := c.may("application"); err != nil {
		return nil, err
	}
	if len(rest) == 0 {
		match, err := parseFilter(c.r.URL.Query().Get("$filter"))
		if err != nil {
			return nil, err
		}
		items := []object{}
		for _, p := range c.world.ServicePrincipals {
			if o := applicationObject(p); p.Application != nil && match(o) {
				items = append(items, c.selected(o))
			}
		}
		return c.paged("applications", items)
	}
	for _, p := range c.world.ServicePrincipals {
		if p.Application == nil || !strings.EqualFold(p.Application.ID, rest[0]) {
			continue
		}
		switch {
		case len(rest) == 1:
			return c.selected(applicationObject(p)), nil
		case len(rest) == 2 && strings.EqualFold(rest[1], "owners"):
			return c.page(p.Application.Owners)
		case len(rest) == 2 && strings.EqualFold(rest[1], "federatedIdentityCredentials"):
			items := []object{}
			for _, f := range p.FederatedCredentials {
				items = append(items, object{"id": derived("federated", p.AppID, f.Name), "name": f.Name, "issuer": f.Issuer, "subject": f.Subject, "audiences": []string{"api://AzureADTokenExchange"}})
			}
			return c.paged("applications('"+p.Application.ID+"')/federatedIdentityCredentials", items)
		}
		return nil, c.unknown()
	}
	return nil, missing(rest[0])
}

func applicationObject(p cloud.ServicePrincipal) object {
	o := object{"@odata.type": "#microsoft.graph.application", "id": "", "appId": p.AppID, "displayName": p.DisplayName}
	if p.Application != nil {
		o["id"] = p.Application.ID
	}
	secrets := map[string][]object{"password": {}, "certificate": {}}
	for i, s := range p.Credentials {
		secrets[s.Kind] = append(secrets[s.Kind], object{"keyId": derived("credential", p.AppID, strconv.Itoa(i)), "displayName": s.Name, "endDateTime": s.Until})
	}
	o["passwordCredentials"], o["keyCredentials"] = secrets["password"], secrets["certificate"]
	return o
}

// governance serves directory roles and what of groups can be activated.
func (c *call) governance(path string) (any, error) {
	switch path {
	case "rolemanagement/directory/roleassignments":
		if err := c.may("role"); err != nil {
			return nil, err
		}
		return c.paged("roleManagement/directory/roleAssignments", c.directoryRoles(false))
	case "rolemanagement/directory/roleeligibilityscheduleinstances":
		if err := c.may("eligible"); err != nil {
			return nil, err
		}
		if !c.world.Tenant.PIM {
			return nil, c.unlicensed()
		}
		return c.paged("roleManagement/directory/roleEligibilityScheduleInstances", c.directoryRoles(true))
	case "identitygovernance/privilegedaccess/group/eligibilityscheduleinstances":
		if err := c.may("pim"); err != nil {
			return nil, err
		}
		if !c.world.Tenant.PIM {
			return nil, c.unlicensed()
		}
		return c.groupEligible()
	}
	return nil, c.unknown()
}

func (c *call) unlicensed() error {
	return refuse(http.StatusBadRequest, "AadPremiumLicenseRequired", "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license.")
}

func (c *call) directoryRoles(eligible bool) []object {
	items := []object{}
	for _, r := range c.world.DirectoryRoles {
		if r.Eligible == eligible {
			items = append(items, object{"id": derived("directory role", r.Role, r.PrincipalID, r.Scope), "principalId": r.PrincipalID, "roleDefinitionId": template(r.Role), "directoryScopeId": r.Scope})
		}
	}
	return items
}

// groupEligible needs a filter by group or by principal, as Graph does.
func (c *call) groupEligible() (any, error) {
	text := c.r.URL.Query().Get("$filter")
	if !strings.Contains(text, "groupId eq") && !strings.Contains(text, "principalId eq") {
		return nil, refuse(http.StatusBadRequest, "MissingParameters", "The required parameter is missing: a filter by groupId or principalId.")
	}
	match, err := parseFilter(text)
	if err != nil {
		return nil, err
	}
	items := []object{}
	for _, g := range c.world.Groups {
		for _, e := range g.Eligible {
			o := object{"id": derived("eligible", g.ID, e.PrincipalID, e.Access), "groupId": g.ID, "principalId": e.PrincipalID, "accessId": e.Access, "memberType": "direct"}
			if !e.Until.IsZero() {
				o["endDateTime"] = e.Until
			}
			if match(o) {
				items = append(items, o)
			}
		}
	}
	return c.paged("identityGovernance/privilegedAccess/group/eligibilityScheduleInstances", items)
}

// graphID is the object id of Microsoft Graph's own service principal, and
// graphAppID its application's, the same in every tenant.
const (
	graphAppID = "00000003-0000-0000-c000-000000000000"
	graphID    = "1ab00000-0003-4c00-8000-000000000003"
)

// byAppID serves servicePrincipals(appId='…').
func (c *call) byAppID(p []string) (any, error) {
	id, ok := strings.CutSuffix(p[0][strings.IndexByte(p[0], '\'')+1:], "')")
	if !ok {
		return nil, c.unknown()
	}
	if strings.EqualFold(id, graphAppID) {
		return c.graphItself(p[1:])
	}
	if err := c.may("application"); err != nil {
		return nil, err
	}
	found, ok := c.world.ServicePrincipal(id)
	if !ok {
		return nil, missing(id)
	}
	if len(p) == 2 {
		return c.relation("servicePrincipals", found.ID, p[1])
	}
	return c.object("servicePrincipals", found.ID)
}

// graphItself serves Microsoft Graph's own service principal.
func (c *call) graphItself(rest []string) (any, error) {
	if err := c.may("application"); err != nil {
		return nil, err
	}
	if len(rest) == 1 && strings.EqualFold(rest[0], "appRoleAssignedTo") {
		return c.appRoleAssignedTo(graphID)
	}
	if len(rest) > 0 {
		return nil, c.unknown()
	}
	return c.selected(c.graphPrincipal()), nil
}

// graphPrincipal is Microsoft Graph's own service principal.
func (c *call) graphPrincipal() object {
	roles := []object{}
	for _, name := range c.graphRoleNames() {
		roles = append(roles, object{"id": appRole(name), "value": name, "displayName": name, "isEnabled": true, "allowedMemberTypes": []string{"Application"}})
	}
	return object{"@odata.type": "#microsoft.graph.servicePrincipal", "id": graphID, "appId": graphAppID, "displayName": "Microsoft Graph", "appDisplayName": "Microsoft Graph",
		"servicePrincipalType": "Application", "accountEnabled": true, "alternativeNames": []string{}, "servicePrincipalNames": []string{graphAppID, "https://" + Host},
		"appOwnerOrganizationId": microsoft, "appRoles": roles}
}

// microsoft is the tenant that Microsoft's own applications belong to.
const microsoft = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"

// appRoles are application permissions on Graph by their ids, the same in
// every tenant (learn.microsoft.com/graph/permissions-reference).
func appRoles() map[string]string {
	return map[string]string{
		"Application.Read.All":                            "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
		"Application.ReadWrite.All":                       "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9",
		"Directory.Read.All":                              "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
		"Directory.ReadWrite.All":                         "19dbc75e-c2e2-444c-a770-ec69d8559fc7",
		"Group.Read.All":                                  "5b567255-7703-4780-807c-7be8301ae99b",
		"Group.ReadWrite.All":                             "62a82d76-70ea-41e2-9197-370581804d09",
		"GroupMember.Read.All":                            "98830695-27a2-44f7-8c18-0c3ebc9698f6",
		"GroupMember.ReadWrite.All":                       "dbaae8cf-10b5-4b86-a4a1-f871c94c6695",
		"PrivilegedEligibilitySchedule.Read.AzureADGroup": "edb419d6-7edc-42a3-9345-509bfdf5d87c",
		"RoleManagement.Read.Directory":                   "483bed4a-2ad3-4361-a73b-c83ccdbdc53c",
		"RoleManagement.ReadWrite.Directory":              "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8",
		"User.Read.All":                                   "df021288-bdef-4463-88db-98f22de89214",
	}
}

// appRole is the id of a permission; of one that is not in the table, one of
// its own.
func appRole(name string) string {
	if id, ok := appRoles()[name]; ok {
		return id
	}
	return derived("app role", name)
}

// graphRoleNames are the permissions of the table and those that the world
// grants beside them.
func (c *call) graphRoleNames() []string {
	names := slices.Sorted(maps.Keys(appRoles()))
	for _, p := range c.world.ServicePrincipals {
		for _, r := range p.GraphRoles {
			if !slices.Contains(names, r) {
				names = append(names, r)
			}
		}
	}
	return names
}

func (c *call) appRoleAssignedTo(id string) (any, error) {
	if err := c.may("application"); err != nil {
		return nil, err
	}
	items := []object{}
	if strings.EqualFold(id, graphID) {
		for _, p := range c.world.ServicePrincipals {
			for _, r := range p.GraphRoles {
				items = append(items, object{"id": derived("app role", p.ID, r), "principalId": p.ID, "principalDisplayName": p.DisplayName, "principalType": "ServicePrincipal",
					"resourceId": graphID, "resourceDisplayName": "Microsoft Graph", "appRoleId": appRole(r)})
			}
		}
	}
	return c.paged("servicePrincipals('"+id+"')/appRoleAssignedTo", items)
}
