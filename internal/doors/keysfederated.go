package doors

import (
	"encoding/json"
	"net/url"
	"strings"

	"github.com/postern-dev/postern/internal/snapshot"
)

// federatedName says in words whom the subject of a federated credential stands
// for. Entra compares issuer and subject whole: an asterisk in one is no
// wildcard, and an issuer that only looks like a known one is not it. issuers are
// names of clusters by the issuers of their tokens.
func federatedName(f snapshot.Federated, issuers map[string]string) string {
	if f.Subject == "" {
		return "whoever an expression over the claims lets in, which was not read"
	}
	at, err := url.Parse(f.Issuer)
	if err != nil || at.Scheme != "https" {
		return f.Subject
	}
	switch host := strings.ToLower(at.Host); {
	case strings.HasPrefix(f.Subject, "system:serviceaccount:"):
		account := strings.Replace(strings.TrimPrefix(f.Subject, "system:serviceaccount:"), ":", "/", 1)
		if name := issuers[strings.TrimRight(f.Issuer, "/")]; name != "" {
			return "ServiceAccount " + account + " of cluster " + name
		}
		return "ServiceAccount " + account + " of " + f.Issuer
	case host == "token.actions.githubusercontent.com":
		return "GitHub workflow " + githubSubject(f.Subject)
	case host == "gitlab.com":
		return "GitLab job " + gitlabSubject(f.Subject)
	case host == "vstoken.dev.azure.com", host == "login.microsoftonline.com" && strings.HasPrefix(f.Subject, "sc://"):
		return "Azure DevOps service connection " + strings.TrimPrefix(f.Subject, "sc://")
	case host == "app.terraform.io":
		return "HCP Terraform run " + f.Subject
	}
	return f.Subject
}

// issuers are the names of the clusters by what issues their ServiceAccounts'
// tokens.
func (x *finder) issuers() map[string]string {
	found := map[string]string{}
	for i := range x.t.Clusters {
		c := &x.t.Clusters[i]
		var body struct {
			Properties struct {
				OIDCIssuerProfile *struct{ IssuerURL string }
			}
		}
		if json.Unmarshal(c.Raw, &body) == nil && body.Properties.OIDCIssuerProfile != nil && body.Properties.OIDCIssuerProfile.IssuerURL != "" {
			found[strings.TrimRight(body.Properties.OIDCIssuerProfile.IssuerURL, "/")] = c.Name()
		}
	}
	return found
}

// githubSubject takes repo:OWNER/NAME:WHAT apart as GitHub's default subjects
// are; another form is left as it is.
func githubSubject(subject string) string {
	rest, ok := strings.CutPrefix(subject, "repo:")
	repo, what, found := strings.Cut(rest, ":")
	if !ok || !found {
		return subject
	}
	kind, name, _ := strings.Cut(what, ":")
	switch {
	case kind == "environment":
		return "of " + repo + " in environment " + name
	case kind == "pull_request":
		return "of " + repo + " for any pull request"
	case kind == "ref" && strings.HasPrefix(name, "refs/heads/"):
		return "of " + repo + " on branch " + strings.TrimPrefix(name, "refs/heads/")
	case kind == "ref" && strings.HasPrefix(name, "refs/tags/"):
		return "of " + repo + " on tag " + strings.TrimPrefix(name, "refs/tags/")
	}
	return subject
}

// gitlabSubject takes project_path:PATH:ref_type:TYPE:ref:NAME apart.
func gitlabSubject(subject string) string {
	f := strings.SplitN(subject, ":", 6)
	if len(f) != 6 || f[0] != "project_path" || f[2] != "ref_type" || f[4] != "ref" {
		return subject
	}
	return "of " + f[1] + " on " + f[3] + " " + f[5]
}
