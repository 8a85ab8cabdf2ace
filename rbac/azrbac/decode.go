package azrbac

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Document is what one file or answer of Azure's holds.
type Document struct {
	Clusters    []Settings
	Assignments []Assignment
	Definitions []Definition
	Denies      []DenyAssignment
	Facts       *Facts // of a file this program wrote: whole as it stands
}

// Settings are what a managed cluster says of itself, as far as access goes.
type Settings struct {
	ID      string
	Name    string
	Enabled bool     // aadProfile.enableAzureRBAC
	Known   bool     // the body has settings at all; short listings have none
	Hosts   []string // under which its API server is reached, lower case
}

// wire is any of the objects, as Resource Manager writes it (with properties) or
// as az prints it (without). Field names match in any case: az writes
// enableAzureRbac where Resource Manager has enableAzureRBAC.
type wire struct {
	wireFields
	ID         string      `json:"id"`
	Name       string      `json:"name"`
	Type       string      `json:"type"`
	Properties *wireFields `json:"properties"`
}

type wireFields struct {
	PrincipalID      string `json:"principalId"`
	PrincipalType    string `json:"principalType"`
	RoleDefinitionID string `json:"roleDefinitionId"`
	Scope            string `json:"scope"`
	Condition        string `json:"condition"`
	ConditionVersion string `json:"conditionVersion"`

	RoleName         string       `json:"roleName"`
	RoleType         string       `json:"roleType"` // az; Resource Manager has properties.type
	Kind             string       `json:"type"`
	Permissions      []Permission `json:"permissions"`
	AssignableScopes []string     `json:"assignableScopes"`

	DenyAssignmentName      string      `json:"denyAssignmentName"`
	Principals              []Principal `json:"principals"`
	ExcludePrincipals       []Principal `json:"excludePrincipals"`
	DoNotApplyToChildScopes bool        `json:"doNotApplyToChildScopes"`

	ProvisioningState string `json:"provisioningState"`
	AADProfile        *struct {
		EnableAzureRBAC bool `json:"enableAzureRBAC"`
	} `json:"aadProfile"`
	FQDN            string `json:"fqdn"`
	PrivateFQDN     string `json:"privateFQDN"`
	AzurePortalFQDN string `json:"azurePortalFQDN"`
}

// Decode reads JSON of Azure's: one object or a list of role assignments, role
// definitions, deny assignments or managed clusters, printed by az (`az role
// assignment list`, `az role definition list`, `az aks show`, …) or answered by
// Resource Manager, or Facts. ok is false for what is none of these; then it is
// somebody else's to read, and err says nothing.
func Decode(data []byte) (doc Document, ok bool, err error) {
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\ufeff")))
	if len(data) == 0 || data[0] != '{' && data[0] != '[' || !json.Valid(data) {
		return doc, false, nil
	}
	items := []json.RawMessage{data}
	if data[0] == '[' {
		err = json.Unmarshal(data, &items)
	} else {
		items, doc.Facts, err = objects(data)
	}
	if err != nil || doc.Facts != nil {
		return doc, doc.Facts != nil || err != nil, err
	}
	for i, item := range items {
		switch mine, err := doc.add(item); {
		case err != nil:
			return doc, true, fmt.Errorf("item %d: %w", i+1, err)
		case !mine && ok:
			return doc, true, fmt.Errorf("item %d is neither role assignment, role definition, deny assignment nor cluster, the others are", i+1)
		case !mine:
			return Document{}, false, nil
		}
		ok = true
	}
	return doc, ok, nil
}

// objects are the items of a page, the object itself, or Facts.
func objects(data []byte) ([]json.RawMessage, *Facts, error) {
	var page struct {
		Value     []json.RawMessage `json:"value"`
		ClusterID *string           `json:"clusterId"`
		Type      string            `json:"type"`
	}
	switch err := json.Unmarshal(data, &page); {
	case err != nil:
		return nil, nil, nil // an object of some other sort
	case page.Value != nil:
		return page.Value, nil, nil
	case page.ClusterID == nil || page.Type != "":
		return []json.RawMessage{data}, nil, nil
	}
	var f Facts
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, nil, fmt.Errorf("read facts: %w", err)
	}
	return nil, &f, nil
}

