package doors

import (
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/snapshot"
)

// never is what no snapshot tells.
func never() []Gap {
	return []Gap{
		{What: "client certificates issued through the CSR API more than an hour before", Why: "the API server forgets them; the audit log has their approval", Always: true},
		{What: "conditional access", Why: "whether Entra lets a holder sign in from where they are is not evaluated", Always: true},
		{What: "what runs on the nodes, and SSH keys of nodes", Why: "only Azure and the API server are asked", Always: true},
		{What: "JWT authenticators of the cluster", Why: "a preview without a stable API", Always: true},
		{What: "secrets and kubeconfigs kept elsewhere", Why: "in pipelines, vaults and home directories", Always: true},
	}
}

// hides is what an unread piece keeps from sight.
func hides(p snapshot.Piece) string {
	switch p {
	case snapshot.PieceSubscriptions:
		return "subscriptions and every cluster in them"
	case snapshot.PieceClusters:
		return "clusters there"
	case snapshot.PieceCluster:
		return "every door of the cluster"
	case snapshot.PieceAssignments, snapshot.PieceEligible, snapshot.PieceDefinitions:
		return "holders"
	case snapshot.PieceDenies:
		return "what is taken from holders"
	case snapshot.PieceDiagnostic:
		return "whether there is an audit trail"
	case snapshot.PieceActivity:
		return "who fetched credentials, refusals, rotations"
	case snapshot.PieceKubernetes:
		return "the doors inside the cluster"
	case snapshot.PieceMembers, snapshot.PieceGroupEligible:
		return "members"
	case snapshot.PieceOwners, snapshot.PieceDirectoryRoles, snapshot.PieceDirectoryElig, snapshot.PieceAppRoles:
		return "who may add themselves or credentials"
	case snapshot.PieceApplications, snapshot.PieceFederated:
		return "who may become the service principal"
	case snapshot.PiecePrincipals:
		return "who it is"
	}
	return "what is there"
}

// gaps are what was not examined of one cluster.
func (x *finder) gaps(c *cluster) []Gap {
	all := []Gap{}
	for _, u := range x.t.Unread {
		if at := fold(u.Scope); at == fold(c.id) || at == fold(c.scope) && u.Piece != snapshot.PieceClusters {
			all = append(all, gap(u))
		}
	}
	if c.Kubernetes != nil {
		for _, u := range c.Kubernetes.Unknown {
			switch u.What {
			case snapshot.Azure, snapshot.PodList, snapshot.ServiceAccountList: // no door rests on them
			default:
				all = append(all, Gap{What: u.What, Why: u.Why, Needs: u.Hint})
			}
		}
	} else if _, missing := x.missing(snapshot.PieceKubernetes, c.id); !missing {
		all = append(all, Gap{What: string(snapshot.PieceKubernetes), Why: "the API server was not asked: " + hides(snapshot.PieceKubernetes)})
	}
	return unique(all)
}

func gap(u snapshot.Unread) Gap {
	what := string(u.Piece)
	if u.Scope != "" {
		what += " of " + u.Scope
	}
	return Gap{What: what, Why: u.Why + " (hides " + hides(u.Piece) + ")", Needs: u.Needs}
}

// tenantGaps are what was not examined at all, and what is of no one cluster.
func (x *finder) tenantGaps() []Gap {
	all := never()
	for _, u := range x.t.Unread {
		ofCluster := slices.ContainsFunc(x.t.Clusters, func(c snapshot.AzureCluster) bool { return fold(c.ID) == fold(u.Scope) })
		if !ofCluster {
			all = append(all, gap(u))
		}
	}
	slices.SortStableFunc(all[len(never()):], func(a, b Gap) int { return strings.Compare(a.What, b.What) })
	return unique(all)
}

// unique keeps the first of each gap.
func unique(all []Gap) []Gap {
	seen := map[Gap]bool{}
	return slices.DeleteFunc(all, func(g Gap) bool {
		again := seen[g]
		seen[g] = true
		return again
	})
}

// Incomplete reports whether anything that decides could not be read.
func (r *Report) Incomplete() bool {
	unknown := func(d Door) bool { return d.State == Unknown || len(d.HoldersUnknown) > 0 }
	missing := func(g Gap) bool { return !g.Always }
	for _, c := range r.Clusters {
		if slices.ContainsFunc(c.NotExamined, missing) || slices.ContainsFunc(c.Doors, unknown) {
			return true
		}
	}
	return slices.ContainsFunc(r.Tenant, unknown) || slices.ContainsFunc(r.NotExamined, missing)
}
