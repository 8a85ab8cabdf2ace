package azure

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac/azrbac"
)

// API versions of what only a whole tenant is asked for.
const (
	versionTenants      = "2022-12-01"
	versionGraphQuery   = "2021-03-01"
	versionEligible     = "2020-10-01"
	versionDiagnostic   = "2021-05-01-preview"
	versionArcExtension = "2023-05-01"
	versionFleets       = "2025-03-01"
	versionActivity     = "2015-04-01"
	versionFederated    = "2023-01-31"
)

// activityDays is how far the Activity Log goes back.
const activityDays = 90

// TenantOptions say what to collect, and who asks.
type TenantOptions struct {
	Clusters []string // only these, by ARM id or name; empty: all
	// Principals are looked up even if nothing names them: object ids, application
	// ids, UPNs or display names.
	Principals []string
	TenantID   string // empty: the credential's own
	Getenv     func(string) string
	Version    string // for the user agent
	Now        func() time.Time
	Progress   func(Progress) // nil: nobody is told
	Tape       *Tape          // nil: nothing is kept for resuming
	// Kubernetes reads a cluster's API server; nil: none is asked. It is called
	// for several clusters at once.
	Kubernetes func(context.Context, *snapshot.AzureCluster) (*snapshot.Snapshot, error)

	// Of tests: other hosts than Azure's.
	armEndpoint, graphEndpoint string
	transport                  policy.Transporter
	credential                 azcore.TokenCredential
	patience                   time.Duration // of one answer
}

// Progress is how far collecting has come.
type Progress struct {
	What  string
	Done  int
	Total int
}

// throttled is how long a tenant's reading waits for a host that throttles,
// before a piece is unread.
const throttled = 20 * time.Second

// optional bounds what the rest does without.
const optional = 10 * time.Second

// tenantCollector reads one tenant.
type tenantCollector struct {
	o      TenantOptions
	arm    service
	graph  service
	mu     sync.Mutex
	tenant *snapshot.Tenant
}

// CollectTenant reads every AKS cluster the caller sees, who holds what there,
// and who these are. What could not be read is in Unread; the error is a
// *NotFound where nobody could be asked at all.
//
// It calls no action that lists credentials.
func CollectTenant(ctx context.Context, o TenantOptions) (*snapshot.Tenant, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	c := &tenantCollector{o: o, tenant: &snapshot.Tenant{Taken: o.Now().UTC(), Unread: []snapshot.Unread{}}}
	if err := c.connect(ctx); err != nil {
		return nil, err
	}
	if err := c.subscriptions(ctx); err != nil {
		return nil, err
	}
	c.resources(ctx)
	c.kubernetes(ctx)
	c.readDirectory(ctx) // after a deadline too: it says what is unread
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil, context.Cause(ctx)
	}
	c.sort()
	return c.tenant, nil
}

func (o TenantOptions) signIn() (azcore.TokenCredential, error) {
	if o.credential != nil {
		return o.credential, nil
	}
	credential, err := signIn(o.TenantID, once(o.transport))
	if err != nil {
		return nil, &NotFound{Why: err.Error(), Hint: "az login"}
	}
	return credential, nil
}

func (c *tenantCollector) connect(ctx context.Context) error {
	credential, err := c.o.signIn()
	if err != nil {
		return err
	}
	host := func(given string, hosts map[string]string, public string) string {
		if given != "" {
			return given
		}
		return inCloud(c.o.Getenv, hosts, public)
	}
	c.arm = newReader(credential, c.o, host(c.o.armEndpoint, armHosts, "management.azure.com"))
	c.graph = newReader(credential, c.o, host(c.o.graphEndpoint, graphHosts, "graph.microsoft.com"))
	token, err := credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{c.arm.endpoint + "/.default"}, TenantID: c.o.TenantID})
	if err != nil {
		why, _ := armReason(ctx, err)
		return &NotFound{Why: why, Hint: "az login, or AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET"}
	}
	claims := claimsOf(token.Token)
	c.tenant.Reader, c.tenant.ID = claims.asker(), claims.TenantID
	// A tenant is as old as the oldest of its answers.
	c.tenant.Taken = c.o.Tape.begin(claims.TenantID+" "+claims.ObjectID, c.tenant.Taken)
	return nil
}

