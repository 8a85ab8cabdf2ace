package cloud

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// parser resolves the names of a world file. Faults are gathered with the path
// of what is wrong.
type parser struct {
	*World
	now    time.Time
	faults []error
}

func (p *parser) fault(format string, args ...any) {
	p.faults = append(p.faults, fmt.Errorf(format, args...))
}

// places checks management groups, subscriptions and resource groups, and turns
// names of subscriptions into ids.
func (p *parser) places() {
	known := func(name string) bool {
		return name == "" || slices.ContainsFunc(p.ManagementGroups, func(g ManagementGroup) bool { return strings.EqualFold(g.Name, name) })
	}
	for i, g := range p.ManagementGroups {
		if g.Name == "" || strings.Contains(g.Name, "/") {
			p.fault("managementGroups[%d].name: %q is no name", i, g.Name)
		}
		if !known(g.Parent) && !strings.EqualFold(g.Parent, "root") {
			p.fault("managementGroups[%d].parent: no management group %q in this world", i, g.Parent)
		}
		if strings.EqualFold(g.Parent, "root") && !slices.ContainsFunc(p.ManagementGroups, func(g ManagementGroup) bool { return strings.EqualFold(g.Name, "root") }) {
			p.ManagementGroups[i].Parent = ""
		}
	}
	for i, s := range p.AllSubscriptions() {
		if !known(s.ManagementGroup) {
			p.fault("subscriptions[%d].managementGroup: no management group %q in this world", i-1, s.ManagementGroup)
		}
	}
	for i, g := range p.ResourceGroups {
		p.ResourceGroups[i].Subscription = p.subscription(fmt.Sprintf("resourceGroups[%d].subscription", i), g.Subscription)
	}
}

// subscription turns an id or display name into an id; empty is home and stays.
func (p *parser) subscription(at, name string) string {
	if name == "" {
		return ""
	}
	for _, s := range p.AllSubscriptions() {
		if strings.EqualFold(s.ID, name) || s.DisplayName == name {
			return s.ID
		}
	}
	p.fault("%s: no subscription %q in this world", at, name)
	return ""
}

// at reads a time: RFC 3339, or relative to now in Go's units and days. Empty is
// the zero time.
func (p *parser) at(path, text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	if text[0] == '-' || text[0] == '+' {
		span := text
		if days, ok := strings.CutSuffix(text, "d"); ok {
			if n, err := strconv.ParseFloat(days, 64); err == nil {
				return p.now.Add(time.Duration(n * 24 * float64(time.Hour))).Truncate(time.Second)
			}
		}
		if d, err := time.ParseDuration(span); err == nil {
			return p.now.Add(d).Truncate(time.Second)
		}
	} else if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.UTC()
	}
	p.fault("%s: %q is no time: 2026-11-23T17:58:21Z, -36h, -12d", path, text)
	return time.Time{}
}

func (p *parser) principal(path, name string) string {
	id, err := p.principalID(name)
	if err != nil {
		p.fault("%s: %v", path, err)
	}
	return id
}

func (p *parser) principals(path string, names []string) []string {
	var ids []string
	for i, n := range names {
		ids = append(ids, p.principal(fmt.Sprintf("%s[%d]", path, i), n))
	}
	return ids
}

// scope turns a short scope into an id.
func (p *parser) scope(path, scope string) string {
	switch {
	case strings.HasPrefix(scope, "/"):
		return scope
	case scope == "" || scope == ".":
		return p.Subscription.Scope()
	}
	kind, rest, ok := strings.Cut(scope, "/")
	if strings.EqualFold(kind, "managementGroups") && ok {
		return managementGroupScope + rest
	}
	word, rest, ok := strings.Cut(scope, ":")
	if !ok {
		return p.Subscription.Scope() + "/" + scope
	}
	switch word {
	case "cluster", "nodes":
		name, below, _ := strings.Cut(rest, "/")
		c, found := p.clusterNamed(name)
		if !found {
			p.fault("%s: no cluster %q in this world", path, name)
			return scope
		}
		id := p.ClusterID(c)
		if word == "nodes" {
			id = p.NodeScope(c)
		}
		if below != "" {
			id += "/" + below
		}
		return id
	}
	id := p.subscription(path, word)
	if id == "" {
		return scope
	}
	if rest == "" || rest == "." {
		return "/subscriptions/" + id
	}
	return "/subscriptions/" + id + "/" + rest
}

