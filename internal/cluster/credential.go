package cluster

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Method is a way to prove who one is.
type Method string

// The methods a kubeconfig can hold.
const (
	Certificate  Method = "client certificate"
	StaticToken  Method = "static token"
	TokenFile    Method = "token file"
	ExecPlugin   Method = "exec plugin"
	AuthProvider Method = "auth provider"
	Basic        Method = "user name and password"
	EntraToken   Method = "Entra token" // of this program's own signing in, not of a kubeconfig
	None         Method = "none"
)

// Credential is one thing the kubeconfig offers to the server. It never holds a secret.
type Credential struct {
	Method       Method      `json:"method"`
	CommonName   string      `json:"commonName,omitempty"`
	Organization []string    `json:"organization,omitempty"`
	Issuer       string      `json:"issuer,omitempty"`
	NotAfter     *time.Time  `json:"notAfter,omitempty"`
	SHA256       string      `json:"sha256,omitempty"`
	Token        string      `json:"token,omitempty"` // what kind of token it is
	Plugin       *PluginInfo `json:"plugin,omitempty"`
	ID           string      `json:"id,omitempty"` // a token's jti
}

// PluginInfo is the harmless part of an exec plugin's command line: arguments
// may hold passwords and are not shown.
type PluginInfo struct {
	Command  string `json:"command"`
	Login    string `json:"login,omitempty"`
	TenantID string `json:"tenantId,omitempty"`
	ServerID string `json:"serverId,omitempty"`
}

// Impersonating is the user the kubeconfig asks to act as, empty for none.
func (c *Client) Impersonating() string { return c.config.Impersonate.UserName }

// Credentials are what the kubeconfig offers, in the order an API server tries
// them: certificate first.
func (c *Client) Credentials() []Credential {
	var all []Credential
	if cert, found := c.certificate(); found {
		all = append(all, cert)
	}
	switch {
	case c.entra:
		all = append(all, Credential{Method: EntraToken})
	case c.config.ExecProvider != nil:
		all = append(all, Credential{Method: ExecPlugin, Plugin: c.pluginInfo()})
	case c.config.AuthProvider != nil:
		all = append(all, Credential{Method: AuthProvider, Token: c.config.AuthProvider.Name})
	case c.config.BearerTokenFile != "":
		token, _ := os.ReadFile(c.config.BearerTokenFile) // unreadable: the request itself will say so
		all = append(all, tokenCredential(TokenFile, strings.TrimSpace(string(token))))
	case c.config.BearerToken != "":
		all = append(all, tokenCredential(StaticToken, c.config.BearerToken))
	case c.config.Username != "":
		all = append(all, Credential{Method: Basic})
	}
	if len(all) == 0 {
		all = append(all, Credential{Method: None})
	}
	return all
}

func (c *Client) certificate() (Credential, bool) {
	data := c.config.CertData
	if len(data) == 0 && c.config.CertFile != "" {
		data, _ = os.ReadFile(c.config.CertFile) // unreadable: building the client has said so
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return Credential{}, false
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return Credential{}, false
	}
	sum := sha256.Sum256(cert.Raw)
	return Credential{
		Method: Certificate, CommonName: cert.Subject.CommonName, Organization: cert.Subject.Organization,
		Issuer: cert.Issuer.CommonName, NotAfter: &cert.NotAfter, SHA256: hex.EncodeToString(sum[:]),
	}, true
}

// tokenCredential looks at a token's unverified claims to say what it is.
func tokenCredential(method Method, token string) Credential {
	out := Credential{Method: method, Token: "opaque"}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return out
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		Issuer  string  `json:"iss"`
		Subject string  `json:"sub"`
		ID      string  `json:"jti"`
		Expires float64 `json:"exp"`
	}
	if err != nil || json.Unmarshal(text, &claims) != nil {
		return out
	}
	out.Token, out.Issuer, out.ID = "JSON web token", claims.Issuer, claims.ID
	if strings.HasPrefix(claims.Subject, "system:serviceaccount:") {
		out.Token = "ServiceAccount token"
	}
	if claims.Expires > 0 {
		at := time.Unix(int64(claims.Expires), 0).UTC()
		out.NotAfter = &at
	}
	return out
}

func (c *Client) pluginInfo() *PluginInfo {
	p := &PluginInfo{Command: filepath.Base(c.config.ExecProvider.Command)}
	args := c.config.ExecProvider.Args
	for i, arg := range args {
		name, value, joined := strings.Cut(arg, "=")
		if !joined && i+1 < len(args) {
			value = args[i+1]
		}
		switch name {
		case "--login", "-l":
			p.Login = value
		case "--tenant-id", "-t":
			p.TenantID = value
		case "--server-id":
			p.ServerID = value
		}
	}
	return p
}

// plugin is the install hint that the kubeconfig itself gives.
func (c *Client) plugin() string {
	if c.config.ExecProvider == nil {
		return ""
	}
	return c.config.ExecProvider.InstallHint
}

func (c *Client) pluginName() string {
	if c.config.ExecProvider == nil {
		return "the kubeconfig"
	}
	return filepath.Base(c.config.ExecProvider.Command)
}

// offered names what was sent, for a refusal.
func (c *Client) offered() string {
	var all []string
	for _, cr := range c.Credentials() {
		text := string(cr.Method)
		switch {
		case cr.Method == Certificate:
			text = fmt.Sprintf("client certificate of %s", cr.CommonName)
		case cr.Plugin != nil:
			text = "a token from " + cr.Plugin.Command
		case cr.Method == None:
			text = "the kubeconfig holds none"
		}
		if cr.NotAfter != nil {
			text += ", valid until " + cr.NotAfter.Format(time.DateOnly)
		}
		all = append(all, text)
	}
	return strings.Join(all, "; ")
}

func (c *Client) unauthorizedHint() string {
	switch c.Credentials()[0].Method {
	case Certificate:
		return "its CA has been rotated, or it has expired: download the kubeconfig again"
	case ExecPlugin:
		return "sign in again (kubelogin remove-tokens), and check that the kubeconfig is of this cluster's tenant"
	case EntraToken:
		return "the cluster is of another tenant, or has no Entra integration"
	case None:
		return "the context names a user without credentials"
	}
	return "the token has been revoked or has expired: download the kubeconfig again"
}
