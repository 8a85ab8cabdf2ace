package doors

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac/azrbac"
)

// rich has something of every piece, open doors and closed ones.
func rich(t testing.TB) *snapshot.Tenant {
	text, err := os.ReadFile("testdata/rich.txt")
	if err != nil {
		t.Fatal(err)
	}
	return world(t, string(text))
}

// piece is a piece of a tenant, and how it is not there.
type piece struct {
	snapshot.Piece
	scope string
	drop  func(*snapshot.Tenant)
}

func (p piece) String() string { return fmt.Sprintf("%s of %q", p.Piece, p.scope) }

// lose takes a piece from a tenant as a refused read does: the facts are not
// there, and Unread says so.
func (p piece) lose(t *snapshot.Tenant) {
	p.drop(t)
	t.Unread = append(t.Unread, snapshot.Unread{Piece: p.Piece, Scope: p.scope, Why: "403"})
}

// pieces are all pieces at all scopes of a tenant.
func pieces(t *snapshot.Tenant) (all []piece) {
	add := func(p snapshot.Piece, scope string, drop func(*snapshot.Tenant)) {
		all = append(all, piece{p, scope, drop})
	}
	within := func(scope, in string) bool {
		return fold(scope) == fold(in) || strings.HasPrefix(fold(scope), fold(in)+"/") || !strings.HasPrefix(fold(scope), "/subscriptions/")
	}
	for _, s := range t.Subscriptions {
		scope := "/subscriptions/" + s.ID
		// What stands above is in every subscription's listing: where it is read in
		// one, it is known.
		gone := func(at string) bool { return within(at, scope) && strings.HasPrefix(fold(at), "/subscriptions/") }
		add(snapshot.PieceAssignments, scope, func(t *snapshot.Tenant) {
			t.Assignments = slices.DeleteFunc(t.Assignments, func(a snapshot.Assignment) bool { return gone(a.Scope) })
		})
		add(snapshot.PieceEligible, scope, func(t *snapshot.Tenant) {
			t.Eligible = slices.DeleteFunc(t.Eligible, func(a snapshot.Assignment) bool { return gone(a.Scope) })
		})
		add(snapshot.PieceDenies, scope, func(t *snapshot.Tenant) {
			t.Denies = slices.DeleteFunc(t.Denies, func(d azrbac.DenyAssignment) bool { return gone(d.Scope) })
		})
		add(snapshot.PieceFleets, scope, func(t *snapshot.Tenant) {
			t.Fleets = slices.DeleteFunc(t.Fleets, func(f snapshot.Fleet) bool { return gone(f.ID) })
		})
		add(snapshot.PieceActivity, scope, func(t *snapshot.Tenant) {
			t.Activity = slices.DeleteFunc(t.Activity, func(a snapshot.Activity) bool { return gone(a.Resource) })
			for i := range t.Subscriptions {
				if t.Subscriptions[i].ID == s.ID {
					t.Subscriptions[i].ActivitySince, t.Subscriptions[i].ActivityUntil = day("0001-01-01"), day("0001-01-01")
				}
			}
		})
		add(snapshot.PieceClusters, scope, func(t *snapshot.Tenant) {})
	}
	whole := map[snapshot.Piece]func(*snapshot.Tenant){
		snapshot.PieceAssignments: func(t *snapshot.Tenant) { t.Assignments = nil },
		snapshot.PieceEligible:    func(t *snapshot.Tenant) { t.Eligible = nil },
		snapshot.PieceDenies:      func(t *snapshot.Tenant) { t.Denies = nil },
		snapshot.PieceFleets:      func(t *snapshot.Tenant) { t.Fleets = nil },
		snapshot.PieceDirectoryRoles: func(t *snapshot.Tenant) {
			t.DirectoryRoles = slices.DeleteFunc(t.DirectoryRoles, func(r snapshot.DirectoryRole) bool { return !r.Eligible })
		},
		snapshot.PieceDirectoryElig: func(t *snapshot.Tenant) {
			t.DirectoryRoles = slices.DeleteFunc(t.DirectoryRoles, func(r snapshot.DirectoryRole) bool { return r.Eligible })
		},
		snapshot.PieceAppRoles:    func(t *snapshot.Tenant) { t.AppRoles = nil },
		snapshot.PiecePrincipals:  func(t *snapshot.Tenant) { t.Principals = nil },
		snapshot.PieceDefinitions: func(t *snapshot.Tenant) { t.Definitions = nil },
		snapshot.PieceSubscriptions: func(t *snapshot.Tenant) {
			t.Fleets = nil
			t.Subscriptions = t.Subscriptions[:1]
		},
	}
	for _, name := range slices.Sorted(maps.Keys(whole)) {
		add(name, "", whole[name])
	}
	for _, c := range t.Clusters {
		on := func(change func(*snapshot.AzureCluster)) func(*snapshot.Tenant) {
			return func(t *snapshot.Tenant) {
				for i := range t.Clusters {
					if t.Clusters[i].ID == c.ID {
						change(&t.Clusters[i])
					}
				}
			}
		}
		add(snapshot.PieceCluster, c.ID, on(func(c *snapshot.AzureCluster) { c.Raw = nil }))
		add(snapshot.PieceDiagnostic, c.ID, on(func(c *snapshot.AzureCluster) { c.Diagnostic = nil }))
		add(snapshot.PieceTrustedAccess, c.ID, on(func(c *snapshot.AzureCluster) { c.TrustedAccess = nil }))
		add(snapshot.PieceFlux, c.ID, on(func(c *snapshot.AzureCluster) { c.Flux = nil }))
		add(snapshot.PieceExtensions, c.ID, on(func(c *snapshot.AzureCluster) { c.Extensions = nil }))
		add(snapshot.PieceKubernetes, c.ID, on(func(c *snapshot.AzureCluster) { c.Kubernetes = nil }))
	}
	for _, f := range t.Fleets {
		add(snapshot.PieceFleets, f.ID, func(t *snapshot.Tenant) {
			for i := range t.Fleets {
				if t.Fleets[i].ID == f.ID {
					t.Fleets[i].Members = nil
				}
			}
		})
	}
	for _, d := range t.Definitions {
		add(snapshot.PieceDefinitions, d.ID, func(t *snapshot.Tenant) {
			t.Definitions = slices.DeleteFunc(t.Definitions, func(o azrbac.Definition) bool { return o.ID == d.ID })
		})
	}
	for _, p := range t.Principals {
		on := func(change func(*snapshot.Principal)) func(*snapshot.Tenant) {
			return func(t *snapshot.Tenant) {
				for i := range t.Principals {
					if t.Principals[i].ID == p.ID {
						change(&t.Principals[i])
					}
				}
			}
		}
		add(snapshot.PiecePrincipals, p.ID, on(func(p *snapshot.Principal) { *p = snapshot.Principal{ID: p.ID, Kind: snapshot.UnknownPrincipal} }))
		switch p.Kind {
		case snapshot.GroupPrincipal:
			add(snapshot.PieceMembers, p.ID, on(func(p *snapshot.Principal) { p.Members = nil }))
			add(snapshot.PieceOwners, p.ID, on(func(p *snapshot.Principal) { p.Owners = nil }))
			add(snapshot.PieceGroupEligible, p.ID, on(func(p *snapshot.Principal) { p.EligibleIn = nil }))
		case snapshot.ServicePrincipal:
			add(snapshot.PieceOwners, p.ID, on(func(p *snapshot.Principal) { p.Owners = nil }))
			add(snapshot.PieceApplications, p.ID, on(func(p *snapshot.Principal) { p.ApplicationID, p.AppOwners, p.Secrets = "", nil, nil }))
			add(snapshot.PieceFederated, p.ID, on(func(p *snapshot.Principal) { p.Federated = nil }))
		}
	}
	return all
}

