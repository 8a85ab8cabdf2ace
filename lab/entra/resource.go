package entra

import (
	"strings"

	"github.com/postern-dev/postern/lab/cloud"
)

// Host is where the identity provider is reached.
const Host = "login.microsoftonline.com"

// Identifiers of first-party applications, the same in every tenant.
const (
	AKSServerApp = "6dae42f8-4368-4678-94ff-3960e28e3630"
	AKSClientApp = "80faf920-1908-4b52-b5ef-a8e7bedfc67a"
	AzureCLIApp  = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
	PowerShell   = "1950a258-227b-4e31-a9cf-717495945fc2"
	GraphApp     = "00000003-0000-0000-c000-000000000000"
)

// resource is what an access token may be for.
type resource struct {
	audience string // as the token says it: what was asked for, without a doubled slash
	scope    string // scp claim of delegated tokens
	v2       bool   // the resource takes v2 tokens
}

// resourceFor finds the resource that a resource parameter (v1) or the part of
// a scope before its last slash (v2) names.
func resourceFor(w *cloud.World, name string) (resource, bool) {
	key := strings.ToLower(strings.TrimRight(name, "/"))
	switch strings.TrimPrefix(key, "spn:") {
	case AKSServerApp:
		return resource{audience: AKSServerApp, scope: "user.read"}, true
	case "https://management.azure.com", "https://management.core.windows.net",
		"https://api.loganalytics.io":
		return resource{audience: name, scope: "user_impersonation"}, true
	case "https://graph.microsoft.com", GraphApp:
		return resource{audience: name, scope: "User.Read Directory.Read.All"}, true
	}
	if p, ok := w.ServicePrincipal(strings.TrimPrefix(key, "api://")); ok && !strings.EqualFold(p.ID, key) {
		return resource{audience: p.AppID, scope: "user_impersonation", v2: true}, true
	}
	return resource{}, false
}

// splitScopes separates a v2 scope parameter into the resource it names and
// the OpenID scopes. several reports more than one resource.
func splitScopes(scope string) (name string, openID map[string]bool, several bool) {
	openID = map[string]bool{}
	for _, s := range strings.Fields(scope) {
		switch s {
		case "openid", "profile", "email", "offline_access":
			openID[s] = true
			continue
		}
		r := "https://graph.microsoft.com"
		if i := strings.LastIndexByte(s, '/'); i > 0 {
			r = s[:i]
		}
		if name != "" && name != r {
			several = true
		}
		name = r
	}
	if name == "" {
		name = "https://graph.microsoft.com"
	}
	return name, openID, several
}

// client is an application that asks for tokens.
type client struct {
	id           string
	public       bool
	service      cloud.ServicePrincipal
	confidential bool
}

func clientFor(w *cloud.World, id string) (client, bool) {
	switch id = strings.ToLower(id); id {
	case AKSClientApp, AzureCLIApp, PowerShell:
		return client{id: id, public: true}, true
	}
	if p, ok := w.ServicePrincipal(id); ok && strings.EqualFold(p.AppID, id) {
		return client{id: strings.ToLower(p.AppID), service: p, confidential: true}, true
	}
	return client{}, false
}
