package azure

import (
	"encoding/json"
	"io"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// signInFailure is what Entra said, e.g. AADSTS50126: wrong password, without
// the trace ids that follow.
func signInFailure(failed *azidentity.AuthenticationFailedError) string {
	if failed.RawResponse == nil || failed.RawResponse.Body == nil {
		return firstSentence(failed.Error())
	}
	body, err := io.ReadAll(io.LimitReader(failed.RawResponse.Body, 1<<20))
	var answer struct {
		Code        string `json:"error"`
		Description string `json:"error_description"`
	}
	if err != nil || json.Unmarshal(body, &answer) != nil || answer.Code == "" {
		return firstSentence(failed.Error())
	}
	if answer.Description == "" {
		return answer.Code
	}
	return firstSentence(answer.Description)
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