// TestUnread loses every piece at every scope by itself, and pairs: no door
// becomes closed, no holder goes or comes up for sure, without the report saying
// that something may be missing.
func TestUnread(t *testing.T) {
	whole := Find(rich(t), Options{})
	if whole.Incomplete() {
		t.Fatalf("the whole tenant is incomplete: %+v", whole.NotExamined)
	}
	all := pieces(rich(t))
	without := make([]*Report, len(all))
	for i, p := range all {
		one := rich(t)
		p.lose(one)
		r := Find(one, Options{})
		if bad := judge(whole, r); len(bad) > 0 {
			t.Errorf("without %s:\n\t%s", p, strings.Join(bad, "\n\t"))
		}
		if !r.Incomplete() {
			t.Errorf("without %s the report claims to be complete", p)
		}
		if len(gapsOf(r)) <= len(gapsOf(whole)) {
			t.Errorf("without %s: nothing more stands under what was not examined", p)
		}
		without[i] = r
	}
	for i, p := range all {
		for j, q := range all[i+1:] {
			if (i+j)%5 != 0 && !testing.Verbose() { // all pairs take some 10 s
				continue
			}
			two := rich(t)
			p.lose(two)
			q.lose(two)
			if bad := judge(without[i], Find(two, Options{})); len(bad) > 0 {
				t.Fatalf("without %s and then %s:\n\t%s", p, q, strings.Join(bad, "\n\t"))
			}
		}
	}
	t.Logf("%d pieces", len(all))
}

