package cloud

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

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

// worldFile is the written form of a World (docs/worlds.md): names where a World
// has ids, scopes in short, cluster properties to lay over defaults.
type worldFile struct {
	Tenant              Tenant                  `json:"tenant"`
	ManagementGroups    []ManagementGroup       `json:"managementGroups"`
	Subscription        Subscription            `json:"subscription"`
	Subscriptions       []Subscription          `json:"subscriptions"`
	ResourceGroups      []ResourceGroup         `json:"resourceGroups"`
	Users               []User                  `json:"users"`
	Groups              []groupEntry            `json:"groups"`
	ServicePrincipals   []servicePrincipalEntry `json:"servicePrincipals"`
	DirectoryRoles      []directoryRoleEntry    `json:"directoryRoles"`
	RoleDefinitions     []RoleDefinition        `json:"roleDefinitions"`
	RoleAssignments     []assignmentEntry       `json:"roleAssignments"`
	EligibleAssignments []assignmentEntry       `json:"eligibleAssignments"`
	DenyAssignments     []denyEntry             `json:"denyAssignments"`
	Clusters            []clusterEntry          `json:"clusters"`
	Fleets              []Fleet                 `json:"fleets"`
	DiagnosticSettings  []DiagnosticSetting     `json:"diagnosticSettings"`
	Activity            []activityEntry         `json:"activity"`
	Faults              []Fault                 `json:"faults"`
	PageSize            int                     `json:"pageSize"`
	ActivityDelay       Duration                `json:"activityDelay"`
}

type groupEntry struct {
	ID             string          `json:"id"`
	DisplayName    string          `json:"displayName"`
	Members        []string        `json:"members"`
	Owners         []string        `json:"owners"`
	RoleAssignable bool            `json:"roleAssignable"`
	Synced         bool            `json:"synced"`
	MembershipRule string          `json:"membershipRule"`
	Eligible       []eligibleEntry `json:"eligible"`
}

type eligibleEntry struct {
	Principal string `json:"principal"`
	Access    string `json:"access"`
	Until     string `json:"until"`
}

type servicePrincipalEntry struct {
	ID                   string        `json:"id"`
	AppID                string        `json:"appId"`
	DisplayName          string        `json:"displayName"`
	Secret               string        `json:"secret"`
	GraphRoles           []string      `json:"graphRoles"`
	Disabled             bool          `json:"disabled"`
	Owners               []string      `json:"owners"`
	Application          *Application  `json:"application"`
	FederatedCredentials []Federated   `json:"federatedCredentials"`
	Credentials          []secretEntry `json:"credentials"`
	ManagedIdentity      string        `json:"managedIdentity"`
}

type secretEntry struct {
	Name  string `json:"name"`
	Kind  string `json:"kind"`
	Until string `json:"until"`
}

type directoryRoleEntry struct {
	Role      string `json:"role"`
	Principal string `json:"principal"`
	Scope     string `json:"scope"`
	Eligible  bool   `json:"eligible"`
}

type assignmentEntry struct {
	ID        string `json:"id"`
	Principal string `json:"principal"`
	Role      string `json:"role"`
	Scope     string `json:"scope"`
	Condition string `json:"condition"`
	Until     string `json:"until"`
}

type denyEntry struct {
	ID            string   `json:"id"`
	Name          string   `json:"name"`
	Scope         string   `json:"scope"`
	Principals    []string `json:"principals"`
	Exclude       []string `json:"exclude"`
	Permission    `json:",inline"`
	ThisScopeOnly bool   `json:"doNotApplyToChildScopes"`
	Condition     string `json:"condition"`
}

type clusterEntry struct {
	Name                string            `json:"name"`
	ResourceGroup       string            `json:"resourceGroup"`
	Subscription        string            `json:"subscription"`
	Location            string            `json:"location"`
	Kind                string            `json:"kind"`
	Tags                map[string]string `json:"tags"`
	Properties          map[string]any    `json:"properties"`
	Created             string            `json:"created"`
	CertificatesRotated string            `json:"certificatesRotated"`
	TrustedAccess       []TrustedAccess   `json:"trustedAccess"`
	Flux                []Flux            `json:"flux"`
	Extensions          []Extension       `json:"extensions"`
	Kubernetes          *Kubernetes       `json:"kubernetes"`
}

