package azure

import (
	"fmt"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// pipeline sends requests to one of Azure's hosts with the credential that
// azidentity's default chain finds.
func pipeline(tenant, version, endpoint string, options policy.ClientOptions) (runtime.Pipeline, error) {
	credential, err := signIn(tenant, options)
	if err != nil {
		return runtime.Pipeline{}, err
	}
	return authorized(credential, version, endpoint, options), nil
}

// signIn is the credential that azidentity's default chain finds.
func signIn(tenant string, options policy.ClientOptions) (azcore.TokenCredential, error) {
	if options.Retry.MaxRetries < 0 { // that was for what the token is for
		options.Retry = policy.RetryOptions{MaxRetries: 1}
	}
	credential, err := azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{ClientOptions: options, TenantID: tenant})
	if err != nil {
		return nil, fmt.Errorf("no Azure credential: %s", firstSentence(err.Error()))
	}
	return credential, nil
}

func authorized(credential azcore.TokenCredential, version, endpoint string, options policy.ClientOptions) runtime.Pipeline {
	bearer := runtime.NewBearerTokenPolicy(credential, []string{endpoint + "/.default"}, nil)
	return runtime.NewPipeline("postern", version, runtime.PipelineOptions{PerRetry: []policy.Policy{bearer}}, &options)
}

// inCloud is the host of a service in the cloud whose authority signs in.
func inCloud(getenv func(string) string, hosts map[string]string, public string) string {
	authority := strings.TrimSuffix(strings.TrimPrefix(getenv("AZURE_AUTHORITY_HOST"), "https://"), "/")
	if host, found := hosts[strings.ToLower(authority)]; found {
		return "https://" + host
	}
	return "https://" + public
}
