package entra

import (
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/postern-dev/postern/lab/cloud"
)

// deviceLife is how long a device code can be approved.
const deviceLife = 15 * time.Minute

// maxPending bounds the codes in flight.
const maxPending = 1000

type deviceGrant struct {
	userCode string
	client   string
	scope    string // as asked at the start
	resource string
	expires  time.Time
	userID   string // set by approval
	declined bool
}

// deviceCode starts a device sign-in.
func (s *Server) deviceCode(w http.ResponseWriter, r *http.Request, v2 bool) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		s.writeFault(w, r, badRequest(900144, "The request body could not be read: %v", err))
		return
	}
	a, err := s.ask(r, v2)
	if f := new(fault); errors.As(err, &f) {
		s.writeFault(w, r, f)
		return
	}
	device := rand.Text() + rand.Text()
	g := &deviceGrant{userCode: userCode(), client: a.client.id, scope: a.scope, resource: a.wanted,
		expires: s.State.Now().Add(deviceLife)}
	if !s.keepDevice(device, g) {
		http.Error(w, "LAB identity provider: too many device codes in flight", http.StatusTooManyRequests)
		return
	}
	interval := int(s.interval() / time.Second)
	out := map[string]any{
		"user_code": g.userCode, "device_code": device,
		"expires_in": int(deviceLife / time.Second), "interval": interval,
		"message": "To sign in, use a web browser to open the page " + s.VerificationURL +
			" and enter the code " + g.userCode + " to authenticate.",
	}
	if v2 {
		out["verification_uri"] = s.VerificationURL
	} else {
		out["verification_url"] = s.VerificationURL
	}
	writeJSON(w, http.StatusOK, out)
}

func (s *Server) interval() time.Duration {
	if s.Interval >= time.Second {
		return s.Interval
	}
	return time.Second
}

// userCode is nine characters that cannot be misread.
func userCode() string {
	const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789" // 32: no bias
	var b [9]byte
	_, _ = rand.Read(b[:]) // crypto/rand never fails
	for i := range b {
		b[i] = alphabet[int(b[i])%len(alphabet)]
	}
	return string(b[:])
}

func (s *Server) keepDevice(code string, g *deviceGrant) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.State.Now()
	if s.devices == nil {
		s.devices = map[string]*deviceGrant{}
	}
	if len(s.devices) >= maxPending {
		// Expired codes are kept while there is room, so that a late poll is
		// told what happened.
		for k, d := range s.devices {
			if now.After(d.expires) {
				delete(s.devices, k)
			}
		}
	}
	if len(s.devices) >= maxPending {
		return false
	}
	s.devices[code] = g
	return true
}

// deviceGrant is a poll of the token endpoint.
func (s *Server) deviceGrant(r *http.Request, a ask) (map[string]any, error) {
	code := r.PostForm.Get("device_code")
	if code == "" {
		code = r.PostForm.Get("code") // the v1 endpoint's name for it
	}
	u, g, err := s.redeemDevice(code, a.client.id)
	if err != nil {
		return nil, err
	}
	if a, err = s.resume(a, g.scope, g.resource); err != nil {
		return nil, err
	}
	return s.forUser(u, a)
}

func (s *Server) redeemDevice(code, clientID string) (cloud.User, deviceGrant, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, ok := s.devices[code]
	switch {
	case !ok || g.client != clientID:
		return cloud.User{}, deviceGrant{}, &fault{http.StatusBadRequest, "bad_verification_code", 70018,
			"The provided value for the input parameter 'device_code' is not valid."}
	case g.declined:
		delete(s.devices, code)
		return cloud.User{}, deviceGrant{}, &fault{http.StatusBadRequest, "authorization_declined", 65004,
			"User declined to consent to access the app."}
	case s.State.Now().After(g.expires):
		return cloud.User{}, deviceGrant{}, &fault{http.StatusBadRequest, "expired_token", 70020,
			"The provided value for the input parameter 'device_code' is not valid. This device code has expired."}
	case g.userID == "":
		return cloud.User{}, deviceGrant{}, &fault{http.StatusBadRequest, "authorization_pending", 70016,
			"OAuth 2.0 device flow error. Authorization is pending. Continue polling."}
	}
	delete(s.devices, code) // a code is good once
	u, ok := s.State.World().User(g.userID)
	if !ok {
		return cloud.User{}, deviceGrant{}, badGrant(50034, "The user account %s does not exist in the directory.", g.userID)
	}
	return u, *g, s.usable(u)
}

// pendingDevice finds the sign-in a person's code stands for.
func (s *Server) pendingDevice(code string) (clientID string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.byUserCode(code); g != nil {
		return g.client, true
	}
	return "", false
}

// answerDevice records what the person decided.
func (s *Server) answerDevice(code, userID string, approve bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.byUserCode(code)
	if g == nil {
		return false
	}
	if approve {
		g.userID = userID
	} else {
		g.declined = true
	}
	return true
}

// byUserCode needs s.mu.
func (s *Server) byUserCode(code string) *deviceGrant {
	code = strings.ToUpper(strings.TrimSpace(code))
	for _, g := range s.devices {
		if g.userCode == code && g.userID == "" && !g.declined && s.State.Now().Before(g.expires) {
			return g
		}
	}
	return nil
}
