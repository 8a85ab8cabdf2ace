package azure

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// signInReason is why there is no token, in one line; nil where the error is
// another.
func signInReason(err error) error {
	var failed *azidentity.AuthenticationFailedError
	switch {
	case errors.As(err, &failed) && failed.RawResponse != nil:
		return fmt.Errorf("sign in to Azure: %s", signInFailure(failed))
	case strings.Contains(err.Error(), "DefaultAzureCredential"):
		return errors.New("no Azure credential (az login, or AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET)")
	case errors.As(err, &failed):
		return fmt.Errorf("sign in to Azure: %s", firstSentence(err.Error()))
	case strings.Contains(err.Error(), "EnvironmentCredential"):
		return errors.New("no Azure credential: " + firstSentence(err.Error()))
	}
	return nil
}

// signInFailure is what Entra said, e.g. AADSTS50126: wrong password, without
// the trace ids that follow.
func signInFailure(failed *azidentity.AuthenticationFailedError) string {
	var body []byte
	var err error
	if failed.RawResponse.Body != nil {
		body, err = runtime.Payload(failed.RawResponse) // kept, so that the same error can be told twice
	}
	var answer struct {
		Code        string `json:"error"`
		Description string `json:"error_description"`
	}
	if err != nil || json.Unmarshal(body, &answer) != nil || answer.Code == "" {
		return whichFailed(failed.Error(), failed.RawResponse.StatusCode)
	}
	if answer.Description == "" {
		return answer.Code
	}
	return firstSentence(answer.Description)
}

var culprit = regexp.MustCompile(`(\w+Credential) authentication failed`)

// whichFailed names the credential of the chain that was answered by something
// that is not Entra, such as a proxy in the place of the metadata service. The
// chain stops there, whatever could have come after it.
func whichFailed(text string, code int) string {
	m := culprit.FindStringSubmatch(text)
	if m == nil {
		return firstSentence(text)
	}
	return fmt.Sprintf("%s got HTTP %d; AZURE_TOKEN_CREDENTIALS can name another, e.g. AzureCLICredential", m[1], code)
}

var spaces = regexp.MustCompile(`\s+`)

// firstSentence keeps the first line that says something, without trace ids and
// advertising links.
func firstSentence(text string) string {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		for _, tail := range []string{" Trace ID:", " See https://", " To troubleshoot"} {
			line, _, _ = strings.Cut(line, tail)
		}
		if line = spaces.ReplaceAllString(line, " "); line != "" && strings.Trim(line, "-=") != "" {
			return line
		}
	}
	return "unknown error"
}
