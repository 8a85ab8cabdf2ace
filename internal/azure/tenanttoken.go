package azure

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/postern-dev/postern/internal/snapshot"
)

// aksServer is the application that API servers of AKS with Entra take tokens
// for, the same in every cloud.
const aksServer = "6dae42f8-4368-4678-94ff-3960e28e3630"

// AKSToken gives Entra tokens for the API servers of AKS, the same one until it
// is about to expire: whoever signs in by a command (az) is not made to run it
// for every cluster.
func AKSToken(o TenantOptions) func(context.Context) (string, error) {
	var mu sync.Mutex
	var credential azcore.TokenCredential
	var last azcore.AccessToken
	return func(ctx context.Context) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		if time.Until(last.ExpiresOn) > 5*time.Minute {
			return last.Token, nil
		}
		var err error
		if credential == nil {
			if credential, err = o.signIn(); err != nil {
				return "", err
			}
		}
		token, err := credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{aksServer + "/.default"}})
		if err != nil {
			return "", tokenReason(err)
		}
		last = token
		return token.Token, nil
	}
}

func tokenReason(err error) error {
	if why := signInReason(err); why != nil {
		return why
	}
	return errors.New("sign in to Azure: " + firstSentence(err.Error()))
}

// claims are what a token says of its subject. Nobody here checks a signature:
// the token is the reader's own.
type claims struct {
	ObjectID  string `json:"oid"`
	TenantID  string `json:"tid"`
	UPN       string `json:"upn"`
	Unique    string `json:"unique_name"`
	Preferred string `json:"preferred_username"`
	AppID     string `json:"appid"`
	Party     string `json:"azp"` // appid in tokens of version 2
	Type      string `json:"idtyp"`
	Scopes    string `json:"scp"`
}

// claimsOf reads a token; what is no JWT says nothing.
func claimsOf(token string) (c claims) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return c
	}
	text, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil || json.Unmarshal(text, &c) != nil {
		return claims{}
	}
	return c
}

// asker is the subject: a user by UPN, or an application by its id.
func (c claims) asker() snapshot.Asker {
	a := snapshot.Asker{ObjectID: c.ObjectID}
	for _, name := range []string{c.UPN, c.Preferred, c.Unique} {
		if a.Name == "" {
			a.Name = name
		}
	}
	// Only delegated tokens have scopes; idtyp is there where it was asked for.
	a.App = c.Type == "app" || c.ObjectID != "" && a.Name == "" && c.Scopes == ""
	if a.App || a.Name == "" {
		if a.Name = c.AppID; a.Name == "" {
			a.Name = c.Party
		}
	}
	return a
}
