package cloud

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"
)

//go:embed default.yaml
var defaultYAML []byte

// DefaultWorldFile is the default world as a file to start one's own from.
func DefaultWorldFile() []byte { return bytes.Clone(defaultYAML) }

// DefaultWorld is the world the lab starts with.
func DefaultWorld() *World {
	w, err := ParseWorld(defaultYAML)
	if err != nil {
		panic("BUG: default.yaml: " + err.Error())
	}
	return w
}

// worldFile is the written form of a World: names where a World has ids,
// scopes relative to the subscription, cluster properties to lay over defaults.
type worldFile struct {
	Tenant             Tenant              `json:"tenant"`
	Subscription       Subscription        `json:"subscription"`
	ResourceGroups     []ResourceGroup     `json:"resourceGroups"`
	Users              []User              `json:"users"`
	Groups             []Group             `json:"groups"`
	ServicePrincipals  []ServicePrincipal  `json:"servicePrincipals"`
	RoleDefinitions    []RoleDefinition    `json:"roleDefinitions"`
	RoleAssignments    []assignmentEntry   `json:"roleAssignments"`
	Clusters           []clusterEntry      `json:"clusters"`
	DiagnosticSettings []DiagnosticSetting `json:"diagnosticSettings"`
}

type assignmentEntry struct {
	ID        string `json:"id"`
	Principal string `json:"principal"`
	Role      string `json:"role"`
	Scope     string `json:"scope"`
}

type clusterEntry struct {
	Name          string            `json:"name"`
	ResourceGroup string            `json:"resourceGroup"`
	Location      string            `json:"location"`
	Tags          map[string]string `json:"tags"`
	Properties    map[string]any    `json:"properties"`
}

// ParseWorld reads a world file (YAML or JSON). Unknown fields, unknown names
// and repeated ids are errors; all of them are reported together.
func ParseWorld(text []byte) (*World, error) {
	var f worldFile
	if err := yaml.UnmarshalStrict(text, &f); err != nil {
		return nil, fmt.Errorf("read world file: %w", err)
	}
	w := &World{
		Tenant: f.Tenant, Subscription: f.Subscription, ResourceGroups: f.ResourceGroups,
		Users: f.Users, Groups: f.Groups, ServicePrincipals: f.ServicePrincipals,
		RoleDefinitions: f.RoleDefinitions,
	}
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	w.checkIDs(fault)
	w.resolveMembers(fault)
	for i, a := range f.RoleAssignments {
		w.addAssignment(i, a, fault)
	}
	for i, c := range f.Clusters {
		w.addCluster(i, c, fault)
	}
	for i, d := range f.DiagnosticSettings {
		d.ResourceID = w.absolute(d.ResourceID)
		if _, ok := w.Cluster(d.ResourceID); !ok {
			fault("diagnosticSettings[%d]: no cluster %q in this world", i, d.ResourceID)
		}
		if d.Name == "" {
			fault("diagnosticSettings[%d]: name is missing", i)
		}
		if _, err := d.Routing(); err != nil {
			fault("diagnosticSettings[%d]: %v", i, err)
		}
		w.DiagnosticSettings = append(w.DiagnosticSettings, d)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("check world file: %w", err)
	}
	return w, nil
}

func (w *World) checkIDs(fault func(string, ...any)) {
	seen := map[string]string{}
	id := func(what, v string) {
		v = strings.ToLower(v)
		if !IsGUID(v) {
			fault("%s: %q is not a GUID of the form xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", what, v)
			return
		}
		if was, ok := seen[v]; ok {
			fault("%s: %s is already the id of %s", what, v, was)
		}
		seen[v] = what
	}
	id("tenant.id", w.Tenant.ID)
	id("subscription.id", w.Subscription.ID)
	if !strings.Contains(strings.ToUpper(w.Tenant.DisplayName), "LAB") {
		fault("tenant.displayName: must contain LAB, so that it cannot be taken for production")
	}
	if !strings.Contains(strings.ToUpper(w.Subscription.DisplayName), "LAB") {
		fault("subscription.displayName: must contain LAB, so that it cannot be taken for production")
	}
	upn := map[string]bool{}
	for i, u := range w.Users {
		id(fmt.Sprintf("users[%d].id", i), u.ID)
		if u.UPN == "" || u.Password == "" {
			fault("users[%d]: userPrincipalName and password are required", i)
		}
		if k := strings.ToLower(u.UPN); upn[k] {
			fault("users[%d]: userPrincipalName %s is taken", i, u.UPN)
		} else {
			upn[k] = true
		}
	}
	for i, g := range w.Groups {
		id(fmt.Sprintf("groups[%d].id", i), g.ID)
		if g.DisplayName == "" {
			fault("groups[%d]: displayName is required", i)
		}
	}
	for i, p := range w.ServicePrincipals {
		id(fmt.Sprintf("servicePrincipals[%d].id", i), p.ID)
		id(fmt.Sprintf("servicePrincipals[%d].appId", i), p.AppID)
		if p.DisplayName == "" {
			fault("servicePrincipals[%d]: displayName is required", i)
		}
	}
	for i, r := range w.RoleDefinitions {
		id(fmt.Sprintf("roleDefinitions[%d].id", i), r.ID)
		if r.RoleName == "" {
			fault("roleDefinitions[%d]: roleName is required", i)
		}
	}
	for i, g := range w.ResourceGroups {
		if g.Name == "" || g.Location == "" {
			fault("resourceGroups[%d]: name and location are required", i)
		}
	}
}