// add puts one object where it belongs; mine is false for what belongs nowhere.
func (d *Document) add(item json.RawMessage) (mine bool, err error) {
	var head struct {
		Type json.RawMessage `json:"type"`
	}
	var kind string
	if json.Unmarshal(item, &head) != nil || json.Unmarshal(head.Type, &kind) != nil {
		return false, nil
	}
	var put func(wire, wireFields) error
	switch strings.ToLower(kind) {
	case "microsoft.authorization/roleassignments":
		put = d.assignment
	case "microsoft.authorization/roledefinitions":
		put = d.definition
	case "microsoft.authorization/denyassignments":
		put = d.denyAssignment
	case "microsoft.containerservice/managedclusters":
		put = d.cluster
	default:
		return false, nil
	}
	var w wire
	if err := json.Unmarshal(item, &w); err != nil {
		return true, fmt.Errorf("read %s: %w", kind, err)
	}
	if w.ID == "" {
		return true, fmt.Errorf("%s without an id", kind)
	}
	f := w.wireFields
	if w.Properties != nil {
		f = *w.Properties
	}
	if err := put(w, f); err != nil {
		return true, fmt.Errorf("%s: %w", w.ID, err)
	}
	return true, nil
}

func (d *Document) assignment(w wire, f wireFields) error {
	switch {
	case f.PrincipalID == "":
		return errors.New("role assignment without a principalId")
	case f.RoleDefinitionID == "":
		return errors.New("role assignment without a roleDefinitionId")
	}
	scope := f.Scope
	if scope == "" { // its id begins with it
		i := strings.LastIndex(strings.ToLower(w.ID), "/providers/microsoft.authorization/")
		if i < 0 {
			return errors.New("role assignment without a scope")
		}
		if scope = w.ID[:i]; scope == "" {
			scope = "/"
		}
	}
	d.Assignments = append(d.Assignments, Assignment{ID: w.ID, PrincipalID: f.PrincipalID, PrincipalType: f.PrincipalType,
		RoleDefinitionID: f.RoleDefinitionID, Scope: scope, Condition: f.Condition, ConditionVersion: f.ConditionVersion})
	return nil
}

func (d *Document) definition(w wire, f wireFields) error {
	if f.RoleName == "" && len(f.Permissions) == 0 {
		return errors.New("role definition without roleName and permissions")
	}
	kind := f.RoleType
	if w.Properties != nil {
		kind = f.Kind
	}
	d.Definitions = append(d.Definitions, Definition{ID: w.ID, Name: f.RoleName, Permissions: f.Permissions,
		AssignableScopes: f.AssignableScopes, Custom: strings.EqualFold(kind, "CustomRole")})
	return nil
}

func (d *Document) denyAssignment(w wire, f wireFields) error {
	if f.Scope == "" {
		return errors.New("deny assignment without a scope")
	}
	d.Denies = append(d.Denies, DenyAssignment{ID: w.ID, Name: f.DenyAssignmentName, Principals: f.Principals, ExcludePrincipals: f.ExcludePrincipals,
		Permissions: f.Permissions, Scope: f.Scope, DoNotApplyToChildScopes: f.DoNotApplyToChildScopes, Condition: f.Condition})
	return nil
}

func (d *Document) cluster(w wire, f wireFields) error {
	s := Settings{ID: w.ID, Name: w.Name, Enabled: f.AADProfile != nil && f.AADProfile.EnableAzureRBAC,
		Known: f.ProvisioningState != "" || f.AADProfile != nil || f.FQDN != ""}
	if s.Name == "" {
		s.Name = w.ID[strings.LastIndexByte(w.ID, '/')+1:]
	}
	for _, host := range []string{f.FQDN, f.PrivateFQDN, f.AzurePortalFQDN} {
		if host != "" {
			s.Hosts = append(s.Hosts, strings.ToLower(host))
		}
	}
	d.Clusters = append(d.Clusters, s)
	return nil
}
