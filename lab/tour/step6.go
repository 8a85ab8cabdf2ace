package tour

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
)

// doorClosed: disabling local accounts closes the download; only rotating the
// CA kills what was downloaded before.
func (w *walk) doorClosed(ctx context.Context, t *transcript) error {
	p := w.hshahin
	if err := w.harden(ctx, t); err != nil {
		return err
	}
	if err := w.reach(ctx, t, "local accounts off"); err != nil {
		return err
	}
	a, err := p.azure.credentials(ctx, t, true, p.file("refused.kubeconfig"))
	if err != nil {
		return err
	}
	if a.Code != "BadRequest" || (a.Status != 0 && a.Status != http.StatusBadRequest) || !strings.HasPrefix(a.Message, "Getting static credential") {
		return fmt.Errorf("get-credentials --admin: %s, not 400 Getting static credential…", a)
	}
	t.means("--admin is refused: nobody gets the shared credential any more")
	if err := p.works(ctx, t, "--kubeconfig", "admin.kubeconfig"); err != nil {
		return fmt.Errorf("with the kubeconfig of step 5: %w", err)
	}
	if err := w.stillAlive(ctx, t); err != nil {
		return err
	}
	t.means("but the file of step 5 still works: disabling revokes nothing that was handed out before")
	a, err = p.azure.rotateCertificates(ctx, t)
	if err := a.must("rotate certificates", err); err != nil {
		return err
	}
	return w.dead(ctx, t)
}

// hardenReport is what the tour reads of `postern harden -o json`.
type hardenReport struct {
	Clusters []struct {
		Differences     []struct{ Path string }
		Refused, Proved string
		Changed         bool
		Undo            string
		Proof           struct {
			Proved bool
			Status int
		}
	}
}

// harden lets postern turn local accounts off, and prove it.
func (w *walk) harden(ctx context.Context, t *transcript) error {
	p := w.hshahin
	before, err := w.scanned(ctx, t)
	if err != nil {
		return err
	}
	if !before["local-accounts"] || before["ca-not-rotated"] {
		return fmt.Errorf("postern scan finds %v before, want local-accounts and not ca-not-rotated", before)
	}
	t.means("postern scan finds that local accounts are on")
	var r hardenReport
	if err := p.postern(ctx, t, &r, "harden", "local-accounts", "--cluster", w.lab.ClusterID, "--apply", "--confirm", w.lab.Cluster); err != nil {
		return err
	}
	switch {
	case len(r.Clusters) != 1:
		return fmt.Errorf("postern harden speaks of %d clusters", len(r.Clusters))
	case len(r.Clusters[0].Differences) != 1 || r.Clusters[0].Differences[0].Path != "properties.disableLocalAccounts":
		return fmt.Errorf("postern harden plans %v, want properties.disableLocalAccounts alone", r.Clusters[0].Differences)
	case !r.Clusters[0].Changed || r.Clusters[0].Proved == "" || r.Clusters[0].Undo == "":
		return fmt.Errorf("postern harden did not change the cluster, or not with proof and undo file: %+v", r.Clusters[0])
	case !r.Clusters[0].Proof.Proved || r.Clusters[0].Proof.Status != http.StatusBadRequest:
		return fmt.Errorf("postern harden does not prove the refusal: %+v", r.Clusters[0].Proof)
	}
	t.output("properties.disableLocalAccounts: true; " + r.Clusters[0].Proved)
	t.means("postern turns local accounts off once the API server has allowed hshahin's Entra token * on *, writes how to undo it, and proves the refusal of --admin")
	after, err := w.scanned(ctx, t)
	if err != nil {
		return err
	}
	if after["local-accounts"] || !after["ca-not-rotated"] {
		return fmt.Errorf("postern scan finds %v afterwards, want ca-not-rotated and not local-accounts", after)
	}
	t.means("the finding is gone; what was handed out before is not called dead")
	return nil
}