func gapsOf(r *Report) map[string]bool {
	out := map[string]bool{}
	for _, c := range r.Clusters {
		for _, g := range c.NotExamined {
			out[c.Name+g.What+g.Why] = true
		}
	}
	for _, g := range r.NotExamined {
		out[g.What+g.Why] = true
	}
	return out
}

func shut(s State) bool { return s == Closed || s == Proved }

// vague doors do not claim to know everything.
func vague(d Door) bool { return d.State == Unknown || len(d.HoldersUnknown) > 0 }

// among reports whether a list has the holder. Without the directory a Subject is
// called by its name alone.
func among(h Holder, all []Holder) bool {
	return slices.ContainsFunc(all, func(o Holder) bool {
		return o.How == h.How && (o.Principal.ID == h.Principal.ID || o.Principal.Name != "" && o.Principal.Name == h.Principal.Name)
	})
}

// judge says where a report that knows less claims more.
func judge(before, after *Report) (bad []string) {
	was, is := byName(before), byName(after)
	for _, at := range slices.Sorted(maps.Keys(was)) {
		b, a := was[at], is[at]
		if shut(a.State) && !shut(b.State) {
			bad = append(bad, fmt.Sprintf("%s is %s, was %s", at, a.State, b.State))
		}
		if a.State == Open && b.State != Open {
			bad = append(bad, fmt.Sprintf("%s is open, was %s", at, b.State))
		}
		for _, h := range b.Holders {
			if !vague(a) && !among(h, a.Holders) {
				bad = append(bad, fmt.Sprintf("%s: %s %s is gone, and nothing says so", at, h.How, h.Principal.ID))
			}
		}
		for _, h := range a.Holders {
			if h.Unsure == "" && !among(h, b.Holders) {
				bad = append(bad, fmt.Sprintf("%s: %s %s came up for sure", at, h.How, h.Principal.ID))
			}
		}
	}
	return bad
}

// TestUnreadOfClosed: a closed door that holders decide is unknown without any of
// the lists that could have held one; those of another subscription change
// nothing.
func TestUnreadOfClosed(t *testing.T) {
	const text = `
subscription s1 log=2026-08-26
subscription s2 log=2026-08-26
cluster c1 s1 {"disableLocalAccounts":true,"aadProfile":{"enableAzureRBAC":true},"apiServerAccessProfile":{"disableRunCommand":true}}
user u
role Custom actions=Microsoft.ContainerService/managedClusters/read
assign Custom u c1
`
	kinds := []Kind{AzureRBAC, ExtensionWrite, NodeResourceGroup, ClusterWrite, AssignmentWrite}
	whole := byName(Find(world(t, text), Options{}))
	for _, k := range kinds {
		if d := whole["c1 "+string(k)]; d.State != Closed {
			t.Fatalf("%s is %s: %s", k, d.State, d.Why)
		}
	}
	for _, p := range pieces(world(t, text)) {
		one := world(t, text)
		p.lose(one)
		want := Closed
		switch {
		case p.scope != "" && p.scope != "/subscriptions/s1" && p.Piece != snapshot.PieceDefinitions && p.Piece != snapshot.PieceCluster:
		case p.Piece == snapshot.PieceAssignments, p.Piece == snapshot.PieceEligible, p.Piece == snapshot.PieceDenies, p.Piece == snapshot.PieceDefinitions, p.Piece == snapshot.PieceCluster:
			want = Unknown
		}
		found := byName(Find(one, Options{}))
		for _, k := range kinds {
			if got := found["c1 "+string(k)]; got.State != want {
				t.Errorf("without %s: %s is %s (%s), want %s", p, k, got.State, got.Why, want)
			}
		}
	}
}