// with changes the tenant.
func (c *tenantCollector) with(change func(*snapshot.Tenant)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(c.tenant)
}

// unread notes a piece that could not be read; right is what it takes.
func (c *tenantCollector) unread(ctx context.Context, piece snapshot.Piece, scope string, err error, right string) {
	why, refused := armReason(ctx, err)
	u := snapshot.Unread{Piece: piece, Scope: scope, Why: why}
	if refused && right != "" {
		u.Needs = right
		if scope != "" {
			u.Needs += " at " + scope
		}
	}
	c.with(func(t *snapshot.Tenant) { t.Unread = append(t.Unread, u) })
}

// subscriptions finds what there is to ask about; without an answer there is no
// tenant to tell of.
func (c *tenantCollector) subscriptions(ctx context.Context) error {
	err := c.arm.list(ctx, "/subscriptions", versionSubscriptions, "", func(item json.RawMessage) error {
		var s struct {
			SubscriptionID string `json:"subscriptionId"`
			DisplayName    string `json:"displayName"`
			State          string `json:"state"`
		}
		if err := json.Unmarshal(item, &s); err != nil {
			return err
		}
		c.with(func(t *snapshot.Tenant) {
			t.Subscriptions = append(t.Subscriptions, snapshot.Subscription{ID: s.SubscriptionID, Name: s.DisplayName})
		})
		return nil
	})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		var answered *azcore.ResponseError
		if why, _ := armReason(ctx, err); !errors.As(err, &answered) {
			return &NotFound{Why: "list subscriptions: " + why, Hint: "az login"}
		}
		c.unread(ctx, snapshot.PieceSubscriptions, "", err, "Microsoft.Resources/subscriptions/read")
	}
	// The tenant's name is for people; without it the id stands.
	limited, cancel := context.WithTimeout(ctx, optional)
	defer cancel()
	_ = c.arm.list(limited, "/tenants", versionTenants, "", func(item json.RawMessage) error {
		var t struct {
			TenantID    string `json:"tenantId"`
			DisplayName string `json:"displayName"`
		}
		if err := json.Unmarshal(item, &t); err != nil {
			return err
		}
		if strings.EqualFold(t.TenantID, c.tenant.ID) {
			c.tenant.Name = t.DisplayName
			c.tenant.Lab = strings.HasPrefix(t.DisplayName, "LAB ")
		}
		return nil
	})
	return nil
}

// wanted reports whether a cluster is among those asked for.
func (c *tenantCollector) wanted(id string) bool {
	if len(c.o.Clusters) == 0 {
		return true
	}
	name := id[strings.LastIndexByte(id, '/')+1:]
	return slices.ContainsFunc(c.o.Clusters, func(w string) bool {
		return strings.EqualFold(strings.TrimRight(w, "/"), id) || strings.EqualFold(w, name)
	})
}

// sort makes the same state the same tenant, whichever answer came first.
func (c *tenantCollector) sort() {
	t := c.tenant
	slices.SortStableFunc(t.Subscriptions, func(a, b snapshot.Subscription) int { return fold(a.ID, b.ID) })
	slices.SortStableFunc(t.Clusters, func(a, b snapshot.AzureCluster) int { return fold(a.ID, b.ID) })
	slices.SortStableFunc(t.Fleets, func(a, b snapshot.Fleet) int { return fold(a.ID, b.ID) })
	t.Assignments, t.Eligible = distinct(t.Assignments), distinct(t.Eligible)
	slices.SortStableFunc(t.Definitions, func(a, b azrbac.Definition) int { return fold(lastPart(a.ID), lastPart(b.ID)) })
	t.Definitions = slices.CompactFunc(t.Definitions, func(a, b azrbac.Definition) bool { return strings.EqualFold(lastPart(a.ID), lastPart(b.ID)) })
	slices.SortStableFunc(t.Denies, func(a, b azrbac.DenyAssignment) int { return fold(a.ID, b.ID) })
	t.Denies = slices.CompactFunc(t.Denies, func(a, b azrbac.DenyAssignment) bool { return strings.EqualFold(a.ID, b.ID) })
	slices.SortStableFunc(t.Principals, func(a, b snapshot.Principal) int { return fold(a.ID, b.ID) })
	slices.SortStableFunc(t.DirectoryRoles, func(a, b snapshot.DirectoryRole) int {
		return cmp.Or(fold(a.Name, b.Name), fold(a.PrincipalID, b.PrincipalID), fold(a.Scope, b.Scope))
	})
	slices.SortStableFunc(t.AppRoles, func(a, b snapshot.AppRole) int {
		return cmp.Or(fold(a.Name, b.Name), fold(a.PrincipalID, b.PrincipalID))
	})
	slices.SortStableFunc(t.Activity, func(a, b snapshot.Activity) int { return cmp.Or(a.Time.Compare(b.Time), fold(a.ID, b.ID)) })
	slices.SortStableFunc(t.Unread, func(a, b snapshot.Unread) int {
		return cmp.Or(strings.Compare(string(a.Piece), string(b.Piece)), fold(a.Scope, b.Scope), strings.Compare(a.Why, b.Why))
	})
	t.Unread = slices.Compact(t.Unread)
}

