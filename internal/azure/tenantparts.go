package azure

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac/azrbac"
)

const containerService = "/providers/Microsoft.ContainerService/"

// steps runs what is independent at the same time; the readers bound what is
// under way. done is told after each.
func (c *tenantCollector) steps(what string, all []func()) {
	var wait sync.WaitGroup
	var mu sync.Mutex
	n := 0
	for _, step := range all {
		wait.Go(func() {
			step()
			mu.Lock()
			defer mu.Unlock()
			n++
			c.o.Progress(Progress{what, n, len(all)})
		})
	}
	wait.Wait()
}

// resources reads Resource Manager: per subscription, then per cluster.
func (c *tenantCollector) resources(ctx context.Context) {
	c.query(ctx)
	for _, k := range c.tenant.Clusters { // of a subscription that the listing did not show
		id := strings.Split(k.ID, "/")[2]
		if !slices.ContainsFunc(c.tenant.Subscriptions, func(s snapshot.Subscription) bool { return strings.EqualFold(s.ID, id) }) {
			c.tenant.Subscriptions = append(c.tenant.Subscriptions, snapshot.Subscription{ID: id})
		}
	}
	subscriptions := slices.Clone(c.tenant.Subscriptions)
	var all []func()
	for _, s := range subscriptions {
		scope := "/subscriptions/" + s.ID
		all = append(all,
			func() { c.clusters(ctx, scope) },
			func() { c.assignments(ctx, scope) },
			func() { c.eligible(ctx, scope) },
			func() { c.denies(ctx, scope) },
			func() { c.fleets(ctx, scope) },
			func() { c.activity(ctx, scope) },
		)
	}
	c.steps("subscriptions", all)
	c.tenant.Assignments, c.tenant.Eligible = distinct(c.tenant.Assignments), distinct(c.tenant.Eligible)
	c.definitions(ctx)
	c.once()
	all = nil
	for i := range c.tenant.Clusters {
		k := &c.tenant.Clusters[i]
		all = append(all, func() { c.body(ctx, k) }, func() { c.diagnostic(ctx, k) }, func() { c.trusted(ctx, k) }, func() { c.flux(ctx, k) }, func() { c.extensions(ctx, k) })
	}
	c.steps("clusters", all)
}

func (c *tenantCollector) found(id string, raw json.RawMessage) {
	if !clusterID.MatchString(id) || !c.wanted(id) {
		return
	}
	c.with(func(t *snapshot.Tenant) { t.Clusters = append(t.Clusters, snapshot.AzureCluster{ID: id, Raw: raw}) })
}

// once makes each cluster one: the query and the listing name it both.
func (c *tenantCollector) once() {
	t := c.tenant
	slices.SortStableFunc(t.Clusters, func(a, b snapshot.AzureCluster) int {
		return cmp.Or(fold(a.ID, b.ID), len(b.Raw)-len(a.Raw)) // the one with a body first
	})
	t.Clusters = slices.CompactFunc(t.Clusters, func(a, b snapshot.AzureCluster) bool { return strings.EqualFold(a.ID, b.ID) })
}

// query asks Resource Graph, which shows whoever may read single resource groups
// only what a listing of the subscription refuses. It lags behind and says
// nothing of what may not be read: the listings decide what is unread.
func (c *tenantCollector) query(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, optional)
	defer cancel()
	body := map[string]any{"query": "resources | where type =~ 'microsoft.containerservice/managedclusters' | project id",
		"options": map[string]any{"resultFormat": "objectArray", "$top": 1000}}
	for range maxPages {
		text, err := c.arm.do(ctx, http.MethodPost, c.arm.endpoint+"/providers/Microsoft.ResourceGraph/resources?api-version="+versionGraphQuery, body)
		if err != nil {
			return // listing does without
		}
		var page struct {
			Data []struct{ ID string } `json:"data"`
			Skip string                `json:"$skipToken"`
		}
		if json.Unmarshal(text, &page) != nil {
			return
		}
		for _, d := range page.Data {
			c.found(d.ID, nil)
		}
		if page.Skip == "" {
			return
		}
		body["options"] = map[string]any{"resultFormat": "objectArray", "$top": 1000, "$skipToken": page.Skip}
	}
}

