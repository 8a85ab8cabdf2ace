package azure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/postern-dev/postern/rbac/azrbac"
)

// Options say which cluster, and who asks.
type Options struct {
	Cluster  string   // ARM id, or a name; empty: the one whose API server Server is
	Server   string   // URL of the API server
	Names    []string // what the kubeconfig calls the cluster, for servers that no address tells
	TenantID string   // empty: the credential's own
	Getenv   func(string) string
	Version  string // for the user agent

	// Of tests: another host than Azure's.
	endpoint   string
	transport  policy.Transporter
	credential azcore.TokenCredential
}

// NotFound is why there are no facts: nothing tells which cluster it is, or
// nobody could be asked.
type NotFound struct {
	Why  string
	Hint string
}

func (e *NotFound) Error() string { return e.Why }

// atOnce is how many requests are under way; Resource Manager throttles by
// caller and subscription.
const atOnce = 8

// Collect reads Azure RBAC at one cluster. An error means that there is nothing
// to tell (NotFound, or ctx was cancelled); every part that could not be read is
// in Facts.Unread.
func Collect(ctx context.Context, o Options) (*azrbac.Facts, error) {
	client, err := o.arm()
	if err != nil {
		return nil, &NotFound{Why: err.Error()}
	}
	c := &collector{arm: client}
	found, err := c.find(ctx, o)
	if err != nil {
		return nil, err
	}
	if !clusterID.MatchString(found.ID) {
		return nil, &NotFound{Why: fmt.Sprintf("Azure Resource Manager calls the cluster %q, which is no id of one", found.ID)}
	}
	c.facts.ClusterID, c.facts.Enabled = found.ID, found.Enabled
	// A cluster without Azure RBAC asks Azure nothing, but who holds what there
	// is asked for all the same: lookup and doors show it.
	c.all(
		func() { c.assignments(ctx) },
		func() { c.assignmentsBelow(ctx) },
		func() { c.denies(ctx) },
		func() { c.deniesBelow(ctx) },
	)
	c.definitions(ctx)
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil, ctx.Err()
	}
	c.sort()
	return &c.facts, nil
}

type collector struct {
	arm   arm
	mu    sync.Mutex
	facts azrbac.Facts
}

// all runs what is independent at the same time, within bounds.
func (c *collector) all(steps ...func()) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for _, step := range steps {
		wg.Add(1)
		slots <- struct{}{}
		go func() {
			defer func() { <-slots; wg.Done() }()
			step()
		}()
	}
	wg.Wait()
}

// with changes the facts.
func (c *collector) with(change func(f *azrbac.Facts)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.facts)
}

func (c *collector) unread(ctx context.Context, part azrbac.Part, err error, right, scope string) {
	why, refused := armReason(ctx, err)
	u := azrbac.Unread{Part: part, Why: why}
	if refused {
		u.Needs = right + " at " + scope
	}
	c.with(func(f *azrbac.Facts) { f.Unread = append(f.Unread, u) })
}

const authorization = "/providers/Microsoft.Authorization/"

// assignments are those at the cluster and above. A listing at the cluster does
// not show those on its namespaces.
func (c *collector) assignments(ctx context.Context) {
	id := c.facts.ClusterID
	got, err := c.arm.documents(ctx, id+authorization+"roleAssignments", versionAssignments, "atScope()")
	if err != nil {
		c.unread(ctx, azrbac.Assignments, err, "Microsoft.Authorization/roleAssignments/read", id)
	}
	c.with(func(f *azrbac.Facts) {
		f.Assignments = append(f.Assignments, got.Assignments...)
		for _, a := range got.Assignments {
			// What a listing at the cluster shows is above it.
			if name, found := group(a.Scope); found && !slices.Contains(f.ManagementGroups, name) {
				f.ManagementGroups = append(f.ManagementGroups, name)
			}
		}
	})
}

// assignmentsBelow are those on namespaces of the cluster, from a listing of the
// whole subscription. Who may read the resource group only sees what that shows.
func (c *collector) assignmentsBelow(ctx context.Context) {
	id := c.facts.ClusterID
	subscription, group := parents(id)
	got, err := c.arm.documents(ctx, subscription+authorization+"roleAssignments", versionAssignments, "")
	if err != nil {
		c.unread(ctx, azrbac.Below, err, "Microsoft.Authorization/roleAssignments/read", subscription)
		if less, err := c.arm.documents(ctx, group+authorization+"roleAssignments", versionAssignments, ""); err == nil {
			got = less
		}
	}
	c.with(func(f *azrbac.Facts) {
		for _, a := range got.Assignments {
			if below(id, a.Scope) {
				f.Assignments = append(f.Assignments, a)
			}
		}
	})
}

