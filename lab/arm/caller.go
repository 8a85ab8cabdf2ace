package arm

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"

	"github.com/postern-dev/postern/lab/entra"
)

// caller is who a request's token speaks for.
type caller struct {
	entra.Token
	name string // UPN, or the application id of a service principal
}

// audiences that Resource Manager accepts.
func audiences() []string {
	return []string{"https://management.core.windows.net/", "https://management.azure.com/"}
}

func (c *call) authenticate() error {
	challenge := `Bearer authorization_uri="https://` + entra.Host + `/` + c.world.Tenant.ID + `", error="invalid_token", error_description="The authentication failed because of missing or invalid token."`
	raw, ok := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	fail := func(code, format string, args ...any) error {
		c.w.Header().Set("WWW-Authenticate", challenge)
		return refuse(http.StatusUnauthorized, code, format, args...)
	}
	if !ok {
		return fail("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
	}
	token, err := c.Key.Verify(strings.TrimSpace(raw), c.world.Tenant.ID, c.State.Now())
	switch {
	case errors.Is(err, entra.ErrExpired):
		return fail("ExpiredAuthenticationToken", "The access token expiry UTC time '%s' is earlier than current UTC time '%s'.",
			token.Expires.Format("1/2/2006 3:04:05 PM"), c.State.Now().UTC().Format("1/2/2006 3:04:05 PM"))
	case err != nil:
		return fail("InvalidAuthenticationToken", "The access token is invalid: %v.", err)
	case !armAudience(token.Audience):
		return fail("InvalidAuthenticationTokenAudience", "The access token has been obtained for wrong audience or resource '%s'. It should exactly match with one of the allowed audiences '%s'.",
			token.Audience, strings.Join(audiences(), "','"))
	}
	c.who = caller{Token: token, name: token.UPN}
	if user, ok := c.world.User(token.ObjectID); ok && !token.App {
		if c.who.name == "" {
			c.who.name = "live.com#" + user.UPN
		}
		if user.Disabled {
			return fail("InvalidAuthenticationToken", "The account is disabled.")
		}
		return nil
	}
	if app, ok := c.world.ServicePrincipal(token.ObjectID); ok && token.App && !app.Disabled {
		c.who.name = app.AppID
		return nil
	}
	return fail("InvalidAuthenticationToken", "The principal '%s' is not in the directory.", token.ObjectID)
}

// CallerID is the object id that a request's token speaks for, "" where the
// token is none of this lab's.
func (s *Server) CallerID(r *http.Request) string {
	raw, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	token, err := s.Key.Verify(strings.TrimSpace(raw), s.State.World().Tenant.ID, s.State.Now())
	if err != nil {
		return ""
	}
	return token.ObjectID
}

func armAudience(aud string) bool {
	for _, a := range audiences() {
		if strings.EqualFold(strings.TrimRight(aud, "/"), strings.TrimRight(a, "/")) {
			return true
		}
	}
	return false
}

// newGUID is a random version 4 GUID.
func newGUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
