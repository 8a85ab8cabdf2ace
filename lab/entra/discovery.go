package entra

import (
	"net/http"
	"net/url"
	"strings"
)

// discovery is the OpenID Connect metadata. Endpoints are told on the host the
// client came by, so that a lab reached on another name keeps working; issuers
// are always Entra's.
func (s *Server) discovery(w http.ResponseWriter, r *http.Request, tenant string, v2 bool) {
	base := "https://" + r.Host + "/" + tenant
	id := s.State.World().Tenant.ID
	if tenant == "common" || tenant == "organizations" {
		id = "{tenantid}"
	}
	issuer, oauth, keys := issuerV1(id), base+"/oauth2/", base+"/discovery/keys"
	if v2 {
		issuer, oauth, keys = issuerV2(id), base+"/oauth2/v2.0/", base+"/discovery/v2.0/keys"
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                                issuer,
		"authorization_endpoint":                oauth + "authorize",
		"token_endpoint":                        oauth + "token",
		"device_authorization_endpoint":         oauth + "devicecode",
		"jwks_uri":                              keys,
		"end_session_endpoint":                  oauth + "logout",
		"response_types_supported":              []string{"code"},
		"response_modes_supported":              []string{"query", "fragment", "form_post"},
		"subject_types_supported":               []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"scopes_supported":                      []string{"openid", "profile", "email", "offline_access"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "client_secret_basic"},
		"claims_supported":                      []string{"sub", "iss", "aud", "exp", "iat", "oid", "tid", "upn", "groups", "name", "preferred_username"},
		"tenant_region_scope":                   "LAB",
		"cloud_instance_name":                   "microsoftonline.com",
		"cloud_graph_host_name":                 "graph.windows.net",
		"msgraph_host":                          "graph.microsoft.com",
	})
}

// instance tells which hosts are the same cloud.
func (s *Server) instance(w http.ResponseWriter, r *http.Request) {
	asked, err := url.Parse(r.URL.Query().Get("authorization_endpoint"))
	if err != nil || asked.Host == "" {
		s.writeFault(w, r, badRequest(50049, "Unknown or invalid instance."))
		return
	}
	tenant := strings.Split(strings.Trim(asked.Path, "/"), "/")[0]
	if tenant == "" {
		tenant = "common"
	}
	aliases := []string{Host, "login.windows.net", "sts.windows.net"}
	if asked.Host != Host {
		aliases = append(aliases, asked.Host)
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"tenant_discovery_endpoint": "https://" + asked.Host + "/" + tenant + "/v2.0/.well-known/openid-configuration",
		"api-version":               "1.1",
		"metadata": []any{map[string]any{
			"preferred_network": Host, "preferred_cache": "login.windows.net", "aliases": aliases,
		}},
	})
}

// userRealm says whether a user signs in here or with a federated provider:
// here, always.
func (s *Server) userRealm(w http.ResponseWriter, r *http.Request) {
	login := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	t := s.State.World().Tenant
	if _, ok := s.State.World().User(login); !ok {
		writeJSON(w, http.StatusOK, map[string]any{"ver": "1.0", "account_type": "Unknown", "cloud_instance_name": "microsoftonline.com"})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"ver": "1.0", "account_type": "Managed", "domain_name": t.Domain,
		"cloud_instance_name": "microsoftonline.com", "cloud_audience_urn": "urn:federation:MicrosoftOnline",
	})
}