func (c *collector) denies(ctx context.Context) {
	id := c.facts.ClusterID
	got, err := c.arm.documents(ctx, id+authorization+"denyAssignments", versionDenies, "atScope()")
	if err != nil {
		c.unread(ctx, azrbac.Denies, err, "Microsoft.Authorization/denyAssignments/read", id)
	}
	c.with(func(f *azrbac.Facts) { f.Denies = append(f.Denies, got.Denies...) })
}

func (c *collector) deniesBelow(ctx context.Context) {
	id := c.facts.ClusterID
	subscription, _ := parents(id)
	got, err := c.arm.documents(ctx, subscription+authorization+"denyAssignments", versionDenies, "")
	if err != nil {
		c.unread(ctx, azrbac.DeniesBelow, err, "Microsoft.Authorization/denyAssignments/read", subscription)
	}
	c.with(func(f *azrbac.Facts) {
		for _, d := range got.Denies {
			if below(id, d.Scope) {
				f.Denies = append(f.Denies, d)
			}
		}
	})
}

// definitions are the roles the assignments name. A built-in role that may not
// be read is known to azrbac.
func (c *collector) definitions(ctx context.Context) {
	var ids []string
	var steps []func()
	for _, a := range c.facts.Assignments {
		id := a.RoleDefinitionID
		guid := id[strings.LastIndexByte(id, '/')+1:]
		if !azrbac.IsGUID(guid) || slices.ContainsFunc(ids, func(o string) bool { return strings.EqualFold(o, guid) }) {
			continue
		}
		ids = append(ids, guid)
		steps = append(steps, func() { c.definition(ctx, id, guid) })
	}
	c.all(steps...)
}

func (c *collector) definition(ctx context.Context, id, guid string) {
	if !strings.HasPrefix(id, "/") {
		id = authorization + "roleDefinitions/" + guid
	}
	got, err := c.arm.documents(ctx, id, versionDefinitions, "")
	if err != nil {
		if _, known := azrbac.Builtin(guid); !known {
			c.unread(ctx, azrbac.Definitions, fmt.Errorf("role %s: %w", guid, err), "Microsoft.Authorization/roleDefinitions/read", id)
		}
		return
	}
	c.with(func(f *azrbac.Facts) { f.Definitions = append(f.Definitions, got.Definitions...) })
}

// sort makes the facts of one state the same facts, whichever answer came first.
func (c *collector) sort() {
	f := &c.facts
	slices.SortStableFunc(f.Assignments, func(a, b azrbac.Assignment) int { return fold(a.ID, b.ID) })
	f.Assignments = slices.CompactFunc(f.Assignments, func(a, b azrbac.Assignment) bool { return strings.EqualFold(a.ID, b.ID) })
	slices.SortStableFunc(f.Definitions, func(a, b azrbac.Definition) int { return fold(a.ID, b.ID) })
	slices.SortStableFunc(f.Denies, func(a, b azrbac.DenyAssignment) int { return fold(a.ID, b.ID) })
	f.Denies = slices.CompactFunc(f.Denies, func(a, b azrbac.DenyAssignment) bool { return strings.EqualFold(a.ID, b.ID) })
	slices.SortStableFunc(f.Unread, func(a, b azrbac.Unread) int { return strings.Compare(a.String(), b.String()) })
	slices.Sort(f.ManagementGroups)
}

func fold(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) }

// below reports whether a scope is inside the cluster.
func below(cluster, scope string) bool {
	return strings.HasPrefix(strings.ToLower(scope), strings.ToLower(strings.TrimRight(cluster, "/"))+"/")
}

// group is the name of a management group that is a scope.
func group(scope string) (name string, found bool) {
	return strings.CutPrefix(strings.ToLower(strings.TrimRight(scope, "/")), "/providers/microsoft.management/managementgroups/")
}

// parents are the subscription and resource group of a cluster's id, which has
// been checked to have them.
func parents(id string) (subscription, group string) {
	parts := strings.Split(id, "/")
	return strings.Join(parts[:3], "/"), strings.Join(parts[:5], "/")
}
