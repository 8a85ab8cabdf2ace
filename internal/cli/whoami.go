package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/postern-dev/postern/internal/cluster"
	"github.com/postern-dev/postern/internal/report"
	"github.com/postern-dev/postern/internal/snapshot"
)

func newWhoamiCmd(env *Env) *cobra.Command {
	var namesMode string
	cmd := &cobra.Command{
		Use:   "whoami",
		Short: "Who the API server says you are, and whether you alone are",
		Long: `Ask the API server who it takes you for: user, uid, groups, extra, and how you
proved it. Group and object ids are named through Microsoft Graph where a
credential for it is at hand. Says whether others act under the same name.

Needs no permission beyond signing in (SelfSubjectReview).`,
		Example: `  postern whoami
  postern whoami --context aks-lab -o json
  kubectl postern whoami --names=never`,
		Args: atMost(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error { return runWhoami(cmd, env, namesMode) },
	}
	namesFlag(cmd, &namesMode)
	return uses(cmd, "kubeconfig", "context")
}

// whoami is the answer as docs/schema/whoami.json describes it.
type whoami struct {
	Kind           string              `json:"kind"`
	Cluster        snapshot.Source     `json:"cluster"`
	User           namedValue          `json:"user"`
	UID            string              `json:"uid,omitempty"`
	Groups         []namedValue        `json:"groups"`
	Extra          map[string][]string `json:"extra,omitempty"`
	Authentication authentication      `json:"authentication"`
	Shared         snapshot.Shared     `json:"shared"`
	API            string              `json:"api"`
}

// namedValue is a user or group name as the server has it, and as people do.
type namedValue struct {
	Name string `json:"name"`
	name
}

// authentication says by what the server recognised the caller.
type authentication struct {
	Method        cluster.Method       `json:"method"`
	Basis         string               `json:"basis"`
	CredentialID  string               `json:"credentialId,omitempty"`
	Impersonating string               `json:"impersonating,omitempty"`
	Offered       []cluster.Credential `json:"offered"`
}

func runWhoami(cmd *cobra.Command, env *Env, namesFlag string) error {
	format, err := env.format(cmd, "table", "wide", "json", "yaml", "name")
	if err != nil {
		return err
	}
	mode, err := env.namesMode(namesFlag)
	if err != nil {
		return err
	}
	client, err := env.connect()
	if err != nil {
		return err
	}
	id, err := client.WhoAmI(cmd.Context())
	if err != nil {
		return clusterError(err)
	}
	if format == "name" {
		_, err := fmt.Fprintln(env.Stdout, report.Clean("user:"+id.User))
		return err
	}
	answer := env.describe(cmd.Context(), client, id, mode)
	switch format {
	case "json":
		return report.JSON(env.Stdout, answer)
	case "yaml":
		return report.YAML(env.Stdout, answer)
	}
	return answer.print(env, format == "wide")
}

func (e *Env) describe(ctx context.Context, client *cluster.Client, id snapshot.Identity, mode string) whoami {
	auth := authenticated(client, id)
	known := e.resolveNames(ctx, mode, tenant(auth.Offered), append([]string{id.User, id.ObjectID()}, id.Groups...))
	answer := whoami{
		Kind: "WhoAmI", Cluster: e.source(client), User: namedValue{id.User, known.of(id.User)}, UID: id.UID,
		Groups: []namedValue{}, Extra: id.Extra, Authentication: auth,
		Shared: id.Shared(auth.Method == cluster.Certificate && auth.Impersonating == ""), API: id.API,
	}
	for _, group := range id.Groups {
		answer.Groups = append(answer.Groups, namedValue{group, known.of(group)})
	}
	return answer
}

// tenant is the one the kubeconfig signs in to: its directory has the names.
func tenant(offered []cluster.Credential) string {
	for _, c := range offered {
		if c.Plugin != nil {
			return c.Plugin.TenantID
		}
	}
	return ""
}

// authenticated matches what the server says of the credential with what the
// kubeconfig offers. Where the server says nothing, its order decides: a client
// certificate is looked at before a token.
func authenticated(client *cluster.Client, id snapshot.Identity) authentication {
	a := authentication{CredentialID: id.CredentialID(), Impersonating: client.Impersonating(), Offered: client.Credentials()}
	hash, isCertificate := strings.CutPrefix(a.CredentialID, "X509SHA256=")
	jti, isToken := strings.CutPrefix(a.CredentialID, "JTI=")
	for _, c := range a.Offered {
		if isCertificate && c.SHA256 == hash || isToken && c.ID != "" && c.ID == jti {
			a.Method, a.Basis = c.Method, "the server names this very credential"
			return a
		}
	}
	token := slices.IndexFunc(a.Offered, func(c cluster.Credential) bool { return c.Method != cluster.Certificate && c.Method != cluster.None })
	switch {
	case isCertificate:
		a.Method, a.Basis = cluster.Certificate, "the server names a certificate that is not in the kubeconfig"
	case token >= 0 && (isToken || id.ObjectID() != ""):
		a.Method, a.Basis = a.Offered[token].Method, "the server recognised a token"
	case len(a.Offered) == 1:
		a.Method, a.Basis = a.Offered[0].Method, "the only credential offered"
	default:
		a.Method, a.Basis = a.Offered[0].Method, "offered with others; servers look at it first"
	}
	return a
}

// print writes the answer for eyes: a line for each thing, values aligned.
func (w whoami) print(env *Env, wide bool) error {
	style := report.Style{Colour: env.Colour()}
	p := report.Properties{Style: style}
	p.Add("Cluster", clusterLabel(w.Cluster))
	p.Add("User", w.User.line()...)
	if w.Authentication.Impersonating != "" {
		p.Add("", "acting as this user by impersonation; the credential's own user is not shown")
	}
	if w.UID != "" {
		p.Add("UID", w.UID)
	}
	groups := report.Lines{}
	for _, g := range w.Groups {
		groups.Add(g.line()...)
	}
	if len(w.Groups) == 0 {
		groups.Add("none")
	}
	p.AddLines("Groups", groups)
	extra := report.Lines{}
	for _, key := range sortedKeys(w.Extra) {
		extra.Add(key + ": " + strings.Join(w.Extra[key], ", "))
	}
	p.AddLines("Extra", extra)
	p.Add("Signed in", w.Authentication.summary())
	if wide {
		p.Add("", w.Authentication.Basis)
		for _, c := range w.Authentication.Offered {
			p.Add("Offered", describeCredential(c))
		}
		p.Add("Asked", "SelfSubjectReview "+w.API)
	}
	answer := string(w.Shared.Answer)
	if w.Shared.Answer == snapshot.Yes {
		p.Add("Shared", style.Alarm(answer)+": "+w.Shared.Why)
	} else {
		p.Add("Shared", answer+": "+w.Shared.Why)
	}
	if err := p.Write(env.Stdout); err != nil {
		return err
	}
	if why := w.unnamed(); why != "" {
		env.Say("name unknown: %s", why)
	}
	return nil
}

func (n namedValue) line() []string {
	if text := n.text(); text != "" {
		return []string{report.Clean(n.Name), report.Clean(text)}
	}
	return []string{report.Clean(n.Name)}
}

// unnamed is why some id has no name; the reasons are the same for all.
func (w whoami) unnamed() string {
	for _, v := range append([]namedValue{w.User}, w.Groups...) {
		if v.Unknown != "" && v.Unknown != notInDirectory {
			return v.Unknown
		}
	}
	return ""
}

func (a authentication) summary() string {
	for _, c := range a.Offered {
		if c.Method == a.Method {
			return describeCredential(c)
		}
	}
	return string(a.Method)
}

func describeCredential(c cluster.Credential) string {
	parts := []string{string(c.Method)}
	switch {
	case c.Method == cluster.Certificate:
		parts = append(parts, "CN="+c.CommonName)
		for _, o := range c.Organization {
			parts = append(parts, "O="+o)
		}
	case c.Plugin != nil:
		parts = append(parts, c.Plugin.Command)
		if c.Plugin.Login != "" {
			parts = append(parts, "("+c.Plugin.Login+")")
		}
	case c.Token != "":
		parts = append(parts, "("+c.Token+")")
	}
	text := strings.Join(parts, " ")
	if c.Issuer != "" {
		text += ", issued by " + c.Issuer
	}
	if c.NotAfter != nil {
		text += ", valid until " + c.NotAfter.UTC().Format(time.DateOnly)
	}
	return report.Clean(text)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
