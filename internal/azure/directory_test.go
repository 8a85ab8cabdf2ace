package azure

import "testing"

func TestEndpointFollowsTheCloud(t *testing.T) {
	for authority, want := range map[string]string{
		"":                                   "https://graph.microsoft.com",
		"https://login.microsoftonline.com/": "https://graph.microsoft.com",
		"https://login.microsoftonline.us/":  "https://graph.microsoft.us",
		"https://login.chinacloudapi.cn":     "https://microsoftgraph.chinacloudapi.cn",
	} {
		d := Directory{Getenv: func(string) string { return authority }}
		if got := d.endpoint(); got != want {
			t.Errorf("authority %q: %s, want %s", authority, got, want)
		}
	}
}

func TestFirstSentence(t *testing.T) {
	for text, want := range map[string]string{
		"AADSTS50126: wrong password. Trace ID: 1 Correlation ID: 2": "AADSTS50126: wrong password.",
		"\n----\n  a   b\nc":                   "a b",
		"no token. To troubleshoot, visit x":   "no token.",
		"":                                     "unknown error",
		"incomplete. See https://aka.ms/x y z": "incomplete.",
	} {
		if got := firstSentence(text); got != want {
			t.Errorf("firstSentence(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestWhichFailed(t *testing.T) {
	text := "DefaultAzureCredential: failed to acquire a token.\nAttempted credentials:\n\tEnvironmentCredential: missing\n\tManagedIdentityCredential authentication failed. \n\tGET http://169.254.169.254\n"
	want := "ManagedIdentityCredential got HTTP 403; AZURE_TOKEN_CREDENTIALS can name another, e.g. AzureCLICredential"
	if got := whichFailed(text, 403); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