func (c *tenantCollector) clusters(ctx context.Context, scope string) {
	err := c.arm.list(ctx, scope+containerService+"managedClusters", versionClusters, "", func(item json.RawMessage) error {
		var k struct{ ID string }
		if err := json.Unmarshal(item, &k); err != nil {
			return err
		}
		c.found(k.ID, item)
		return nil
	})
	if err != nil && !absent(err) {
		c.unread(ctx, snapshot.PieceClusters, scope, err, "Microsoft.ContainerService/managedClusters/read")
	}
}

// absent: the provider is not registered, or knows no such thing: there is
// nothing of it.
func absent(err error) bool {
	var answered *azcore.ResponseError
	if !errors.As(err, &answered) {
		return false
	}
	switch answered.ErrorCode {
	case "MissingSubscriptionRegistration", "SubscriptionNotRegistered", "NoRegisteredProviderFound":
		return true
	}
	return false
}

// missing: Resource Manager knows no such resource.
func missing(err error) bool {
	var answered *azcore.ResponseError
	return errors.As(err, &answered) && answered.StatusCode == http.StatusNotFound && answered.ErrorCode == "ResourceNotFound"
}

// body reads the cluster where the listing did not give it whole.
func (c *tenantCollector) body(ctx context.Context, k *snapshot.AzureCluster) {
	if whole(k.Raw) {
		return
	}
	k.Raw = nil // a short listing says nothing of what it leaves out
	text, err := c.arm.get(ctx, c.arm.endpoint+k.ID+"?api-version="+versionClusters)
	if err != nil {
		c.unread(ctx, snapshot.PieceCluster, k.ID, err, "Microsoft.ContainerService/managedClusters/read")
		return
	}
	if !whole(text) {
		c.unread(ctx, snapshot.PieceCluster, k.ID, errors.New("the answer holds no settings"), "")
		return
	}
	k.Raw = text
}

// whole tells a cluster's body from a line of a short listing.
func whole(body json.RawMessage) bool {
	var known struct {
		Properties struct{ ProvisioningState string }
	}
	return json.Unmarshal(body, &known) == nil && known.Properties.ProvisioningState != ""
}

// documents reads a listing of objects that azrbac knows.
func (c *tenantCollector) documents(ctx context.Context, path, version, filter string, each func(azrbac.Document)) error {
	return c.arm.list(ctx, path, version, filter, func(item json.RawMessage) error {
		d, ok, err := azrbac.Decode(item)
		switch {
		case err != nil:
			return err
		case !ok:
			return errors.New("an item of another kind")
		}
		each(d)
		return nil
	})
}

func (c *tenantCollector) assignments(ctx context.Context, scope string) {
	err := c.documents(ctx, scope+authorization+"roleAssignments", versionAssignments, "", func(d azrbac.Document) {
		c.with(func(t *snapshot.Tenant) {
			for _, a := range d.Assignments {
				t.Assignments = append(t.Assignments, snapshot.Assignment{Assignment: a})
				c.above(scope, a.Scope)
			}
		})
	})
	if err != nil {
		c.unread(ctx, snapshot.PieceAssignments, scope, err, "Microsoft.Authorization/roleAssignments/read")
	}
}

// above notes that a management group stands above a subscription: its scope is
// in the subscription's own listing. The tenant is locked.
func (c *tenantCollector) above(scope, at string) {
	name, found := group(at)
	if !found {
		return
	}
	for i := range c.tenant.Subscriptions {
		s := &c.tenant.Subscriptions[i]
		if strings.EqualFold("/subscriptions/"+s.ID, scope) && !slices.Contains(s.ManagementGroups, name) {
			s.ManagementGroups = append(s.ManagementGroups, name)
			slices.Sort(s.ManagementGroups)
		}
	}
}

