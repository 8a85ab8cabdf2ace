package azure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/postern-dev/postern/rbac/azrbac"
)

// clusterID is the ARM id of a managed cluster.
var clusterID = regexp.MustCompile(`(?i)^/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+/providers/Microsoft\.ContainerService/managedClusters/[^/]+$`)

// find settles which managed cluster is meant and reads its settings.
func (c *collector) find(ctx context.Context, o Options) (azrbac.Settings, error) {
	if strings.HasPrefix(o.Cluster, "/") {
		id := strings.TrimRight(o.Cluster, "/")
		if !clusterID.MatchString(id) {
			return azrbac.Settings{}, &NotFound{Why: fmt.Sprintf("%q is not the id of a managed cluster", o.Cluster), Hint: "/subscriptions/ID/resourceGroups/NAME/providers/Microsoft.ContainerService/managedClusters/NAME"}
		}
		return c.settings(ctx, id)
	}
	clusters, missed, err := c.clusters(ctx)
	if err != nil {
		return azrbac.Settings{}, err
	}
	found, assumed := pick(clusters, o)
	switch {
	case len(found) == 1:
		if assumed != "" {
			c.facts.Assumed = append(c.facts.Assumed, assumed)
		}
		return c.known(ctx, found[0])
	case len(found) > 1:
		return azrbac.Settings{}, &NotFound{Why: fmt.Sprintf("%d managed clusters are called %s", len(found), found[0].Name), Hint: "name one by its id: --cluster " + found[0].ID}
	}
	why := fmt.Sprintf("none of the %d managed clusters this Azure credential sees is %s", len(clusters), o.wanted())
	if len(missed) > 0 {
		why += "; " + strings.Join(missed, "; ")
	}
	return azrbac.Settings{}, &NotFound{Why: why, Hint: "--cluster /subscriptions/… names it"}
}

// wanted names what was looked for.
func (o Options) wanted() string {
	if o.Cluster != "" {
		return o.Cluster
	}
	return host(o.Server)
}

// pick chooses by name if one is given; else by the API server's address; else,
// where the address is nobody's (a tunnel, a proxy, the laboratory), by what the
// kubeconfig calls the cluster.
func pick(clusters []azrbac.Settings, o Options) (found []azrbac.Settings, assumed string) {
	if o.Cluster != "" {
		return named(clusters, o.Cluster), ""
	}
	address := host(o.Server)
	for _, s := range clusters {
		if slices.Contains(s.Hosts, address) {
			return []azrbac.Settings{s}, ""
		}
	}
	if azmk8s(address) { // the address of another AKS cluster, which is not among these
		return nil, ""
	}
	for _, name := range o.Names {
		if found = named(clusters, name); len(found) > 0 {
			return found, fmt.Sprintf("the API server %s is taken for %s, because the kubeconfig calls it %s", address, found[0].ID, name)
		}
	}
	return nil, ""
}

func named(clusters []azrbac.Settings, name string) (found []azrbac.Settings) {
	for _, s := range clusters {
		if strings.EqualFold(s.Name, name) {
			found = append(found, s)
		}
	}
	return found
}

// host is the name or address in a server's URL, lower case.
func host(server string) string {
	u, err := url.Parse(server)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// AKS reports whether a server's address is one that AKS gives.
func AKS(server string) bool { return azmk8s(host(server)) }

func azmk8s(host string) bool {
	for _, zone := range []string{".azmk8s.io", ".cx.aks.containerservice.azure.us", ".cx.prod.service.azk8s.cn"} {
		if strings.HasSuffix(host, zone) {
			return true
		}
	}
	return false
}

// clusters are all managed clusters the credential sees, subscription by
// subscription; missed are the subscriptions that could not be listed.
func (c *collector) clusters(ctx context.Context) (all []azrbac.Settings, missed []string, err error) {
	var subscriptions []string
	err = c.arm.pages(ctx, "/subscriptions", versionSubscriptions, "", func(page []byte) error {
		var p struct {
			Value []struct {
				SubscriptionID string `json:"subscriptionId"`
			} `json:"value"`
		}
		if err := json.Unmarshal(page, &p); err != nil {
			return err
		}
		for _, s := range p.Value {
			subscriptions = append(subscriptions, s.SubscriptionID)
		}
		return nil
	})
	if err != nil {
		why, _ := armReason(ctx, err)
		return nil, nil, &NotFound{Why: "list subscriptions: " + why}
	}
	var steps []func()
	for _, id := range subscriptions {
		steps = append(steps, func() {
			got, err := c.arm.documents(ctx, "/subscriptions/"+url.PathEscape(id)+"/providers/Microsoft.ContainerService/managedClusters", versionClusters, "")
			c.mu.Lock()
			defer c.mu.Unlock()
			all = append(all, got.Clusters...)
			if err != nil {
				why, _ := armReason(ctx, err)
				missed = append(missed, "subscription "+id+" could not be listed: "+why)
			}
		})
	}
	c.all(steps...)
	slices.SortFunc(all, func(a, b azrbac.Settings) int { return fold(a.ID, b.ID) })
	slices.Sort(missed)
	return all, missed, nil
}

// known are the settings a listing gave, or those asked for where it gave none.
func (c *collector) known(ctx context.Context, s azrbac.Settings) (azrbac.Settings, error) {
	if s.Known || !clusterID.MatchString(s.ID) {
		return s, nil
	}
	return c.settings(ctx, s.ID)
}

// settings reads one cluster. Whoever may not still gets its assignments; where
// there is no such cluster, or nobody signed in, there is nothing more to ask.
func (c *collector) settings(ctx context.Context, id string) (azrbac.Settings, error) {
	got, err := c.arm.documents(ctx, id, versionClusters, "")
	if err == nil && len(got.Clusters) == 1 && got.Clusters[0].Known {
		return got.Clusters[0], nil
	}
	var answered *azcore.ResponseError
	switch {
	case err == nil:
		c.with(func(f *azrbac.Facts) {
			f.Unread = append(f.Unread, azrbac.Unread{Part: azrbac.Cluster, Why: "the answer holds no settings"})
		})
	case errors.As(err, &answered) && answered.StatusCode == http.StatusNotFound, signInReason(err) != nil, ctx.Err() != nil:
		why, _ := armReason(ctx, err)
		return azrbac.Settings{}, &NotFound{Why: "read " + id + ": " + why}
	default:
		c.unread(ctx, azrbac.Cluster, err, "Microsoft.ContainerService/managedClusters/read", id)
	}
	return azrbac.Settings{ID: id}, nil
}
