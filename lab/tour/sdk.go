package tour

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerservice/armcontainerservice/v6"
)

// sdk makes az's calls with the Azure SDK for Go.
type sdk struct {
	p        *person
	cred     azcore.TokenCredential
	clusters *armcontainerservice.ManagedClustersClient
	pipe     runtime.Pipeline
	graph    runtime.Pipeline
}

func (*sdk) describe() string { return "the Azure SDK for Go (az is not used)" }

// azureCLIApp is the public client that az signs people in with.
const azureCLIApp = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"

func (s *sdk) login(ctx context.Context, t *transcript) error {
	t.command(s.p.short, "azidentity.UsernamePasswordCredential "+s.p.UPN)
	core := policy.ClientOptions{Transport: s.p.lab.azureClient(), Retry: policy.RetryOptions{MaxRetries: -1}}
	//lint:ignore SA1019 The lab has no second factor; a person's own sign-in is what is wanted here.
	cred, err := azidentity.NewUsernamePasswordCredential(s.p.lab.TenantID, azureCLIApp, s.p.UPN, s.p.Password,
		&azidentity.UsernamePasswordCredentialOptions{ClientOptions: core})
	if err != nil {
		return fmt.Errorf("sign in %s: %w", s.p.UPN, err)
	}
	if _, err := cred.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{managementURL + "/.default"}}); err != nil {
		return fmt.Errorf("sign in %s: %w", s.p.UPN, signInReason(err))
	}
	s.cred = cred
	options := &arm.ClientOptions{ClientOptions: core, DisableRPRegistration: true}
	if s.clusters, err = armcontainerservice.NewManagedClustersClient(s.p.lab.SubscriptionID, cred, options); err != nil {
		return fmt.Errorf("make client: %w", err)
	}
	bearer := func(scope string) runtime.Pipeline {
		return runtime.NewPipeline("postern-lab", "tour", runtime.PipelineOptions{
			PerRetry: []policy.Policy{runtime.NewBearerTokenPolicy(cred, []string{scope}, nil)},
		}, &core)
	}
	s.pipe, s.graph = bearer(managementURL+"/.default"), bearer("https://graph.microsoft.com/.default")
	return nil
}

func (s *sdk) credentials(ctx context.Context, t *transcript, admin bool, file string) (answer, error) {
	l := s.p.lab
	var kubeconfigs []*armcontainerservice.CredentialResult
	var err error
	if admin {
		t.command(s.p.short, "ManagedClusters.ListClusterAdminCredentials "+l.ResourceGroup+" "+l.Cluster)
		var res armcontainerservice.ManagedClustersClientListClusterAdminCredentialsResponse
		res, err = s.clusters.ListClusterAdminCredentials(ctx, l.ResourceGroup, l.Cluster, nil)
		kubeconfigs = res.Kubeconfigs
	} else {
		t.command(s.p.short, "ManagedClusters.ListClusterUserCredentials "+l.ResourceGroup+" "+l.Cluster)
		var res armcontainerservice.ManagedClustersClientListClusterUserCredentialsResponse
		res, err = s.clusters.ListClusterUserCredentials(ctx, l.ResourceGroup, l.Cluster,
			&armcontainerservice.ManagedClustersClientListClusterUserCredentialsOptions{Format: to.Ptr(armcontainerservice.FormatExec)})
		kubeconfigs = res.Kubeconfigs
	}
	if err != nil {
		return s.refusal(t, err)
	}
	if len(kubeconfigs) == 0 {
		return answer{}, errors.New("list credentials: no kubeconfig in the response")
	}
	if err := os.WriteFile(file, kubeconfigs[0].Value, 0o600); err != nil {
		return answer{}, fmt.Errorf("write kubeconfig: %w", err)
	}
	return answer{Status: http.StatusOK}, nil
}

func (s *sdk) enableEntra(ctx context.Context, t *transcript, group string) (answer, error) {
	return s.update(ctx, t, "aadProfile", map[string]any{"managed": true, "adminGroupObjectIDs": []string{group}})
}

const clusterVersion = "2025-02-01"

// update reads the cluster's JSON, sets one property and puts it back whole.
// The SDK's types would drop every field that is newer than they are.
func (s *sdk) update(ctx context.Context, t *transcript, property string, value any) (answer, error) {
	url := managementURL + s.p.lab.ClusterID + "?api-version=" + clusterVersion
	a, err := s.rest(ctx, t, http.MethodGet, url, nil)
	if err != nil || !a.ok() {
		return a, err
	}
	var cluster map[string]any
	if err := json.Unmarshal(a.Body, &cluster); err != nil {
		return answer{}, fmt.Errorf("read cluster: %w", err)
	}
	properties, ok := cluster["properties"].(map[string]any)
	if !ok {
		return answer{}, errors.New("read cluster: it has no properties")
	}
	properties[property] = value
	shown, err := json.Marshal(map[string]any{property: value})
	if err != nil {
		return answer{}, fmt.Errorf("encode property: %w", err)
	}
	t.output("GET, then PUT with " + string(shown))
	return s.longRunning(ctx, t, http.MethodPut, url, cluster)
}