func (c *tenantCollector) eligible(ctx context.Context, scope string) {
	err := c.arm.list(ctx, scope+authorization+"roleEligibilityScheduleInstances", versionEligible, "", func(item json.RawMessage) error {
		var e struct {
			ID         string
			Properties struct {
				PrincipalID, PrincipalType, RoleDefinitionID, Scope, Condition, ConditionVersion string
				EndDateTime                                                                      time.Time
			}
		}
		if err := json.Unmarshal(item, &e); err != nil {
			return err
		}
		p := e.Properties
		c.with(func(t *snapshot.Tenant) {
			t.Eligible = append(t.Eligible, snapshot.Assignment{Until: p.EndDateTime, Assignment: azrbac.Assignment{ID: e.ID, PrincipalID: p.PrincipalID, PrincipalType: p.PrincipalType,
				RoleDefinitionID: p.RoleDefinitionID, Scope: p.Scope, Condition: p.Condition, ConditionVersion: p.ConditionVersion}})
			c.above(scope, p.Scope)
		})
		return nil
	})
	var answered *azcore.ResponseError
	if errors.As(err, &answered) && answered.ErrorCode == "AadPremiumLicenseRequired" {
		return // a tenant without it has no eligible assignments
	}
	if err != nil {
		c.unread(ctx, snapshot.PieceEligible, scope, err, "Microsoft.Authorization/roleEligibilityScheduleInstances/read")
	}
}

func (c *tenantCollector) denies(ctx context.Context, scope string) {
	err := c.documents(ctx, scope+authorization+"denyAssignments", versionDenies, "", func(d azrbac.Document) {
		c.with(func(t *snapshot.Tenant) {
			t.Denies = append(t.Denies, d.Denies...)
			for _, n := range d.Denies {
				c.above(scope, n.Scope)
			}
		})
	})
	if err != nil {
		c.unread(ctx, snapshot.PieceDenies, scope, err, "Microsoft.Authorization/denyAssignments/read")
	}
}

// definitions are the roles that assignments name. A built-in role is known to
// azrbac where it may not be read.
func (c *tenantCollector) definitions(ctx context.Context) {
	asked := map[string]bool{}
	var all []func()
	for _, list := range [][]snapshot.Assignment{c.tenant.Assignments, c.tenant.Eligible} {
		for _, a := range list {
			guid := strings.ToLower(lastPart(a.RoleDefinitionID))
			if !azrbac.IsGUID(guid) || asked[guid] {
				continue
			}
			asked[guid] = true
			// Asked for where it is assigned: a custom role is not there everywhere.
			scope := ""
			if parts := strings.Split(strings.Trim(a.Scope, "/"), "/"); len(parts) > 1 && strings.EqualFold(parts[0], "subscriptions") {
				scope = "/subscriptions/" + parts[1]
			} else if len(c.tenant.Subscriptions) > 0 {
				scope = "/subscriptions/" + c.tenant.Subscriptions[0].ID
			}
			all = append(all, func() { c.definition(ctx, scope, guid) })
		}
	}
	c.steps("roles", all)
}

func (c *tenantCollector) definition(ctx context.Context, scope, guid string) {
	id := scope + authorization + "roleDefinitions/" + guid
	text, err := c.arm.get(ctx, c.arm.endpoint+id+"?api-version="+versionDefinitions)
	if err == nil {
		var d azrbac.Document
		var ok bool
		if d, ok, err = azrbac.Decode(text); err == nil && ok && len(d.Definitions) > 0 {
			c.with(func(t *snapshot.Tenant) { t.Definitions = append(t.Definitions, d.Definitions...) })
			return
		}
		err = cmp.Or(err, errors.New("the answer is not what was asked for"))
	}
	if _, known := azrbac.Builtin(guid); !known {
		c.unread(ctx, snapshot.PieceDefinitions, id, err, "Microsoft.Authorization/roleDefinitions/read")
	}
}

func (c *tenantCollector) fleets(ctx context.Context, scope string) {
	var found []snapshot.Fleet
	err := c.arm.list(ctx, scope+containerService+"fleets", versionFleets, "", func(item json.RawMessage) error {
		var f struct {
			ID         string
			Properties struct{ HubProfile json.RawMessage }
		}
		if err := json.Unmarshal(item, &f); err != nil {
			return err
		}
		found = append(found, snapshot.Fleet{ID: f.ID, Members: []string{}, Hub: len(f.Properties.HubProfile) > 0 && string(f.Properties.HubProfile) != "null"})
		return nil
	})
	if err != nil && !absent(err) {
		c.unread(ctx, snapshot.PieceFleets, scope, err, "Microsoft.ContainerService/fleets/read")
	}
	for i := range found {
		f := &found[i]
		err := c.arm.list(ctx, f.ID+"/members", versionFleets, "", func(item json.RawMessage) error {
			var m struct {
				Properties struct{ ClusterResourceID string }
			}
			if err := json.Unmarshal(item, &m); err != nil {
				return err
			}
			f.Members = append(f.Members, m.Properties.ClusterResourceID)
			return nil
		})
		if err != nil {
			c.unread(ctx, snapshot.PieceFleets, f.ID, err, "Microsoft.ContainerService/fleets/members/read")
		}
	}
	c.with(func(t *snapshot.Tenant) { t.Fleets = append(t.Fleets, found...) })
}

