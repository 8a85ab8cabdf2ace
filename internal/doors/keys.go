package doors

import (
	"cmp"
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/snapshot"
)

// appEditors may add credentials to applications (learn.microsoft.com/entra,
// permissions reference); a role over one application counts for that one.
func appEditors() []string {
	return []string{"Global Administrator", "Application Administrator", "Cloud Application Administrator", "Hybrid Identity Administrator"}
}

// keys are the ways to become each service principal of the tenant: whoever can
// add a credential to it, and who signs in by a federated one.
func (x *finder) keys(_ *Report) []Key {
	keys, issuers := []Key{}, x.issuers()
	for i := range x.t.Principals {
		p := &x.t.Principals[i]
		if p.Kind != snapshot.ServicePrincipal {
			continue
		}
		keys = append(keys, x.keysTo(p, issuers)...)
	}
	slices.SortStableFunc(keys, func(a, b Key) int {
		return cmp.Or(strings.Compare(fold(a.Of.Name), fold(b.Of.Name)), strings.Compare(a.Of.ID, b.Of.ID), slices.Index(hows(), a.How)-slices.Index(hows(), b.How),
			strings.Compare(a.Via, b.Via), strings.Compare(fold(a.Who.Name), fold(b.Who.Name)), strings.Compare(a.Who.ID, b.Who.ID))
	})
	return slices.CompactFunc(keys, func(a, b Key) bool {
		return a.Of.ID == b.Of.ID && a.Who.ID == b.Who.ID && a.How == b.How && a.Via == b.Via
	})
}

func (x *finder) keysTo(p *snapshot.Principal, issuers map[string]string) (keys []Key) {
	of := x.principal(p.ID)
	add := func(who Principal, how How, via, unsure string, path []Step) {
		keys = append(keys, Key{Of: of, Who: who, How: how, Via: via, Unsure: unsure, Path: path})
	}
	for _, f := range p.Federated {
		who := Principal{ID: f.Issuer + " " + f.Subject, Kind: "source", Name: federatedName(f, issuers)}
		add(who, Source, "federated credential "+f.Name+": tokens of "+f.Issuer+" for subject "+f.Subject+" sign in as it", "", []Step{{What: federatedName(f, issuers) + " is given tokens by " + f.Issuer, From: p.ID}})
	}
	if p.ManagedIdentity != "" {
		// A resource's own identity takes no federated credentials.
		if parts := strings.Split(strings.Trim(p.ManagedIdentity, "/"), "/"); len(parts) > 1 && strings.Contains(fold(p.ManagedIdentity), "/userassignedidentities/") && strings.EqualFold(parts[0], "subscriptions") {
			found, _ := x.holders(parts[1], right{action: "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write", scope: p.ManagedIdentity})
			for _, h := range found {
				add(h.Principal, h.How, "may add a federated credential to the managed identity", h.Unsure, h.Path)
			}
		}
		return keys
	}
	for _, o := range p.Owners {
		add(x.principal(o), Owner, "owner of the service principal, may add a credential to it", "", []Step{{What: "owns service principal " + cmp.Or(p.Name, p.ID), From: p.ID}})
	}
	for _, o := range p.AppOwners {
		add(x.principal(o), Owner, "owner of the application, may add a credential to it", "", []Step{{What: "owns application " + cmp.Or(p.Name, p.AppID), From: p.ApplicationID}})
	}
	for _, object := range []string{p.ID, p.ApplicationID} {
		if object == "" {
			continue
		}
		editors, _ := x.withRole(func(role string) bool { return slices.Contains(appEditors(), role) }, object, "may add a credential to it")
		for _, r := range editors {
			via := r.path[len(r.path)-1].What
			if !slices.ContainsFunc(keys, func(k Key) bool { return k.How == Editor && k.Who.ID == r.id && k.Via == via }) {
				add(x.principal(r.id), Editor, via, r.unsure, r.path)
			}
		}
	}
	for _, r := range x.withAppRole(func(name string) bool {
		return name == "Application.ReadWrite.All" || name == "RoleManagement.ReadWrite.Directory"
	}, "may add a credential to it") {
		if r.id != fold(p.ID) {
			add(x.principal(r.id), Editor, r.path[0].What, "", r.path)
		}
	}
	return keys
}

// KeyGaps is what could not be read about who may become a service principal.
func KeyGaps(t *snapshot.Tenant, id string) (gaps []string) {
	for _, u := range t.Unread {
		switch u.Piece {
		case snapshot.PieceDirectoryRoles, snapshot.PieceDirectoryElig, snapshot.PieceAppRoles:
			gaps = append(gaps, unreadText(u))
		case snapshot.PieceApplications, snapshot.PieceOwners, snapshot.PieceFederated:
			if u.Scope == "" || fold(u.Scope) == fold(id) {
				gaps = append(gaps, unreadText(u))
			}
		}
	}
	return gaps
}
