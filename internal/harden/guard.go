package harden

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/doors"
)

// Reach is what an API server said to the Entra token of somebody: a
// SelfSubjectReview and a SelfSubjectAccessReview for * on *.
type Reach struct {
	User    string
	OID     string // object id, of extra "oid"
	Groups  []string
	Allowed bool
	Err     error // why nobody answered
}

// Verdict is what the guards say of closing the local account.
type Verdict struct {
	Refused string   // why it must not be done; empty: nothing speaks against it
	Proved  string   // by whom it is proved that somebody reaches cluster-admin
	Wanting string   // why it is not proved
	Remain  []string // who reaches cluster-admin afterwards, by what Azure and the directory say
}

// GuardLocalAccounts says whether the local account of a cluster may be closed:
// only where a named, enabled principal still reaches cluster-admin afterwards.
// removing are principals (object id or name) that another plan takes away; they
// do not count. What Azure says is evidence; only the API server's own word to a
// member's token proves.
func GuardLocalAccounts(c doors.Cluster, groups []string, removing []string, reach *Reach) Verdict {
	if !c.Entra {
		return Verdict{Refused: "Entra integration is off: without it nobody could sign in any more. First az aks update --enable-aad --aad-admin-group-object-ids GROUP"}
	}
	var v Verdict
	members, lost, gap := administrators(c, doors.AdminGroup, removing)
	if len(groups) > 0 || !c.AzureRBAC {
		v.Refused = refusal(groups, members, lost, gap)
	} else {
		more, lostToo, gapToo := administrators(c, doors.AzureRBAC, removing)
		members, lost = append(members, more...), append(lost, lostToo...)
		if len(members) == 0 {
			v.Refused = cmpText(gapToo, "no admin group is named, and no enabled principal holds cluster-admin by Azure RBAC")
			if len(lost) > 0 {
				v.Refused += "; these cannot come in: " + strings.Join(lost, ", ")
			}
		}
	}
	for _, m := range members {
		v.Remain = append(v.Remain, m.name)
	}
	if v.Refused != "" {
		return v
	}
	v.Proved, v.Wanting = proof(members, groups, reach)
	return v
}

type member struct{ id, name string }

func cmpText(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// administrators are the enabled principals that hold a door to cluster-admin for
// certain and at once; lost those who hold it and cannot come in.
func administrators(c doors.Cluster, kind doors.Kind, removing []string) (in []member, lost []string, gap string) {
	for _, d := range c.Doors {
		if d.Kind != kind {
			continue
		}
		if d.State == doors.Unknown {
			gap = "who would still reach cluster-admin is unknown: " + d.Why
		} else if len(d.HoldersUnknown) > 0 {
			gap = "who would still reach cluster-admin is unknown: " + d.HoldersUnknown[0]
		}
		for _, h := range d.Holders {
			p := h.Principal
			name := cmpText(p.Name, p.ID)
			power := cmpText(h.Power, d.Power)
			why := ""
			switch {
			case h.Scope != "" || power != "cluster-admin" || p.Kind == "group" || p.Kind == "Group":
				continue
			case p.Deleted:
				why = "deleted"
			case p.Disabled:
				why = "disabled"
			case h.How == doors.Eligible:
				why = "only eligible: it would have to be activated first"
			case h.How != doors.Active:
				continue
			case h.Unsure != "":
				why = h.Unsure
			case p.Kind == "unknown":
				why = "who this is is unknown"
			case slices.ContainsFunc(removing, func(r string) bool { return strings.EqualFold(r, p.ID) || strings.EqualFold(r, p.Name) }):
				why = "taken away by the other plan"
			}
			m := member{p.ID, name}
			switch {
			case why != "":
				lost = append(lost, name+" ("+why+")")
			case !slices.Contains(in, m):
				in = append(in, m)
			}
		}
	}
	return in, lost, gap
}

func refusal(groups []string, members []member, lost []string, gap string) string {
	switch {
	case len(groups) == 0:
		return "no admin group is named: nobody would reach cluster-admin any more. First az aks update --aad-admin-group-object-ids GROUP"
	case len(members) > 0:
		return ""
	case gap != "":
		return gap
	case len(lost) > 0:
		return "nobody in the admin group could come in: " + strings.Join(lost, ", ")
	}
	return fmt.Sprintf("the admin group %s has no members: nobody would reach cluster-admin any more", strings.Join(groups, ", "))
}

// proof holds what the API server said to a token against who is to remain.
func proof(members []member, groups []string, reach *Reach) (proved, wanting string) {
	switch {
	case reach == nil:
		return "", "no member's Entra token was shown to the API server"
	case reach.Err != nil:
		return "", "the API server could not be asked: " + reach.Err.Error()
	case slices.Contains(reach.Groups, "system:masters"):
		return "", reach.User + " is in system:masters: that is the account to be closed, not a member"
	case !reach.Allowed:
		return "", "the API server does not allow " + reach.User + " * on *"
	}
	i := slices.IndexFunc(members, func(m member) bool {
		return m.id != "" && strings.EqualFold(m.id, reach.OID) || reach.OID == "" && m.name == reach.User
	})
	if i < 0 {
		return "", reach.User + " is allowed * on *, and is none of those who are known to remain"
	}
	if len(groups) > 0 && !slices.ContainsFunc(groups, func(g string) bool {
		return slices.ContainsFunc(reach.Groups, func(h string) bool { return strings.EqualFold(g, h) })
	}) {
		return "", reach.User + " is allowed * on *, and its token is not in the admin group"
	}
	return reach.User + " is allowed * on * by the API server, with an Entra token", ""
}