// word is a text of the Activity Log: alone, or with its translation.
type word string

// UnmarshalJSON takes both forms.
func (w *word) UnmarshalJSON(text []byte) error {
	var long struct{ Value string }
	if err := json.Unmarshal(text, &long); err == nil {
		*w = word(long.Value)
		return nil
	}
	return json.Unmarshal(text, (*string)(w))
}

// late is how long records may take to arrive.
const late = 20 * time.Minute

func (c *tenantCollector) activity(ctx context.Context, scope string) {
	// Rounded to the hour, so that a resumed run asks the same question.
	until := c.tenant.Taken
	since := until.Add(-activityDays*24*time.Hour + time.Hour).Truncate(time.Hour)
	filter := fmt.Sprintf("eventTimestamp ge '%s' and eventTimestamp le '%s' and resourceProvider eq 'Microsoft.ContainerService'",
		since.Format(time.RFC3339), until.Add(time.Hour).Truncate(time.Hour).Format(time.RFC3339))
	var found []snapshot.Activity
	err := c.arm.list(ctx, scope+"/providers/Microsoft.Insights/eventtypes/management/values", versionActivity, filter, func(item json.RawMessage) error {
		a, err := record(item)
		found = append(found, a)
		return err
	})
	if err != nil {
		c.unread(ctx, snapshot.PieceActivity, scope, err, "Microsoft.Insights/eventtypes/values/read")
		return
	}
	c.with(func(t *snapshot.Tenant) {
		t.Activity = append(t.Activity, found...)
		for i := range t.Subscriptions {
			if strings.EqualFold("/subscriptions/"+t.Subscriptions[i].ID, scope) {
				t.Subscriptions[i].ActivitySince, t.Subscriptions[i].ActivityUntil = since, until.Add(-late)
			}
		}
	})
}

func record(item json.RawMessage) (snapshot.Activity, error) {
	var e struct {
		EventTimestamp                   time.Time
		EventDataID, ResourceID, Caller  string
		OperationName, Status, SubStatus word
		Claims                           map[string]string
		HTTPRequest                      struct{ ClientIPAddress string }
		Properties                       map[string]any
	}
	if err := json.Unmarshal(item, &e); err != nil {
		return snapshot.Activity{}, err
	}
	a := snapshot.Activity{Time: e.EventTimestamp, Operation: string(e.OperationName), Resource: e.ResourceID, Caller: e.Caller, Address: e.HTTPRequest.ClientIPAddress, Status: string(e.Status), ID: e.EventDataID}
	for name, v := range e.Claims {
		switch strings.ToLower(name) {
		case "http://schemas.microsoft.com/identity/claims/objectidentifier", "oid":
			a.CallerID = v
		case "appid":
			a.AppID = v
		case "ipaddr":
			a.Address = cmp.Or(a.Address, v)
		}
	}
	for name, v := range e.Properties {
		text, _ := v.(string)
		switch strings.ToLower(name) {
		case "statusmessage":
			a.Message = message(text)
		case "statuscode":
			a.Code = status(text)
		}
	}
	return a, nil
}

// message is a failure's own words: statusMessage is JSON of Azure's or of the
// AKS provider's shape, or plain text.
func message(text string) string {
	var body struct {
		Message string
		Error   struct{ Message string }
	}
	if json.Unmarshal([]byte(text), &body) == nil {
		return cmp.Or(body.Error.Message, body.Message, text)
	}
	return text
}

// status is the HTTP status of a record: a number, or its name.
func status(text string) int {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	for code := 200; code < 600; code++ {
		if name := http.StatusText(code); name != "" && (strings.EqualFold(name, text) || strings.EqualFold(strings.ReplaceAll(name, " ", ""), text)) {
			return code
		}
	}
	return 0
}