type activityEntry struct {
	Time       string `json:"time"`
	Operation  string `json:"operation"`
	Resource   string `json:"resource"`
	Caller     string `json:"caller"`
	Status     string `json:"status"`
	HTTPStatus int    `json:"httpStatus"`
	Message    string `json:"message"`
	IP         string `json:"ip"`
	AppID      string `json:"appId"`
	Case       string `json:"case"` // upper, lower or empty
}

// ParseWorld reads a world file (YAML or JSON). Unknown fields, unknown names
// and repeated ids are errors; all of them are reported together.
func ParseWorld(text []byte) (*World, error) { return ParseWorldAt(text, time.Now()) }

// ParseWorldAt is ParseWorld with the time that relative times count from.
func ParseWorldAt(text []byte, now time.Time) (*World, error) {
	var f worldFile
	if err := yaml.UnmarshalStrict(text, &f); err != nil {
		return nil, fmt.Errorf("read world file: %w", err)
	}
	w := &World{
		Tenant: f.Tenant, ManagementGroups: f.ManagementGroups, Subscription: f.Subscription,
		ResourceGroups: f.ResourceGroups, Users: f.Users, RoleDefinitions: f.RoleDefinitions,
		PageSize: f.PageSize, ActivityDelay: time.Duration(f.ActivityDelay),
	}
	if len(f.Subscriptions) > 0 {
		w.Subscriptions = append([]Subscription{f.Subscription}, f.Subscriptions...)
	}
	p := &parser{World: w, now: now.UTC()}
	for _, g := range f.Groups {
		w.Groups = append(w.Groups, Group{ID: g.ID, DisplayName: g.DisplayName, RoleAssignable: g.RoleAssignable, Synced: g.Synced, MembershipRule: g.MembershipRule})
	}
	for _, a := range f.ServicePrincipals {
		w.ServicePrincipals = append(w.ServicePrincipals, ServicePrincipal{ID: a.ID, AppID: a.AppID, DisplayName: a.DisplayName, Secret: a.Secret,
			GraphRoles: a.GraphRoles, Disabled: a.Disabled, Application: a.Application, FederatedCredentials: a.FederatedCredentials})
	}
	w.checkIDs(p.fault)
	p.places()
	for i, g := range f.Groups {
		p.group(i, g)
	}
	for i, a := range f.ServicePrincipals {
		p.servicePrincipal(i, a)
	}
	// Clusters first: scopes may name them.
	for i, c := range f.Clusters {
		p.addCluster(i, c)
	}
	for i, r := range w.RoleDefinitions {
		for j, scope := range r.AssignableScopes {
			w.RoleDefinitions[i].AssignableScopes[j] = p.scope(fmt.Sprintf("roleDefinitions[%d].assignableScopes[%d]", i, j), scope)
		}
	}
	for i, r := range f.DirectoryRoles {
		p.directoryRole(i, r)
	}
	for i, a := range f.RoleAssignments {
		w.RoleAssignments = append(w.RoleAssignments, p.assignment(fmt.Sprintf("roleAssignments[%d]", i), a))
	}
	for i, a := range f.EligibleAssignments {
		w.EligibleAssignments = append(w.EligibleAssignments, p.assignment(fmt.Sprintf("eligibleAssignments[%d]", i), a))
	}
	for i, d := range f.DenyAssignments {
		p.deny(i, d)
	}
	for i, x := range f.Fleets {
		p.fleet(i, x)
	}
	for i, d := range f.DiagnosticSettings {
		p.diagnosticSetting(i, d)
	}
	for i, a := range f.Activity {
		p.activity(i, a)
	}
	slices.SortStableFunc(w.History, func(a, b Activity) int { return a.Time.Compare(b.Time) })
	for i, x := range f.Faults {
		p.worldFault(i, x)
	}
	if err := errors.Join(p.faults...); err != nil {
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
	for i, s := range w.AllSubscriptions()[1:] {
		id(fmt.Sprintf("subscriptions[%d].id", i), s.ID)
		if !strings.Contains(strings.ToUpper(s.DisplayName), "LAB") {
			fault("subscriptions[%d].displayName: must contain LAB, so that it cannot be taken for production", i)
		}
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
