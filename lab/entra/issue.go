package entra

import (
	"crypto/sha256"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/postern-dev/postern/lab/cloud"
)

// maxGroups is how many groups fit in a token. Above it the token only says
// where to ask.
const maxGroups = 200

// session is a person's sign-in, as a refresh token carries it.
type session struct {
	UserID string `json:"u"`
	Client string `json:"c"`
	Method string `json:"m"` // pwd
	Proof  []byte `json:"p"` // hash of the password it was made with
	Issued int64  `json:"i"`
	// What the sign-in was for.
	Scope    string `json:"s,omitempty"`
	Resource string `json:"r,omitempty"`
}

func proofOf(u cloud.User) []byte {
	sum := sha256.Sum256([]byte(u.ID + "\x00" + u.Password))
	return sum[:8]
}

// ask is what a client wants to have issued.
type ask struct {
	client   client
	resource resource
	scope    string // as asked on the v2 endpoint
	wanted   string // resource as asked on the v1 endpoint
	openID   map[string]bool
	v2       bool // the endpoint's version
	nonce    string
}

// forUser issues a person's token response.
func (s *Server) forUser(u cloud.User, a ask) (map[string]any, error) {
	now, w := s.State.Now(), s.State.World()
	claims := s.commonClaims(a, u.ID, now)
	claims["idtyp"] = "user"
	claims["scp"] = a.resource.scope
	claims["amr"] = []string{"pwd"}
	claims["name"] = u.DisplayName
	nameClaims(claims, u, a.resource.v2)
	groupClaims(claims, w.Tenant.ID, "users", u.ID, w.TransitiveGroups(u.ID))
	out, err := s.response(a, claims, now)
	if err != nil {
		return nil, err
	}
	info, err := json.Marshal(map[string]string{"uid": u.ID, "utid": w.Tenant.ID})
	if err != nil {
		return nil, err
	}
	out["client_info"] = b64.EncodeToString(info)
	if !a.v2 || a.openID["offline_access"] {
		out["refresh_token"], err = s.Key.sealed(session{
			UserID: u.ID, Client: a.client.id, Method: "pwd", Proof: proofOf(u), Issued: now.Unix(),
			Scope: a.scope, Resource: a.wanted})
		if err != nil {
			return nil, err
		}
	}
	if !a.v2 || a.openID["openid"] {
		if out["id_token"], err = s.idToken(u, a, now); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// forApp issues an application's own token response.
func (s *Server) forApp(p cloud.ServicePrincipal, a ask) (map[string]any, error) {
	now, w := s.State.Now(), s.State.World()
	claims := s.commonClaims(a, p.ID, now)
	claims["idtyp"] = "app"
	claims["idp"] = issuerV1(w.Tenant.ID)
	graph := strings.Contains(a.resource.audience, "graph.microsoft.com") || a.resource.audience == GraphApp
	if graph && len(p.GraphRoles) > 0 {
		claims["roles"] = p.GraphRoles
	}
	groupClaims(claims, w.Tenant.ID, "servicePrincipals", p.ID, w.TransitiveGroups(p.ID))
	return s.response(a, claims, now)
}

func (s *Server) commonClaims(a ask, oid string, now time.Time) map[string]any {
	tid := s.State.World().Tenant.ID
	claims := map[string]any{
		"aud": a.resource.audience, "iat": unixSeconds(now), "nbf": unixSeconds(now),
		"exp": unixSeconds(now.Add(s.lifetime())), "oid": oid, "tid": tid,
		"sub": pairwise(oid, a.resource.audience), "uti": b64.EncodeToString([]byte(newGUID())[:16]),
	}
	acr := "0"
	if a.client.confidential {
		acr = "1"
	}
	if a.resource.v2 {
		claims["ver"], claims["iss"] = "2.0", issuerV2(tid)
		claims["azp"], claims["azpacr"] = a.client.id, acr
		return claims
	}
	claims["ver"], claims["iss"] = "1.0", issuerV1(tid)
	claims["appid"], claims["appidacr"], claims["acr"] = a.client.id, acr, "1"
	return claims
}

// nameClaims says who a person is. A guest has no upn in this tenant.
func nameClaims(claims map[string]any, u cloud.User, v2 bool) {
	if v2 {
		claims["preferred_username"] = u.UPN
	} else {
		claims["unique_name"] = u.UPN
	}
	if u.Guest {
		claims["email"], claims["idp"] = u.UPN, "live.com"
		if !v2 {
			claims["unique_name"] = "live.com#" + u.UPN
		}
		return
	}
	claims["upn"] = u.UPN
}

func groupClaims(claims map[string]any, tenant, kind, oid string, groups []string) {
	if len(groups) > maxGroups {
		claims["_claim_names"] = map[string]string{"groups": "src1"}
		claims["_claim_sources"] = map[string]any{"src1": map[string]string{
			"endpoint": "https://graph.windows.net/" + tenant + "/" + kind + "/" + oid + "/getMemberObjects"}}
		return
	}
	if len(groups) > 0 {
		claims["groups"] = groups
	}
}

func (s *Server) response(a ask, claims map[string]any, now time.Time) (map[string]any, error) {
	token, err := s.Key.sign(claims)
	if err != nil {
		return nil, err
	}
	seconds := int(s.lifetime() / time.Second)
	out := map[string]any{"token_type": "Bearer", "access_token": token}
	if a.v2 {
		out["expires_in"], out["ext_expires_in"] = seconds, seconds
		out["scope"] = a.scope
		return out, nil
	}
	// The v1 endpoint tells numbers as strings.
	out["expires_in"], out["ext_expires_in"] = strconv.Itoa(seconds), strconv.Itoa(seconds)
	out["expires_on"] = strconv.FormatInt(now.Add(s.lifetime()).Unix(), 10)
	out["not_before"] = strconv.FormatInt(now.Unix(), 10)
	out["resource"] = a.resource.audience
	out["scope"] = a.resource.scope
	return out, nil
}

func (s *Server) idToken(u cloud.User, a ask, now time.Time) (string, error) {
	tid := s.State.World().Tenant.ID
	claims := map[string]any{
		"aud": a.client.id, "iat": unixSeconds(now), "nbf": unixSeconds(now),
		"exp": unixSeconds(now.Add(s.lifetime())), "oid": u.ID, "tid": tid, "name": u.DisplayName,
		"sub": pairwise(u.ID, a.client.id),
	}
	if a.nonce != "" {
		claims["nonce"] = a.nonce
	}
	if a.v2 {
		claims["ver"], claims["iss"], claims["preferred_username"] = "2.0", issuerV2(tid), u.UPN
	} else {
		claims["ver"], claims["iss"] = "1.0", issuerV1(tid)
		nameClaims(claims, u, false)
	}
	return s.Key.sign(claims)
}

func (s *Server) lifetime() time.Duration {
	if s.Lifetime > 0 {
		return s.Lifetime
	}
	return time.Hour
}

// pairwise is a subject that differs by resource, as Entra's does.
func pairwise(oid, audience string) string {
	sum := sha256.Sum256([]byte(oid + "\x00" + audience))
	return b64.EncodeToString(sum[:])
}