func (p *parser) clusterNamed(name string) (Cluster, bool) {
	for _, c := range p.Clusters {
		if strings.EqualFold(c.Name, name) {
			return c, true
		}
	}
	return Cluster{}, false
}

func (p *parser) group(i int, g groupEntry) {
	at := fmt.Sprintf("groups[%d]", i)
	out := &p.Groups[i]
	out.Members = p.principals(at+".members", g.Members)
	out.Owners = p.principals(at+".owners", g.Owners)
	for j, e := range g.Eligible {
		at := fmt.Sprintf("%s.eligible[%d]", at, j)
		if e.Access == "" {
			e.Access = "member"
		}
		if e.Access != "member" && e.Access != "owner" {
			p.fault("%s.access: %q is neither member nor owner", at, e.Access)
		}
		out.Eligible = append(out.Eligible, GroupEligible{PrincipalID: p.principal(at+".principal", e.Principal), Access: e.Access, Until: p.at(at+".until", e.Until)})
	}
}

func (p *parser) servicePrincipal(i int, e servicePrincipalEntry) {
	at := fmt.Sprintf("servicePrincipals[%d]", i)
	out := &p.ServicePrincipals[i]
	out.Owners = p.principals(at+".owners", e.Owners)
	if e.Application != nil {
		a := *e.Application
		a.Owners = p.principals(at+".application.owners", a.Owners)
		if a.ID == "" {
			a.ID = derivedGUID("application", out.AppID)
		} else if !IsGUID(a.ID) {
			p.fault("%s.application.id: %q is not a GUID", at, a.ID)
		}
		out.Application = &a
	}
	for j, c := range e.Credentials {
		at := fmt.Sprintf("%s.credentials[%d]", at, j)
		if c.Kind != "password" && c.Kind != "certificate" {
			p.fault("%s.kind: %q is neither password nor certificate", at, c.Kind)
		}
		out.Credentials = append(out.Credentials, Secret{Name: c.Name, Kind: c.Kind, Until: p.at(at+".until", c.Until)})
	}
	if e.ManagedIdentity != "" {
		out.ManagedIdentity = p.scope(at+".managedIdentity", e.ManagedIdentity)
		if e.Application != nil {
			p.fault("%s: a managed identity has no application", at)
		}
	}
}

func (p *parser) directoryRole(i int, e directoryRoleEntry) {
	at := fmt.Sprintf("directoryRoles[%d]", i)
	if e.Role == "" {
		p.fault("%s.role is missing", at)
	}
	scope := e.Scope
	switch {
	case scope == "":
		scope = "/"
	case !strings.HasPrefix(scope, "/"):
		scope = "/" + p.principal(at+".scope", scope)
	}
	p.DirectoryRoles = append(p.DirectoryRoles, DirectoryRole{Role: e.Role, PrincipalID: p.principal(at+".principal", e.Principal), Scope: scope, Eligible: e.Eligible})
}

func (p *parser) assignment(at string, a assignmentEntry) RoleAssignment {
	who := p.principal(at+".principal", a.Principal)
	role, ok := p.RoleDefinition(a.Role)
	if !ok {
		p.fault("%s.role: no role %q, built in or in this world", at, a.Role)
	}
	out := RoleAssignment{ID: strings.ToLower(a.ID), PrincipalID: who, RoleID: role.ID, Scope: p.scope(at+".scope", a.Scope), Condition: a.Condition, Until: p.at(at+".until", a.Until)}
	if out.ID == "" {
		out.ID = derivedGUID("assignment", at[:4], who, role.ID, out.Scope)
	} else if !IsGUID(out.ID) {
		p.fault("%s.id: %q is not a GUID", at, a.ID)
	}
	return out
}