// distinct are assignments in order, each once. Those above subscriptions are in
// the listing of each, their role as that subscription spells it.
func distinct(list []snapshot.Assignment) []snapshot.Assignment {
	slices.SortStableFunc(list, func(a, b snapshot.Assignment) int {
		return cmp.Or(fold(a.ID, b.ID), fold(a.RoleDefinitionID, b.RoleDefinitionID))
	})
	return slices.CompactFunc(list, func(a, b snapshot.Assignment) bool { return strings.EqualFold(a.ID, b.ID) })
}

func lastPart(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

// service asks one of Azure's hosts.
type service struct {
	asker
	endpoint string
}

func newReader(credential azcore.TokenCredential, o TenantOptions, endpoint string) service {
	pace := newPace(throttled, cmp.Or(o.patience, oneAnswer), atOnce, 3*atOnce)
	return service{asker{pipeline: authorized(credential, o.Version, endpoint, once(o.transport)), pace: pace, tape: o.Tape}, endpoint}
}

// get asks for one URL.
func (r service) get(ctx context.Context, url string) ([]byte, error) {
	return r.do(ctx, http.MethodGet, url, nil)
}

func (r service) do(ctx context.Context, method, url string, body any) ([]byte, error) {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	lane, kind := armLane(url)
	return r.ask(ctx, method, url, text, lane, kind)
}

// list reads a listing item by item, page after page. The error says that it is
// not the whole.
func (r service) list(ctx context.Context, path, version, filter string, each func(json.RawMessage) error) error {
	next := r.endpoint + path
	next += map[bool]string{true: "&", false: "?"}[strings.Contains(next, "?")]
	next += "api-version=" + version
	if filter != "" {
		next += "&$filter=" + escape(filter)
	}
	return r.follow(ctx, next, each)
}

// follow reads the page at a URL and those after it.
func (r service) follow(ctx context.Context, next string, each func(json.RawMessage) error) error {
	for range maxPages {
		text, err := r.get(ctx, next)
		if err != nil {
			return err
		}
		var page struct {
			Value     []json.RawMessage `json:"value"`
			NextLink  string            `json:"nextLink"`
			ODataNext string            `json:"@odata.nextLink"`
		}
		if err := json.Unmarshal(text, &page); err != nil {
			return fmt.Errorf("the answer is not what was asked for: %w", err)
		}
		for _, item := range page.Value {
			if err := each(item); err != nil {
				return fmt.Errorf("the answer is not what was asked for: %w", err)
			}
		}
		next = cmp.Or(page.NextLink, page.ODataNext)
		if next == "" {
			return nil
		}
		// The token goes nowhere but where it is meant for.
		if !strings.HasPrefix(strings.ToLower(next), strings.ToLower(r.endpoint)+"/") {
			return errors.New("the next page is elsewhere")
		}
	}
	return fmt.Errorf("more than %d pages", maxPages)
}

// escape writes a query value as Resource Manager wants it: %20, not +.
func escape(value string) string {
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-_.~'(),/", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
