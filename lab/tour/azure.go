package tour

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
)

// azure is one person's client of the management plane: the real az, or the
// Azure SDK for Go making the same calls. Methods note what they run.
type azure interface {
	// describe names the client for the reader.
	describe() string
	login(ctx context.Context, t *transcript) error
	// credentials writes the kubeconfig file, of the local admin where admin
	// is set.
	credentials(ctx context.Context, t *transcript, admin bool, file string) (answer, error)
	enableEntra(ctx context.Context, t *transcript, group string) (answer, error)
	rotateCertificates(ctx context.Context, t *transcript) (answer, error)
	routeLogs(ctx context.Context, t *transcript, name, storage, category string) (answer, error)
	// rest is one call of ARM or Graph; body may be nil.
	rest(ctx context.Context, t *transcript, method, url string, body any) (answer, error)
}

// answer is what the management plane said. Code is ARM's error code, empty on
// success. Status is 0 where the client does not print it.
type answer struct {
	Code    string
	Status  int
	Message string
	Body    []byte
}

func (a answer) ok() bool { return a.Code == "" }

func (a answer) String() string {
	switch {
	case a.ok():
		return "accepted"
	case a.Status != 0:
		return fmt.Sprintf("HTTP %d (%s) %s", a.Status, a.Code, a.Message)
	}
	return fmt.Sprintf("(%s) %s", a.Code, a.Message)
}

// must turns a refusal into an error.
func (a answer) must(what string, err error) error {
	if err != nil {
		return err
	}
	if !a.ok() {
		return fmt.Errorf("%s: %s", what, a)
	}
	return nil
}

const (
	managementURL = "https://management.azure.com"
	graphURL      = "https://graph.microsoft.com/v1.0"

	// Azure's ids of the built-in roles, the same in every tenant.
	clusterAdminRole = "0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8"
	clusterUserRole  = "4abbcc35-e782-43d8-92c5-2d3f1bd2253f"

	authorizationVersion = "2022-04-01"
)

// assignment is one Azure role assignment that holds at the cluster.
type assignment struct {
	ID, PrincipalID, RoleID, Scope string
}

// assignments lists the role assignments at the cluster's scope and above.
func assignments(ctx context.Context, t *transcript, p *person) ([]assignment, error) {
	a, err := p.azure.rest(ctx, t, "GET", managementURL+p.lab.ClusterID+"/providers/Microsoft.Authorization/roleAssignments?api-version="+authorizationVersion+"&$filter=atScope()", nil)
	if err := a.must("list role assignments", err); err != nil {
		return nil, err
	}
	var list struct {
		Value []struct {
			ID         string
			Properties struct{ PrincipalID, RoleDefinitionID, Scope string }
		}
	}
	if err := json.Unmarshal(a.Body, &list); err != nil {
		return nil, fmt.Errorf("read role assignments: %w", err)
	}
	var out []assignment
	for _, v := range list.Value {
		role := v.Properties.RoleDefinitionID
		out = append(out, assignment{v.ID, v.Properties.PrincipalID, strings.ToLower(role[strings.LastIndexByte(role, '/')+1:]), v.Properties.Scope})
	}
	return out, nil
}

// grant gives a principal a role at the cluster.
func grant(ctx context.Context, t *transcript, by *person, principal, role string) error {
	l := by.lab
	body := map[string]any{"properties": map[string]any{
		"principalId":      principal,
		"roleDefinitionId": "/subscriptions/" + l.SubscriptionID + "/providers/Microsoft.Authorization/roleDefinitions/" + role,
	}}
	a, err := by.azure.rest(ctx, t, "PUT", managementURL+l.ClusterID+"/providers/Microsoft.Authorization/roleAssignments/"+guid()+"?api-version="+authorizationVersion, body)
	return a.must("assign role", err)
}

// revoke removes the role assignments that match and returns how many.
func revoke(ctx context.Context, t *transcript, by *person, principal, role string) (int, error) {
	all, err := assignments(ctx, t, by)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, a := range all {
		if !strings.EqualFold(a.PrincipalID, principal) || a.RoleID != role {
			continue
		}
		got, err := by.azure.rest(ctx, t, "DELETE", managementURL+a.ID+"?api-version="+authorizationVersion, nil)
		if err := got.must("remove role assignment", err); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// guid is a random version 4 GUID.
func guid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