func (p *parser) deny(i int, e denyEntry) {
	at := fmt.Sprintf("denyAssignments[%d]", i)
	d := DenyAssignment{ID: strings.ToLower(e.ID), Name: e.Name, Scope: p.scope(at+".scope", e.Scope), Permission: e.Permission, ThisScopeOnly: e.ThisScopeOnly, Condition: e.Condition}
	for j, who := range e.Principals {
		if strings.EqualFold(who, "everyone") {
			d.Principals = append(d.Principals, Everyone)
			continue
		}
		d.Principals = append(d.Principals, p.principal(fmt.Sprintf("%s.principals[%d]", at, j), who))
	}
	d.Exclude = p.principals(at+".exclude", e.Exclude)
	if d.ID == "" {
		d.ID = derivedGUID("deny", e.Name, d.Scope, strconv.Itoa(i))
	}
	if len(d.Principals) == 0 {
		p.fault("%s: no principals; `everyone` means all", at)
	}
	p.DenyAssignments = append(p.DenyAssignments, d)
}

// defaultAge is how long ago a cluster was made where its file does not say.
const defaultAge = "-200d"

func (p *parser) addCluster(i int, e clusterEntry) {
	at := fmt.Sprintf("clusters[%d]", i)
	subscription := p.subscription(at+".subscription", e.Subscription)
	rg, ok := p.GroupIn(subscription, e.ResourceGroup)
	if !ok && e.Subscription == "" {
		// Without a subscription the resource group's own counts.
		rg, ok = p.World.ResourceGroup(e.ResourceGroup)
		subscription = rg.Subscription
	}
	if !ok {
		p.fault("%s.resourceGroup: no resource group %q in this world", at, e.ResourceGroup)
	}
	if e.Name == "" {
		p.fault("%s: name is required", at)
	}
	if e.Location == "" {
		e.Location = rg.Location
	}
	if e.Created == "" {
		e.Created = defaultAge
	}
	c := Cluster{Name: e.Name, ResourceGroup: rg.Name, Subscription: subscription, Location: e.Location, Tags: e.Tags, Kind: e.Kind,
		Created: p.at(at+".created", e.Created), CertificatesRotated: p.at(at+".certificatesRotated", e.CertificatesRotated),
		TrustedAccess: e.TrustedAccess, Flux: e.Flux, Extensions: e.Extensions, Kubernetes: e.Kubernetes}
	if c.Kind == "" {
		c.Kind = KindStandard
	}
	if !slices.Contains([]string{KindStandard, KindAutomatic, KindPrivate}, c.Kind) {
		p.fault("%s.kind: %q is none of standard, automatic, private", at, e.Kind)
	}
	if _, ok := p.World.Cluster(p.ClusterID(c)); ok {
		p.fault("%s: %s is defined twice", at, e.Name)
	}
	c.fillDefaults(p.World, e.Properties)
	if _, err := ParseSettings(c.Properties); err != nil {
		p.fault("%s: %v", at, err)
		c.Properties = json.RawMessage("{}")
	}
	p.Clusters = append(p.Clusters, c)
	if c.Kind == KindAutomatic {
		p.DenyAssignments = append(p.DenyAssignments, lockdown(p.World, c))
	}
}

// Kinds of clusters.
const (
	KindStandard  = "standard"
	KindAutomatic = "automatic"
	KindPrivate   = "private"
)

// lockdown is the deny assignment by which AKS keeps everybody from changing a
// node resource group whose restriction level is ReadOnly.
func lockdown(w *World, c Cluster) DenyAssignment {
	scope := w.NodeScope(c)
	return DenyAssignment{
		ID: derivedGUID("lockdown", scope), Name: "NRG Lockdown", Scope: scope, Principals: []string{Everyone}, System: true,
		Exclude:    []string{derivedGUID("aks-service", w.Tenant.ID)},
		Permission: Permission{Actions: []string{"*"}, NotActions: []string{"*/read"}},
	}
}

