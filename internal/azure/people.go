package azure

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/azrbac"
)

// atMostIn is how many values Graph takes in one `in` of a filter.
const atMostIn = 15

// people reads the directory.
type people struct {
	*tenantCollector
	mu      sync.Mutex
	known   map[string]*snapshot.Principal // by folded id
	wanted  map[string]bool                // folded ids not asked for yet
	unasked bool                           // some kind of principal may not be read
}

// readDirectory reads whoever the tenant names so far, and whoever these name,
// until nobody is new.
func (c *tenantCollector) readDirectory(ctx context.Context) {
	p := &people{tenantCollector: c, known: map[string]*snapshot.Principal{}, wanted: map[string]bool{}}
	p.named()
	p.steps("directory", []func(){func() { p.roles(ctx) }, func() { p.appRoles(ctx) }, func() { p.spelled(ctx) }, func() { p.search(ctx) }})
	for len(p.wanted) > 0 {
		p.round(ctx)
	}
	for _, one := range p.known {
		c.tenant.Principals = append(c.tenant.Principals, *one)
	}
}

func (p *people) want(ids ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range ids {
		id = strings.ToLower(id)
		if azrbac.IsGUID(id) && id != azrbac.Everyone && p.known[id] == nil {
			p.wanted[id] = true
		}
	}
}

// named are the ids that Azure and the clusters name.
func (p *people) named() {
	t := p.tenant
	for _, list := range [][]snapshot.Assignment{t.Assignments, t.Eligible} {
		for _, a := range list {
			p.want(a.PrincipalID)
		}
	}
	for _, d := range t.Denies {
		for _, list := range [][]azrbac.Principal{d.Principals, d.ExcludePrincipals} {
			for _, who := range list {
				p.want(who.ID)
			}
		}
	}
	for _, a := range t.Activity {
		p.want(a.CallerID)
	}
	for i := range t.Clusters {
		k := &t.Clusters[i]
		var body struct {
			Properties struct {
				AADProfile struct{ AdminGroupObjectIDs []string }
			}
		}
		if json.Unmarshal(k.Raw, &body) == nil {
			p.want(body.Properties.AADProfile.AdminGroupObjectIDs...)
		}
		if k.Kubernetes != nil {
			for _, b := range k.Kubernetes.RBAC.Bindings {
				for _, s := range b.Subjects {
					p.want(s.Name)
				}
			}
		}
	}
}

// unreadGraph notes what Graph did not say; permission is what it takes.
func (p *people) unreadGraph(ctx context.Context, piece snapshot.Piece, scope string, err error, permission string) {
	u := snapshot.Unread{Piece: piece, Scope: scope, Why: firstSentence(reason(ctx, err).Error())}
	var answered *azcore.ResponseError
	if errors.As(err, &answered) && answered.StatusCode == http.StatusForbidden {
		u.Needs = "Graph permission " + permission
	}
	p.with(func(t *snapshot.Tenant) { t.Unread = append(t.Unread, u) })
}

// each reads a collection of Graph.
func (p *people) each(ctx context.Context, path string, item func(json.RawMessage) error) error {
	return p.graph.follow(ctx, p.graph.endpoint+"/v1.0"+path, item)
}

// filtered reads the objects of a collection whose property is among values.
func (p *people) filtered(ctx context.Context, collection, property, fields string, values []string, item func(json.RawMessage) error) error {
	var failed error
	for chunk := range slices.Chunk(values, atMostIn) {
		quoted := make([]string, len(chunk))
		for i, v := range chunk {
			quoted[i] = "'" + strings.ReplaceAll(v, "'", "''") + "'"
		}
		filter := escape(property + " in (" + strings.Join(quoted, ",") + ")")
		if err := p.each(ctx, "/"+collection+"?$filter="+filter+"&$select="+fields, item); err != nil {
			failed = cmp.Or(failed, err)
		}
	}
	return failed
}