// principalID resolves an id, UPN, group name or application name.
func (w *World) principalID(name string) (string, error) {
	var found []string
	if u, ok := w.User(name); ok {
		found = append(found, u.ID)
	}
	for _, g := range w.Groups {
		if strings.EqualFold(g.ID, name) || g.DisplayName == name {
			found = append(found, g.ID)
		}
	}
	for _, p := range w.ServicePrincipals {
		if strings.EqualFold(p.ID, name) || p.DisplayName == name {
			found = append(found, p.ID)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return "", fmt.Errorf("%q names %d principals: give the object id", name, len(found))
	case IsGUID(name):
		// A deleted principal: assignments outlive the people they name.
		return strings.ToLower(name), nil
	}
	return "", fmt.Errorf("no user, group or service principal %q in this world", name)
}

func (w *World) resolveMembers(fault func(string, ...any)) {
	for i := range w.Groups {
		for j, m := range w.Groups[i].Members {
			id, err := w.principalID(m)
			if err != nil {
				fault("groups[%d].members[%d]: %v", i, j, err)
				continue
			}
			w.Groups[i].Members[j] = id
		}
	}
}

func (w *World) addAssignment(i int, a assignmentEntry, fault func(string, ...any)) {
	who, err := w.principalID(a.Principal)
	if err != nil {
		fault("roleAssignments[%d].principal: %v", i, err)
	}
	role, ok := w.RoleDefinition(a.Role)
	if !ok {
		fault("roleAssignments[%d].role: no role %q, built in or in this world", i, a.Role)
	}
	out := RoleAssignment{ID: strings.ToLower(a.ID), PrincipalID: who, RoleID: role.ID, Scope: w.absolute(a.Scope)}
	if out.ID == "" {
		out.ID = derivedGUID("assignment", who, role.ID, out.Scope)
	} else if !IsGUID(out.ID) {
		fault("roleAssignments[%d].id: %q is not a GUID", i, a.ID)
	}
	w.RoleAssignments = append(w.RoleAssignments, out)
}

func (w *World) addCluster(i int, e clusterEntry, fault func(string, ...any)) {
	rg, ok := w.ResourceGroup(e.ResourceGroup)
	if !ok {
		fault("clusters[%d].resourceGroup: no resource group %q in this world", i, e.ResourceGroup)
	}
	if e.Name == "" {
		fault("clusters[%d]: name is required", i)
	}
	if e.Location == "" {
		e.Location = rg.Location
	}
	c := Cluster{Name: e.Name, ResourceGroup: rg.Name, Location: e.Location, Tags: e.Tags}
	if _, ok := w.Cluster(w.ClusterID(c)); ok {
		fault("clusters[%d]: %s is defined twice", i, e.Name)
	}
	c.fillDefaults(w, e.Properties)
	if _, err := ParseSettings(c.Properties); err != nil {
		fault("clusters[%d]: %v", i, err)
		c.Properties = json.RawMessage("{}")
	}
	w.Clusters = append(w.Clusters, c)
}

// absolute turns a scope relative to the subscription into a resource id.
func (w *World) absolute(scope string) string {
	switch {
	case scope == "/" || strings.HasPrefix(scope, "/"):
		return scope
	case scope == "" || scope == ".":
		return w.Subscription.Scope()
	}
	return w.Subscription.Scope() + "/" + scope
}

// IsGUID reports whether s is a GUID in the canonical spelling.
func IsGUID(s string) bool {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return false
	}
	_, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	return err == nil
}

// derivedGUID makes a stable GUID from words, so that a world file needs none
// where nobody will look for it.
func derivedGUID(words ...string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.Join(words, "\x00"))))
	sum[6] = sum[6]&0x0f | 0x80
	sum[8] = sum[8]&0x3f | 0x80
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
