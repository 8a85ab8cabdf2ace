package tour

import (
	"bytes"
	"context"
	"fmt"
	"slices"
)

// sharedIdentity: a default cluster hands everybody the same certificate.
func (w *walk) sharedIdentity(ctx context.Context, t *transcript) error {
	var got []credential
	for _, p := range []*person{w.hshahin, w.testUser} {
		if p == w.testUser {
			if err := w.reach(ctx, t, "between fetches"); err != nil {
				return err
			}
		}
		if err := p.fetch(ctx, t); err != nil {
			return err
		}
		c, err := readKubeconfig(p.kubeconfig())
		if err != nil {
			return err
		}
		got = append(got, c)
	}
	cert, err := got[0].subject()
	if err != nil {
		return err
	}
	if cert.Subject.CommonName != "masterclient" || !slices.Contains(cert.Subject.Organization, "system:masters") {
		return fmt.Errorf("the certificate is for %s, not for masterclient in system:masters", cert.Subject)
	}
	if !bytes.Equal(got[0].Certificate, got[1].Certificate) || !bytes.Equal(got[0].Key, got[1].Key) || got[0].Token != got[1].Token {
		return fmt.Errorf("hshahin and test-user were given different credentials")
	}
	t.means("both kubeconfig files hold the same client certificate, key and token: %s, signed by %s", cert.Subject, cert.Issuer)
	for _, p := range []*person{w.hshahin, w.testUser} {
		u, _, err := p.whoami(ctx, t, "kubeconfig")
		if err != nil {
			return err
		}
		if err := u.masterclient(); err != nil {
			return err
		}
		if err := p.works(ctx, t); err != nil {
			return err
		}
	}
	w.shared = got[0]
	if err := w.saidToBeShared(ctx, t); err != nil {
		return err
	}
	t.means("hshahin (Cluster Admin Role) and test-user (Cluster User Role) are one identity to the API server; nobody can tell who did what")
	return nil
}

// saidToBeShared checks that Postern calls the identity shared.
func (w *walk) saidToBeShared(ctx context.Context, t *transcript) error {
	var who whoamiReport
	if err := w.testUser.postern(ctx, t, &who, "whoami"); err != nil {
		return err
	}
	t.output("user:   " + who.User.Name + "\nshared: " + who.Shared.Answer)
	if who.User.Name != "masterclient" || who.Shared.Answer != "yes" {
		return fmt.Errorf("postern whoami says user %s, shared %s; not masterclient, yes", who.User.Name, who.Shared.Answer)
	}
	return nil
}