func (c *tenantCollector) diagnostic(ctx context.Context, k *snapshot.AzureCluster) {
	err := c.arm.list(ctx, k.ID+"/providers/Microsoft.Insights/diagnosticSettings", versionDiagnostic, "", func(item json.RawMessage) error {
		k.Diagnostic = append(k.Diagnostic, item)
		return nil
	})
	if err != nil {
		c.unread(ctx, snapshot.PieceDiagnostic, k.ID, err, "Microsoft.Insights/diagnosticSettings/read")
	}
}

func (c *tenantCollector) trusted(ctx context.Context, k *snapshot.AzureCluster) {
	err := c.arm.list(ctx, k.ID+"/trustedAccessRoleBindings", versionClusters, "", func(item json.RawMessage) error {
		var b struct {
			ID, Name   string
			Properties struct {
				SourceResourceID string
				Roles            []string
			}
		}
		if err := json.Unmarshal(item, &b); err != nil {
			return err
		}
		k.TrustedAccess = append(k.TrustedAccess, snapshot.TrustedAccess{ID: b.ID, Name: b.Name, Source: b.Properties.SourceResourceID, Roles: b.Properties.Roles})
		return nil
	})
	if err != nil && !absent(err) {
		c.unread(ctx, snapshot.PieceTrustedAccess, k.ID, err, "Microsoft.ContainerService/managedClusters/trustedAccessRoleBindings/read")
	}
}

func (c *tenantCollector) flux(ctx context.Context, k *snapshot.AzureCluster) {
	err := c.arm.list(ctx, k.ID+"/providers/Microsoft.KubernetesConfiguration/fluxConfigurations", versionArcExtension, "", func(item json.RawMessage) error {
		var f struct {
			ID, Name   string
			Properties struct {
				Scope                                string
				GitRepository, Bucket, OCIRepository struct{ URL string }
				AzureBlob                            struct{ URL string }
			}
		}
		if err := json.Unmarshal(item, &f); err != nil {
			return err
		}
		p := f.Properties
		k.Flux = append(k.Flux, snapshot.Flux{ID: f.ID, Name: f.Name, Source: cmp.Or(p.GitRepository.URL, p.Bucket.URL, p.OCIRepository.URL, p.AzureBlob.URL), Scope: p.Scope})
		return nil
	})
	if err != nil && !absent(err) && !missing(err) {
		c.unread(ctx, snapshot.PieceFlux, k.ID, err, "Microsoft.KubernetesConfiguration/fluxConfigurations/read")
	}
}

func (c *tenantCollector) extensions(ctx context.Context, k *snapshot.AzureCluster) {
	err := c.arm.list(ctx, k.ID+"/providers/Microsoft.KubernetesConfiguration/extensions", versionArcExtension, "", func(item json.RawMessage) error {
		var e struct {
			ID, Name   string
			Properties struct{ ExtensionType string }
		}
		if err := json.Unmarshal(item, &e); err != nil {
			return err
		}
		k.Extensions = append(k.Extensions, snapshot.Extension{ID: e.ID, Name: e.Name, Type: e.Properties.ExtensionType})
		return nil
	})
	if err != nil && !absent(err) && !missing(err) {
		c.unread(ctx, snapshot.PieceExtensions, k.ID, err, "Microsoft.KubernetesConfiguration/extensions/read")
	}
}

// serversAtOnce is how many API servers are asked at the same time.
const serversAtOnce = 8

func (c *tenantCollector) kubernetes(ctx context.Context) {
	if c.o.Kubernetes == nil {
		return
	}
	slots := make(chan struct{}, serversAtOnce)
	var all []func()
	for i := range c.tenant.Clusters {
		k := &c.tenant.Clusters[i]
		all = append(all, func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			limited, cancel := context.WithTimeout(ctx, c.arm.pace.timeout)
			defer cancel()
			snap, err := c.o.Kubernetes(limited, k)
			if err != nil {
				why := firstSentence(err.Error())
				if limited.Err() != nil {
					why = fmt.Sprintf("the API server did not answer within %s", c.arm.pace.timeout)
				}
				c.with(func(t *snapshot.Tenant) {
					t.Unread = append(t.Unread, snapshot.Unread{Piece: snapshot.PieceKubernetes, Scope: k.ID, Why: why})
				})
				return
			}
			k.Kubernetes = snap
		})
	}
	c.steps("API servers", all)
}