// scanned are the checks of the shared account that find something, or cannot
// tell: hshahin may not read the Activity Log.
func (w *walk) scanned(ctx context.Context, t *transcript) (map[string]bool, error) {
	var r struct {
		Findings []struct{ Check, What string }
		Unknown  []struct{ Check, Why string }
	}
	if err := w.hshahin.postern(ctx, t, &r, "scan", "local-accounts", "ca-not-rotated", "--cluster", w.lab.ClusterID); err != nil {
		return nil, err
	}
	found := map[string]bool{}
	for _, f := range r.Findings {
		t.output(f.Check + ": " + f.What)
		found[f.Check] = true
	}
	for _, u := range r.Unknown {
		t.output(u.Check + " is unknown: " + u.Why)
		found[u.Check] = true
	}
	return found, nil
}

// parts are the two credentials of the local account, one at a time.
func (w *walk) parts() []struct {
	name string
	with credential
} {
	return []struct {
		name string
		with credential
	}{
		{"client certificate", credential{Certificate: w.admin.Certificate, Key: w.admin.Key}},
		{"static token", credential{Token: w.admin.Token}},
	}
}

// stillAlive shows that each part by itself is accepted before the rotation;
// without that, a refusal afterwards would prove nothing.
func (w *walk) stillAlive(ctx context.Context, t *transcript) error {
	for _, part := range w.parts() {
		status, err := probe(ctx, w.admin.Server, w.admin.CA, part.with)
		if err != nil {
			return err
		}
		t.output(fmt.Sprintf("GET /api/v1/namespaces/default/pods with the %s of step 5: HTTP %d", part.name, status))
		if status != http.StatusOK {
			return fmt.Errorf("the %s of step 5 gives %d before the rotation, not 200", part.name, status)
		}
	}
	return nil
}

// dead shows that the server, verified by its new CA, refuses each part.
func (w *walk) dead(ctx context.Context, t *transcript) error {
	p := w.hshahin
	if err := p.fetch(ctx, t); err != nil {
		return err
	}
	now, err := readKubeconfig(p.kubeconfig())
	if err != nil {
		return err
	}
	if bytes.Equal(now.CA, w.admin.CA) {
		return fmt.Errorf("the cluster's CA is the same after the rotation")
	}
	for _, part := range w.parts() {
		status, err := probe(ctx, now.Server, now.CA, part.with)
		if err != nil {
			return err
		}
		t.output(fmt.Sprintf("GET /api/v1/namespaces/default/pods with the %s of step 5, new CA bundle: HTTP %d", part.name, status))
		if status != http.StatusUnauthorized {
			return fmt.Errorf("the %s of step 5 gives %d after the rotation, not 401", part.name, status)
		}
	}
	t.means("after the CA rotation the server itself answers 401 to the old certificate and to the old token")
	if err := p.works(ctx, t); err != nil {
		return err
	}
	t.means("and hshahin, signed in through Entra, works on with the new kubeconfig")
	return w.proved(ctx, t)
}

// proved asks postern for the same proof.
func (w *walk) proved(ctx context.Context, t *transcript) error {
	p := w.hshahin
	var r doorsReport
	if err := p.posternIncomplete(ctx, t, &r, "doors", "--cluster", w.lab.ClusterID, "--prove", p.file("admin.kubeconfig")); err != nil {
		return err
	}
	if len(r.Clusters) != 1 {
		return fmt.Errorf("postern doors --prove speaks of %d clusters", len(r.Clusters))
	}
	for _, d := range r.Clusters[0].Doors {
		if d.Kind != "old-credentials" {
			continue
		}
		t.output("old-credentials: " + d.State + ": " + d.Why)
		if d.State != "proved" {
			return fmt.Errorf("postern doors --prove calls old-credentials %q, want proved", d.State)
		}
		t.means("postern shows the old certificate and the old token to the server, and calls the door proved")
		return nil
	}
	return fmt.Errorf("postern doors --prove says nothing of old-credentials")
}
