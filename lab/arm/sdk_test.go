package arm_test

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	armpolicy "github.com/Azure/azure-sdk-for-go/sdk/azcore/arm/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerservice/armcontainerservice/v6"

	"github.com/postern-dev/postern/lab/arm"
	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/lab/entra"
	"github.com/postern-dev/postern/lab/proxy"
)

// sdk is the official client of managed clusters.
func sdk(t *testing.T, l *lab) *armcontainerservice.ManagedClustersClient {
	t.Helper()
	return clients(t, l).NewManagedClustersClient()
}

// clients are the official clients of the AKS provider, signed in as
// ci-deployer, through the lab's proxy and with the public cloud's own host
// names.
func clients(t *testing.T, l *lab) *armcontainerservice.ClientFactory {
	t.Helper()
	ca, err := proxy.OpenAuthority(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &proxy.Server{Authority: ca, Log: slog.New(slog.DiscardHandler), State: l.state,
		Hosts: map[string]http.Handler{arm.Host: l.arm.Handler(), entra.Host: l.ids.Handler()}}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, ln) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	options := policy.ClientOptions{Transport: &http.Client{Transport: &http.Transport{
		Proxy:           http.ProxyURL(&url.URL{Scheme: "http", Host: ln.Addr().String()}),
		TLSClientConfig: &tls.Config{RootCAs: ca.Pool()}, ForceAttemptHTTP2: true,
	}}}
	w := l.state.World()
	app := w.ServicePrincipals[0]
	cred, err := azidentity.NewClientSecretCredential(w.Tenant.ID, app.AppID, app.Secret, &azidentity.ClientSecretCredentialOptions{ClientOptions: options})
	if err != nil {
		t.Fatal(err)
	}
	client, err := armcontainerservice.NewClientFactory(w.Subscription.ID, cred, &armpolicy.ClientOptions{ClientOptions: options})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// TestSDK drives list, update, both credential calls and rotation with the
// official Go client.
func TestSDK(t *testing.T) {
	l := newLab(t, func(w *cloud.World) {
		owner, _ := w.RoleDefinition("Azure Kubernetes Service Contributor Role")
		w.RoleAssignments = append(w.RoleAssignments, cloud.RoleAssignment{ID: guid1, PrincipalID: w.ServicePrincipals[0].ID, RoleID: owner.ID, Scope: cluster})
	})
	client := sdk(t, l)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	page, err := client.NewListPager(nil).NextPage(ctx)
	if err != nil || len(page.Value) != 1 || *page.Value[0].Name != "aks-lab" {
		t.Fatalf("list: %v %v", page.Value, err)
	}
	k := *page.Value[0]
	k.Properties.AADProfile = &armcontainerservice.ManagedClusterAADProfile{Managed: to.Ptr(true), AdminGroupObjectIDs: []*string{to.Ptr(admins)}}
	k.Properties.DisableLocalAccounts = to.Ptr(true)
	put, err := client.BeginCreateOrUpdate(ctx, "rg-lab", "aks-lab", k, nil)
	if err != nil {
		t.Fatal(err)
	}
	poll := &runtime.PollUntilDoneOptions{Frequency: time.Second}
	got, err := put.PollUntilDone(ctx, poll)
	if err != nil || !*got.Properties.DisableLocalAccounts || *got.Properties.AADProfile.AdminGroupObjectIDs[0] != admins {
		t.Fatalf("update: %+v %v", got.Properties, err)
	}
	user, err := client.ListClusterUserCredentials(ctx, "rg-lab", "aks-lab", nil)
	if err != nil || !strings.Contains(string(user.Kubeconfigs[0].Value), "kubelogin") {
		t.Errorf("user credentials: %v", err)
	}
	_, err = client.ListClusterAdminCredentials(ctx, "rg-lab", "aks-lab", nil)
	var refused *azcore.ResponseError
	if !errors.As(err, &refused) || refused.StatusCode != 400 || refused.ErrorCode != "BadRequest" || !strings.Contains(err.Error(), staticText) {
		t.Errorf("admin credentials: %v", err)
	}
	rotate, err := client.BeginRotateClusterCertificates(ctx, "rg-lab", "aks-lab", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rotate.PollUntilDone(ctx, poll); err != nil {
		t.Errorf("rotate: %v", err)
	}
	if l.plane.generation != 1 {
		t.Error("not rotated")
	}
}

// TestSDKPagesAndCommands: the official client follows pages, reads trusted
// access, and polls a run command to its result.
func TestSDKPagesAndCommands(t *testing.T) {
	withKubectl(t)
	l := wideLab(t, func(w *cloud.World) {
		w.PageSize = 1
		w.Subscription, w.Subscriptions[0], w.Subscriptions[1] = w.Subscriptions[1], w.Subscriptions[1], w.Subscriptions[0]
		for i := range w.Clusters {
			w.Clusters[i].Subscription, w.Clusters[i].ResourceGroup = "", "rg-other"
		}
		for i := range w.ResourceGroups {
			w.ResourceGroups[i].Subscription = ""
		}
		owner, _ := w.RoleDefinition("Owner")
		w.RoleAssignments = append(w.RoleAssignments, cloud.RoleAssignment{ID: guid1, PrincipalID: w.ServicePrincipals[0].ID, RoleID: owner.ID, Scope: second})
	})
	l.arm.ClusterID = other
	apiServer(t, l)
	factory := clients(t, l)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	client := factory.NewManagedClustersClient()
	var found []string
	for pages := client.NewListPager(nil); pages.More(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Value) != 1 {
			t.Errorf("a page of %d", len(page.Value))
		}
		found = append(found, *page.Value[0].Name)
	}
	if got := strings.Join(found, " "); got != "aks-lab aks-other" {
		t.Errorf("clusters: %s", got)
	}
	bindings, err := factory.NewTrustedAccessRoleBindingsClient().NewListPager("rg-other", "aks-other", nil).NextPage(ctx)
	if err != nil || len(bindings.Value) != 1 || *bindings.Value[0].Properties.SourceResourceID != "/subscriptions/x/ml" {
		t.Errorf("trusted access: %+v %v", bindings, err)
	}
	run, err := client.BeginRunCommand(ctx, "rg-other", "aks-other", armcontainerservice.RunCommandRequest{
		Command: to.Ptr("kubectl get --raw /version"), ClusterToken: to.Ptr("entra-token")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := run.PollUntilDone(ctx, &runtime.PollUntilDoneOptions{Frequency: time.Second})
	if err != nil || *got.Properties.ExitCode != 0 || *got.Properties.Logs != "asked with Bearer entra-token\n" {
		t.Errorf("run command: %+v %v", got.Properties, err)
	}
}
