package harden

import (
	"errors"
	"strings"
	"testing"

	"github.com/postern-dev/postern/internal/doors"
)

func TestGuard(t *testing.T) {
	user := func(id string, change func(*doors.Holder)) doors.Holder {
		h := doors.Holder{Principal: doors.Principal{ID: id, Kind: "user", Name: id + "@x"}, How: doors.Active}
		if change != nil {
			change(&h)
		}
		return h
	}
	group := func(holders ...doors.Holder) doors.Cluster {
		return doors.Cluster{Entra: true, Doors: []doors.Door{{Kind: doors.AdminGroup, State: doors.Open, Power: "cluster-admin", Holders: holders}}}
	}
	unread := group()
	unread.Doors[0].HoldersUnknown = []string{"members unread"}
	azure := doors.Cluster{Entra: true, AzureRBAC: true, Doors: []doors.Door{{Kind: doors.AzureRBAC, State: doors.Open, Power: "of the holder",
		Holders: []doors.Holder{user("a", func(h *doors.Holder) { h.Power = "cluster-admin" }), user("w", func(h *doors.Holder) { h.Power = "write" })}}}}
	g := []string{"G"}
	in := &Reach{User: "a@x", OID: "A", Groups: []string{"g", "system:authenticated"}, Allowed: true}
	for _, c := range []struct {
		name     string
		cluster  doors.Cluster
		groups   []string
		removing []string
		reach    *Reach
		want     string // part of the refusal, "proved", or part of what is wanting
	}{
		{"without Entra", doors.Cluster{}, nil, nil, in, "Entra integration is off"},
		{"no group", group(), nil, nil, in, "no admin group is named"},
		{"empty group", group(), g, nil, in, "has no members"},
		{"disabled", group(user("a", func(h *doors.Holder) { h.Principal.Disabled = true })), g, nil, in, "a@x (disabled)"},
		{"deleted", group(user("a", func(h *doors.Holder) { h.Principal.Deleted = true })), g, nil, in, "a@x (deleted)"},
		{"eligible", group(user("a", func(h *doors.Holder) { h.How = doors.Eligible })), g, nil, in, "only eligible"},
		{"owner", group(user("a", func(h *doors.Holder) { h.How = doors.Owner })), g, nil, in, "has no members"},
		{"unread", unread, g, nil, in, "unknown: members unread"},
		{"removed by another plan", group(user("a", nil)), g, []string{"A@X"}, in, "taken away by the other plan"},
		{"removed, another left", group(user("a", nil), user("b", nil)), g, []string{"b"}, in, "proved"},
		{"member", group(user("a", nil)), g, nil, in, "proved"},
		{"nobody asked", group(user("a", nil)), g, nil, nil, "no member's"},
		{"server silent", group(user("a", nil)), g, nil, &Reach{Err: errors.New("timeout")}, "timeout"},
		{"not allowed", group(user("a", nil)), g, nil, &Reach{User: "a@x", OID: "a", Groups: g}, "does not allow"},
		{"the local account", group(user("a", nil)), g, nil, &Reach{User: "masterclient", Groups: []string{"system:masters"}, Allowed: true}, "system:masters"},
		{"somebody else", group(user("a", nil)), g, nil, &Reach{User: "z@x", OID: "z", Groups: g, Allowed: true}, "none of those"},
		{"a token from before", group(user("a", nil)), g, nil, &Reach{User: "a@x", OID: "a", Allowed: true}, "not in the admin group"},
		{"Azure RBAC", azure, nil, nil, &Reach{User: "a@x", OID: "a", Allowed: true}, "proved"},
		{"Azure RBAC, write alone", azure, nil, []string{"a"}, in, "no enabled principal"},
		{"Azure RBAC, empty group", azure, g, nil, in, "has no members"},
	} {
		v := GuardLocalAccounts(c.cluster, c.groups, c.removing, c.reach)
		got := v.Refused + v.Wanting
		if v.Proved != "" && got == "" {
			got = "proved"
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: %+v, want %q", c.name, v, c.want)
		}
	}
}