func (s *sdk) rotateCertificates(ctx context.Context, t *transcript) (answer, error) {
	l := s.p.lab
	t.command(s.p.short, "ManagedClusters.BeginRotateClusterCertificates "+l.ResourceGroup+" "+l.Cluster)
	poller, err := s.clusters.BeginRotateClusterCertificates(ctx, l.ResourceGroup, l.Cluster, nil)
	if err != nil {
		return s.refusal(t, err)
	}
	if _, err := poller.PollUntilDone(ctx, &runtime.PollUntilDoneOptions{Frequency: time.Second}); err != nil {
		return s.refusal(t, err)
	}
	return answer{Status: http.StatusOK}, nil
}

func (s *sdk) routeLogs(ctx context.Context, t *transcript, name, storage, category string) (answer, error) {
	return s.rest(ctx, t, http.MethodPut, managementURL+s.p.lab.ClusterID+"/providers/Microsoft.Insights/diagnosticSettings/"+name+"?api-version=2021-05-01-preview",
		map[string]any{"properties": map[string]any{"storageAccountId": storage, "logs": []any{map[string]any{"category": category, "enabled": true}}}})
}

func (s *sdk) rest(ctx context.Context, t *transcript, method, url string, body any) (answer, error) {
	res, err := s.send(ctx, t, method, url, body)
	if err != nil {
		return s.refusal(t, err)
	}
	return readAnswer(res)
}

// longRunning sends a request and follows it to its end.
func (s *sdk) longRunning(ctx context.Context, t *transcript, method, url string, body any) (answer, error) {
	res, err := s.send(ctx, t, method, url, body)
	if err != nil {
		return s.refusal(t, err)
	}
	poller, err := runtime.NewPoller[json.RawMessage](res, s.pipe, nil)
	if err != nil {
		return s.refusal(t, err)
	}
	if _, err := poller.PollUntilDone(ctx, &runtime.PollUntilDoneOptions{Frequency: time.Second}); err != nil {
		return s.refusal(t, err)
	}
	return answer{Status: http.StatusOK}, nil
}

// send makes one call; an answer of 400 or above is an error.
func (s *sdk) send(ctx context.Context, t *transcript, method, url string, body any) (*http.Response, error) {
	t.command(s.p.short, method+" "+url)
	req, err := runtime.NewRequest(ctx, method, url)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	if body != nil {
		if err := runtime.MarshalAsJSON(req, body); err != nil {
			return nil, fmt.Errorf("encode request: %w", err)
		}
	}
	pipe := s.pipe
	if strings.HasPrefix(url, graphURL) {
		pipe = s.graph
	}
	res, err := pipe.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode >= http.StatusBadRequest {
		return nil, runtime.NewResponseError(res)
	}
	return res, nil
}

func readAnswer(res *http.Response) (answer, error) {
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, fmt.Errorf("read response: %w", err)
	}
	return answer{Status: res.StatusCode, Body: b}, nil
}

// refusal is an answer where the server gave one, an error where it did not.
func (s *sdk) refusal(t *transcript, err error) (answer, error) {
	var re *azcore.ResponseError
	if !errors.As(err, &re) {
		return answer{}, err
	}
	a := answer{Status: re.StatusCode, Code: re.ErrorCode, Message: refusalMessage(re)}
	t.output(a.String())
	return a, nil
}

// refusalMessage reads both shapes of ARM errors.
func refusalMessage(re *azcore.ResponseError) string {
	if re.RawResponse == nil || re.RawResponse.Body == nil {
		return ""
	}
	b, err := io.ReadAll(re.RawResponse.Body)
	if err != nil {
		return ""
	}
	re.RawResponse.Body = io.NopCloser(bytes.NewReader(b))
	var body struct {
		Message string
		Error   struct{ Message string }
	}
	if json.Unmarshal(b, &body) != nil {
		return ""
	}
	if body.Error.Message != "" {
		return body.Error.Message
	}
	return body.Message
}

// aadsts is Entra's own word for why a sign-in failed. The SDK wraps it in
// everything that went over the wire.
var aadsts = regexp.MustCompile(`AADSTS\d+: [^"\\\n]*`)

func signInReason(err error) error {
	if m := aadsts.FindString(err.Error()); m != "" {
		return errors.New(strings.TrimSpace(m))
	}
	return err
}