// spelled finds those who are named otherwise than by object id: users by user
// principal name in bindings and records, applications by their id in records.
func (p *people) spelled(ctx context.Context) {
	names, apps := map[string]bool{}, map[string]bool{}
	for i := range p.tenant.Clusters {
		if k := p.tenant.Clusters[i].Kubernetes; k != nil {
			for _, b := range k.RBAC.Bindings {
				for _, s := range b.Subjects {
					if s.Kind == rbac.UserKind && strings.Contains(s.Name, "@") {
						names[strings.ToLower(s.Name)] = true
					}
				}
			}
		}
	}
	for _, a := range p.tenant.Activity {
		switch {
		case a.CallerID != "":
		case strings.Contains(a.Caller, "@"):
			names[strings.ToLower(a.Caller)] = true
		case azrbac.IsGUID(strings.ToLower(a.Caller)):
			apps[strings.ToLower(a.Caller)] = true
		}
	}
	for _, one := range []struct {
		collection, property, permission string
		values                           map[string]bool
	}{
		{"users", "userPrincipalName", "User.Read.All", names},
		{"servicePrincipals", "appId", "Application.Read.All", apps},
	} {
		err := p.filtered(ctx, one.collection, one.property, "id", sorted(one.values), func(item json.RawMessage) error {
			var o struct{ ID string }
			err := json.Unmarshal(item, &o)
			p.want(o.ID)
			return err
		})
		if err != nil {
			p.unreadGraph(ctx, snapshot.PiecePrincipals, "", err, one.permission)
		}
	}
}

// search looks for those who were asked for. What may not be searched, or is not
// there, is unread or absent as everybody else is.
func (p *people) search(ctx context.Context) {
	for _, text := range p.o.Principals {
		add := func(item json.RawMessage) error {
			var o struct{ ID string }
			err := json.Unmarshal(item, &o)
			p.want(o.ID)
			return err
		}
		find := func(collection, property, permission string) {
			if err := p.filtered(ctx, collection, property, "id", []string{text}, add); err != nil {
				p.unreadGraph(ctx, snapshot.PiecePrincipals, "", err, permission)
			}
		}
		switch {
		case azrbac.IsGUID(text):
			p.want(text)
			find("servicePrincipals", "appId", "Application.Read.All")
		case strings.Contains(text, "@"):
			find("users", "userPrincipalName", "User.Read.All")
		default:
			find("servicePrincipals", "displayName", "Application.Read.All")
			find("groups", "displayName", "Group.Read.All")
			find("users", "displayName", "User.Read.All")
		}
	}
}

func sorted(set map[string]bool) []string {
	list := make([]string, 0, len(set))
	for s := range set {
		list = append(list, s)
	}
	slices.Sort(list)
	return list
}

// round reads everybody who is wanted, and then what they are made of.
func (p *people) round(ctx context.Context) {
	ids := sorted(p.wanted)
	clear(p.wanted)
	found := map[string]*snapshot.Principal{}
	var mu sync.Mutex
	add := func(one snapshot.Principal) {
		mu.Lock()
		defer mu.Unlock()
		found[strings.ToLower(one.ID)] = &one
	}
	var refused [3]error
	var all []func()
	for chunk := range slices.Chunk(ids, atMostIn) {
		all = append(all,
			func() { keepFirst(&mu, &refused[0], p.users(ctx, chunk, add)) },
			func() { keepFirst(&mu, &refused[1], p.groups(ctx, chunk, add)) },
			func() { keepFirst(&mu, &refused[2], p.servicePrincipals(ctx, chunk, add)) })
	}
	p.steps("directory", all)
	for i, permission := range []string{"User.Read.All", "Group.Read.All", "Application.Read.All"} {
		if refused[i] != nil {
			p.unasked = true
			p.unreadGraph(ctx, snapshot.PiecePrincipals, "", refused[i], permission)
		}
	}
	for _, id := range ids {
		if found[id] == nil {
			found[id] = &snapshot.Principal{ID: id, Kind: snapshot.UnknownPrincipal, Deleted: !p.unasked}
		}
		p.known[id] = found[id]
	}
	all = nil
	for _, id := range ids {
		switch one := found[id]; one.Kind {
		case snapshot.GroupPrincipal:
			all = append(all, func() { p.members(ctx, one) }, func() { p.owners(ctx, "groups", one) }, func() { p.groupEligible(ctx, one) })
		case snapshot.ServicePrincipal:
			all = append(all, func() { p.owners(ctx, "servicePrincipals", one) })
			if one.ManagedIdentity != "" {
				all = append(all, func() { p.identity(ctx, one) })
			} else {
				all = append(all, func() { p.application(ctx, one) })
			}
		}
	}
	p.steps("directory", all)
}

// keepFirst keeps the first error.
func keepFirst(mu *sync.Mutex, kept *error, err error) {
	mu.Lock()
	defer mu.Unlock()
	if *kept == nil {
		*kept = err
	}
}
