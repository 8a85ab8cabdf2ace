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

// sdk is the official client of managed clusters, signed in as ci-deployer,
// through the lab's proxy and with the public cloud's own host names.
func sdk(t *testing.T, l *lab) *armcontainerservice.ManagedClustersClient {
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
	client, err := armcontainerservice.NewManagedClustersClient(w.Subscription.ID, cred, &armpolicy.ClientOptions{ClientOptions: options})
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