func (p *parser) fleet(i int, f Fleet) {
	at := fmt.Sprintf("fleets[%d]", i)
	f.Subscription = p.subscription(at+".subscription", f.Subscription)
	rg, ok := p.GroupIn(f.Subscription, f.ResourceGroup)
	if !ok && f.Subscription == "" {
		rg, ok = p.World.ResourceGroup(f.ResourceGroup)
		f.Subscription = rg.Subscription
	}
	if !ok {
		p.fault("%s.resourceGroup: no resource group %q in this world", at, f.ResourceGroup)
	}
	for j, m := range f.Members {
		if c, ok := p.clusterNamed(m); ok {
			f.Members[j] = p.ClusterID(c)
		} else if !strings.HasPrefix(m, "/") {
			p.fault("%s.members[%d]: no cluster %q in this world", at, j, m)
		}
	}
	p.Fleets = append(p.Fleets, f)
}

func (p *parser) diagnosticSetting(i int, d DiagnosticSetting) {
	at := fmt.Sprintf("diagnosticSettings[%d]", i)
	d.ResourceID = p.scope(at+".resourceId", d.ResourceID)
	if _, ok := p.World.Cluster(d.ResourceID); !ok {
		p.fault("%s: no cluster %q in this world", at, d.ResourceID)
	}
	if d.Name == "" {
		p.fault("%s: name is missing", at)
	}
	if _, err := d.Routing(); err != nil {
		p.fault("%s: %v", at, err)
	}
	p.DiagnosticSettings = append(p.DiagnosticSettings, d)
}

func (p *parser) activity(i int, e activityEntry) {
	at := fmt.Sprintf("activity[%d]", i)
	a := Activity{Time: p.at(at+".time", e.Time), Operation: e.Operation, ResourceID: p.scope(at+".resource", e.Resource), Status: e.Status, HTTPStatus: e.HTTPStatus,
		Message: e.Message, IP: e.IP, AppID: e.AppID, Method: http.MethodPost, ID: derivedGUID("activity", p.Tenant.ID, strconv.Itoa(i)),
		CorrelationID: derivedGUID("correlation", p.Tenant.ID, strconv.Itoa(i)), OperationID: derivedGUID("operation", p.Tenant.ID, strconv.Itoa(i))}
	if a.Time.IsZero() || a.Operation == "" {
		p.fault("%s: time and operation are required", at)
	}
	if a.Status == "" {
		a.Status = "Succeeded"
	}
	if a.HTTPStatus == 0 {
		a.HTTPStatus = http.StatusOK
		if a.Status == "Failed" {
			a.HTTPStatus = http.StatusForbidden
		}
	}
	a.CallerID = p.principal(at+".caller", e.Caller)
	a.Caller = a.CallerID
	if u, ok := p.User(a.CallerID); ok {
		a.Caller = u.UPN
	} else if s, ok := p.ServicePrincipal(a.CallerID); ok {
		a.Caller = s.AppID
	}
	a.URI = "https://management.azure.com" + a.ResourceID
	switch e.Case {
	case "":
	case "upper":
		a.ResourceID, a.Operation = strings.ToUpper(a.ResourceID), strings.ToUpper(a.Operation)
	case "lower":
		a.ResourceID, a.Operation = strings.ToLower(a.ResourceID), strings.ToLower(a.Operation)
	default:
		p.fault("%s.case: %q is neither upper nor lower", at, e.Case)
	}
	p.History = append(p.History, a)
}

func (p *parser) worldFault(i int, f Fault) {
	at := fmt.Sprintf("faults[%d]", i)
	if !slices.Contains([]string{HostARM, HostGraph, HostEntra, HostKubernetes}, f.Host) {
		p.fault("%s.host: %q is none of arm, graph, entra, kubernetes", at, f.Host)
	}
	if f.Status == 0 && f.Delay == 0 && !f.Hang {
		p.fault("%s: nothing goes wrong: give status, delay or hang", at)
	}
	if f.Status != 0 && (f.Status < 400 || f.Status > 599) {
		p.fault("%s.status: %d is no error", at, f.Status)
	}
	f.Subscription = p.subscription(at+".subscription", f.Subscription)
	if f.Caller != "" {
		f.Caller = p.principal(at+".caller", f.Caller)
	}
	p.Faults = append(p.Faults, f)
}
