package graph

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/postern-dev/postern/lab/cloud"
)

type object = map[string]any

func user(u cloud.User) object {
	kind := "Member"
	if u.Guest {
		kind = "Guest"
	}
	return object{"@odata.type": "#microsoft.graph.user", "id": u.ID, "displayName": u.DisplayName,
		"userPrincipalName": u.UPN, "mail": u.UPN, "accountEnabled": !u.Disabled, "userType": kind}
}

func group(g cloud.Group) object {
	return object{"@odata.type": "#microsoft.graph.group", "id": g.ID, "displayName": g.DisplayName,
		"securityEnabled": true, "mailEnabled": false, "groupTypes": groupTypes(g), "isAssignableToRole": g.RoleAssignable,
		"membershipRule": nullable(g.MembershipRule), "onPremisesSyncEnabled": nullableTrue(g.Synced)}
}

func groupTypes(g cloud.Group) []string {
	if g.MembershipRule != "" {
		return []string{"DynamicMembership"}
	}
	return []string{}
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func nullableTrue(b bool) any {
	if b {
		return true
	}
	return nil
}

func (c *call) application(p cloud.ServicePrincipal) object {
	kind, names := "Application", []string{}
	if p.ManagedIdentity != "" {
		// A user-assigned identity is a resource of its own; a system-assigned one
		// names the resource that it is of.
		explicit := "isExplicit=False"
		if strings.Contains(strings.ToLower(p.ManagedIdentity), "/userassignedidentities/") {
			explicit = "isExplicit=True"
		}
		kind, names = "ManagedIdentity", []string{explicit, p.ManagedIdentity}
	}
	var owner any // the tenant of the application; managed identities have none
	switch {
	case p.Application != nil:
		owner = c.world.Tenant.ID
	case p.ManagedIdentity == "":
		owner = derived("tenant of application", p.AppID)
	}
	return object{"@odata.type": "#microsoft.graph.servicePrincipal", "id": p.ID, "appId": p.AppID,
		"displayName": p.DisplayName, "appDisplayName": p.DisplayName, "servicePrincipalType": kind, "alternativeNames": names,
		"servicePrincipalNames": []string{p.AppID}, "accountEnabled": !p.Disabled, "appOwnerOrganizationId": owner}
}

// find gets any directory object and its kind.
func (c *call) find(id string) (object, string, bool) {
	for _, u := range c.world.Users {
		if strings.EqualFold(u.ID, id) {
			return user(u), "user", true
		}
	}
	if g, ok := c.world.Group(id); ok {
		return group(g), "group", true
	}
	for _, p := range c.world.ServicePrincipals {
		if strings.EqualFold(p.ID, id) {
			return c.application(p), "application", true
		}
	}
	if strings.EqualFold(id, graphID) {
		return c.graphPrincipal(), "application", true
	}
	return nil, "", false
}

// collectionKind maps a collection to the kind of its objects.
func collectionKind(collection string) string {
	switch strings.ToLower(collection) {
	case "users":
		return "user"
	case "groups":
		return "group"
	case "serviceprincipals":
		return "application"
	case "directoryobjects":
		return "any"
	}
	return ""
}

func missing(id string) error {
	return refuse(http.StatusNotFound, "Request_ResourceNotFound", "Resource '%s' does not exist or one of its queried reference-property objects are not present.", id)
}

// lookup finds one object of a collection; users by UPN too.
func (c *call) lookup(collection, id string) (object, error) {
	kind := collectionKind(collection)
	if kind == "" {
		return nil, c.unknown()
	}
	if kind == "user" {
		if u, ok := c.world.User(id); ok {
			id = u.ID
		}
	}
	o, got, ok := c.find(id)
	if ok && kind != "any" && got != kind {
		ok = false
	}
	// A directory that may not be read does not tell whether an object exists.
	ask := kind
	if kind == "any" {
		if ask = got; !ok {
			ask = "user"
		}
	}
	if !ok || !strings.EqualFold(id, c.who.ObjectID) {
		if err := c.may(ask); err != nil {
			return nil, err
		}
	}
	if !ok {
		return nil, missing(id)
	}
	return o, nil
}

func (c *call) object(collection, id string) (any, error) {
	o, err := c.lookup(collection, id)
	if err != nil {
		return nil, err
	}
	o = c.selected(o)
	o["@odata.context"] = "https://" + Host + "/v1.0/$metadata#" + collection + "/$entity"
	return o, nil
}

func (c *call) me(rest []string) (any, error) {
	if c.who.App {
		return nil, refuse(http.StatusBadRequest, "BadRequest", "/me request is only valid with delegated authentication flow.")
	}
	switch len(rest) {
	case 0:
		return c.object("users", c.who.ObjectID)
	case 1:
		return c.relation("users", c.who.ObjectID, rest[0])
	}
	return nil, c.unknown()
}

// relation serves memberOf, transitiveMemberOf, members, transitiveMembers.
func (c *call) relation(collection, id, relation string) (any, error) {
	o, err := c.lookup(collection, id)
	if err != nil {
		return nil, err
	}
	id = o["id"].(string)
	var ids []string
	switch strings.ToLower(relation) {
	case "memberof":
		for _, g := range c.world.Groups {
			if foldIn(g.Members, id) {
				ids = append(ids, g.ID)
			}
		}
	case "transitivememberof":
		ids = c.world.TransitiveGroups(id)
	case "owners":
		return c.owners(collection, id)
	case "approleassignedto":
		return c.appRoleAssignedTo(id)
	case "members", "transitivemembers":
		if err := c.may("group"); err != nil {
			return nil, err
		}
		ids = c.members(id, strings.EqualFold(relation, "transitiveMembers"), map[string]bool{})
	default:
		return nil, c.unknown()
	}
	return c.page(ids)
}

func foldIn(list []string, s string) bool {
	for _, l := range list {
		if strings.EqualFold(l, s) {
			return true
		}
	}
	return false
}

func (c *call) members(groupID string, deep bool, seen map[string]bool) []string {
	g, ok := c.world.Group(groupID)
	if !ok {
		return nil
	}
	var ids []string
	for _, m := range g.Members {
		if k := strings.ToLower(m); seen[k] {
			continue
		} else {
			seen[k] = true
		}
		ids = append(ids, m)
		if deep {
			ids = append(ids, c.members(m, true, seen)...)
		}
	}
	return ids
}

// page is a collection answer of existing objects.
func (c *call) page(ids []string) (any, error) {
	items := []object{}
	for _, id := range ids {
		if o, _, ok := c.find(id); ok {
			items = append(items, c.selected(o))
		}
	}
	return c.paged("directoryObjects", items)
}

// selected applies $select; the type and id always stay.
func (c *call) selected(o object) object {
	fields := c.r.URL.Query().Get("$select")
	if fields == "" {
		return o
	}
	out := object{"@odata.type": o["@odata.type"], "id": o["id"]}
	for _, f := range strings.Split(fields, ",") {
		if v, ok := o[strings.TrimSpace(f)]; ok {
			out[strings.TrimSpace(f)] = v
		}
	}
	return out
}

// post serves getByIds, getMemberGroups and getMemberObjects.
func (c *call) post(p []string) (any, error) {
	var body struct {
		IDs                 []string
		Types               []string
		SecurityEnabledOnly bool
	}
	if err := json.NewDecoder(c.r.Body).Decode(&body); err != nil {
		return nil, refuse(http.StatusBadRequest, "BadRequest", "Unable to read JSON request payload: %v", err)
	}
	last := strings.ToLower(p[len(p)-1])
	switch {
	case len(p) == 2 && strings.EqualFold(p[0], "directoryObjects") && last == "getbyids":
		return c.byIDs(body.IDs, body.Types)
	case len(p) == 2 && strings.EqualFold(p[0], "me") && strings.HasPrefix(last, "getmember") && !c.who.App:
		return object{"value": c.world.TransitiveGroups(c.who.ObjectID)}, nil
	case len(p) == 3 && (last == "getmembergroups" || last == "getmemberobjects"):
		o, err := c.lookup(p[0], p[1])
		if err != nil {
			return nil, err
		}
		return object{"@odata.context": "https://" + Host + "/v1.0/$metadata#Collection(Edm.String)",
			"value": c.world.TransitiveGroups(o["id"].(string))}, nil
	}
	return nil, c.unknown()
}

func (c *call) byIDs(ids, types []string) (any, error) {
	if len(ids) > 1000 {
		return nil, refuse(http.StatusBadRequest, "Request_BadRequest", "Too many ids: at most 1000.")
	}
	items := []object{}
	for _, id := range ids {
		o, kind, ok := c.find(id)
		if !ok || !wanted(kind, types) {
			continue // an unknown id is left out, as Graph does
		}
		if err := c.may(kind); err != nil {
			if c.guest { // guests may resolve ids they hold
				items = append(items, c.selected(o))
				continue
			}
			return nil, err
		}
		items = append(items, c.selected(o))
	}
	return object{"@odata.context": "https://" + Host + "/v1.0/$metadata#directoryObjects", "value": items}, nil
}

func wanted(kind string, types []string) bool {
	if len(types) == 0 || foldIn(types, "directoryObject") {
		return true
	}
	if kind == "application" {
		kind = "servicePrincipal"
	}
	return foldIn(types, kind)
}
