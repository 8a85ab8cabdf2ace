package azrbac_test

import (
	"strings"
	"testing"

	"github.com/postern-dev/postern/rbac/azrbac"
)

// captured is a reason as AKS 1.35 wrote it in October 2026, the name changed.
const captured = "Access allowed by Azure RBAC Role Assignment 59ae41cff153441994fce848787e000b of Role 7f6c6a51bcf842ba922052d62157d7db to user ann@contoso.example"

func TestParseReason(t *testing.T) {
	want := azrbac.Reason{Kind: azrbac.ReasonAssigned, Assignment: "59ae41cf-f153-4419-94fc-e848787e000b", Role: "7f6c6a51-bcf8-42ba-9220-52d62157d7db", User: "ann@contoso.example"}
	if got, ok := azrbac.ParseReason(captured); !ok || got != want {
		t.Errorf("got %+v, %v", got, ok)
	}
	g := azrbac.Grant{Assignment: azrbac.Assignment{ID: "/x/providers/Microsoft.Authorization/roleAssignments/59AE41CF-f153-4419-94fc-e848787e000b", RoleDefinitionID: "/y/7f6c6a51-bcf8-42ba-9220-52d62157d7db"}}
	if got := g.Because("ann@contoso.example"); got != captured {
		t.Errorf("Because: %q", got)
	}
	for text, kind := range map[string]azrbac.ReasonKind{
		"Access allowed by Azure RBAC": azrbac.ReasonPlain,
		"User does not have access to the resource in Azure. Update role assignment to allow access.":                                                       azrbac.ReasonDenied,
		"Azure does not have opinion for this non AAD user. If you are an AAD user, please set Extra:oid parameter for impersonated user in the kubeconfig": azrbac.ReasonNoOpinion,
		"Azure does not have opinion for this user.":                                             azrbac.ReasonNoOpinion,
		"Access denied due to Azure RBAC check failure. Please retry later. (requestID: 0)":      azrbac.ReasonError,
		strings.Replace(captured, "59ae41cff153441994fce848787e000b", want.Assignment, 1):        azrbac.ReasonAssigned,
		strings.Replace(captured, "ann@contoso.example", "a user called to user x of Role y", 1): azrbac.ReasonAssigned,
	} {
		if got, ok := azrbac.ParseReason(text); !ok || got.Kind != kind {
			t.Errorf("%q: %+v, %v", text, got, ok)
		}
	}
	for _, text := range []string{
		"", "RBAC: allowed by ClusterRoleBinding \"x\" of ClusterRole \"y\" to Group \"z\"",
		"Access allowed by Azure RBAC Role Assignment 59ae41cff153441994fce848787e000b of Role 7f6c6a51bcf842ba922052d62157d7db to user ",
		"Access allowed by Azure RBAC Role Assignment 59ae41cff153441994fce848787e000 of Role 7f6c6a51bcf842ba922052d62157d7db to user x",
		"Access allowed by Azure RBAC Role Assignment of Role to user x",
	} {
		if got, ok := azrbac.ParseReason(text); ok {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

// FuzzReason: what is parsed as assigned says the same again.
func FuzzReason(f *testing.F) {
	f.Add(captured)
	f.Add(azrbac.ReasonRefused)
	f.Fuzz(func(t *testing.T, text string) {
		r, ok := azrbac.ParseReason(text)
		if !ok || r.Kind != azrbac.ReasonAssigned {
			return
		}
		if !azrbac.IsGUID(r.Assignment) || !azrbac.IsGUID(r.Role) || r.User == "" {
			t.Fatalf("%q: %+v", text, r)
		}
		g := azrbac.Grant{Assignment: azrbac.Assignment{ID: r.Assignment, RoleDefinitionID: r.Role}}
		if again, _ := azrbac.ParseReason(g.Because(r.User)); again != r {
			t.Errorf("%q: %+v, then %+v", text, r, again)
		}
	})
}
