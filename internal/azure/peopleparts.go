package azure

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/postern-dev/postern/internal/snapshot"
)

// ids reads a collection for its ids. Devices and contacts are left out: they
// sign in nowhere.
func (p *people) ids(ctx context.Context, path string) (ids []string, err error) {
	err = p.each(ctx, path+"?$select=id&$top=999", func(item json.RawMessage) error {
		var o struct {
			Type string `json:"@odata.type"`
			ID   string
		}
		err := json.Unmarshal(item, &o)
		switch o.Type {
		case "", "#microsoft.graph.user", "#microsoft.graph.group", "#microsoft.graph.servicePrincipal":
			ids = append(ids, strings.ToLower(o.ID))
		}
		return err
	})
	slices.Sort(ids)
	p.want(ids...)
	return ids, err
}

func (p *people) members(ctx context.Context, g *snapshot.Principal) {
	var err error
	if g.Members, err = p.ids(ctx, "/groups/"+g.ID+"/members"); err != nil {
		p.unreadGraph(ctx, snapshot.PieceMembers, g.ID, err, "Group.Read.All")
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
	if errors.As(err, &answered) && answered.StatusCode == http.StatusNotFound && answered.ErrorCode != "SubscriptionNotFound" {
		return // the resource is gone, and its credentials with it
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
