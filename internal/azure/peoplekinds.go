package azure

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/snapshot"
)

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
