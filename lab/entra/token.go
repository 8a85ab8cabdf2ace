package entra

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Token is what a resource server of the lab needs of a verified access
// token.
type Token struct {
	Audience string
	Issuer   string
	TenantID string
	ObjectID string
	UPN      string // empty for guests and applications
	Name     string
	AppID    string // the client that obtained it
	App      bool   // an application's own token, no person behind it
	Groups   []string
	Overage  bool // the groups are too many for a token: ask the directory
	Roles    []string
	Expires  time.Time
}

// Faults of a token. They are distinguished because resource servers answer
// them differently.
var (
	ErrMalformed = errors.New("token is not a JWT")
	ErrSignature = errors.New("token is not signed by this tenant")
	ErrExpired   = errors.New("token has expired")
	ErrNotYet    = errors.New("token is not valid yet")
	ErrIssuer    = errors.New("token is of another issuer")
)

type wireClaims struct {
	Aud        string            `json:"aud"`
	Iss        string            `json:"iss"`
	Tid        string            `json:"tid"`
	Oid        string            `json:"oid"`
	UPN        string            `json:"upn"`
	Name       string            `json:"name"`
	AppID      string            `json:"appid"`
	Azp        string            `json:"azp"`
	IDType     string            `json:"idtyp"`
	Groups     []string          `json:"groups"`
	ClaimNames map[string]string `json:"_claim_names"`
	Roles      []string          `json:"roles"`
	Exp        int64             `json:"exp"`
	Nbf        int64             `json:"nbf"`
}

// skew is how far clocks may differ.
const skew = 5 * time.Minute

// Verify checks signature, validity period and issuer (v1 or v2 form of the
// tenant) of an access token. Whether the audience fits is for the caller. On
// ErrExpired the token is returned too.
func (k *Key) Verify(raw, tenant string, now time.Time) (Token, error) {
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return Token{}, ErrMalformed
	}
	var head struct{ Alg, Kid string }
	if err := decodePart(parts[0], &head); err != nil {
		return Token{}, err
	}
	sig, err := b64.DecodeString(parts[2])
	if err != nil {
		return Token{}, fmt.Errorf("%w: signature: %w", ErrMalformed, err)
	}
	sum := sha256.Sum256([]byte(raw[:len(parts[0])+1+len(parts[1])]))
	if head.Alg != "RS256" || head.Kid != k.id ||
		rsa.VerifyPKCS1v15(&k.private.PublicKey, crypto.SHA256, sum[:], sig) != nil {
		return Token{}, ErrSignature
	}
	var c wireClaims
	if err := decodePart(parts[1], &c); err != nil {
		return Token{}, err
	}
	if !strings.EqualFold(c.Iss, issuerV1(tenant)) && !strings.EqualFold(c.Iss, issuerV2(tenant)) {
		return Token{}, ErrIssuer
	}
	t := Token{
		Audience: c.Aud, Issuer: c.Iss, TenantID: c.Tid, ObjectID: c.Oid, UPN: c.UPN, Name: c.Name,
		AppID: c.AppID, App: c.IDType == "app", Groups: c.Groups, Roles: c.Roles, Expires: time.Unix(c.Exp, 0).UTC(),
	}
	if t.AppID == "" {
		t.AppID = c.Azp
	}
	_, t.Overage = c.ClaimNames["groups"]
	switch {
	case now.After(t.Expires):
		return t, ErrExpired
	case now.Add(skew).Before(time.Unix(c.Nbf, 0)):
		return Token{}, ErrNotYet
	}
	return t, nil
}

func decodePart(part string, v any) error {
	text, err := b64.DecodeString(part)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return nil
}

func issuerV1(tenant string) string { return "https://sts.windows.net/" + tenant + "/" }

func issuerV2(tenant string) string { return "https://" + Host + "/" + tenant + "/v2.0" }
