package tour

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
)

// entraOn: with Entra integration people have names, and the old file stays
// good.
func (w *walk) entraOn(ctx context.Context, t *transcript) error {
	admins, err := w.lab.group("aks-admins")
	if err != nil {
		return err
	}
	p := w.hshahin
	old := p.file("step1.kubeconfig")
	if err := os.Rename(p.kubeconfig(), old); err != nil {
		return fmt.Errorf("keep kubeconfig of step 1: %w", err)
	}
	a, err := p.azure.enableEntra(ctx, t, admins.ID)
	if err := a.must("turn Entra integration on", err); err != nil {
		return err
	}
	if err := w.reach(ctx, t, "entra on"); err != nil {
		return err
	}
	if err := p.works(ctx, t, "--kubeconfig", "step1.kubeconfig"); err != nil {
		return fmt.Errorf("with the kubeconfig of step 1: %w", err)
	}
	t.means("the kubeconfig of step 1 still works: integration adds a door, it closes none")
	if err := w.signInAtPrompt(ctx, t); err != nil {
		return err
	}
	if err := w.namedByPostern(ctx, t); err != nil {
		return err
	}
	return w.lookupAdmins(ctx, t, admins.ID)
}

// signInAtPrompt fetches the new kubeconfig and answers kubectl's prompt.
func (w *walk) signInAtPrompt(ctx context.Context, t *transcript) error {
	p := w.hshahin
	if err := p.fetch(ctx, t); err != nil {
		return err
	}
	c, err := readKubeconfig(p.kubeconfig())
	if err != nil {
		return err
	}
	if len(c.Certificate) > 0 || c.Token != "" || !strings.HasSuffix(c.Exec, "kubelogin") {
		return fmt.Errorf("the new kubeconfig does not call kubelogin (exec %q, certificate %t, token %t)", c.Exec, len(c.Certificate) > 0, c.Token != "")
	}
	t.command(p.short, "kubectl get pods")
	r, prompts, err := p.signingIn(ctx, "kubectl", "get", "pods")
	t.output(r.text())
	if err != nil {
		return err
	}
	if len(prompts) == 0 {
		return fmt.Errorf("kubectl get pods did not ask hshahin to sign in")
	}
	if !r.ok() {
		return fmt.Errorf("kubectl get pods as hshahin, signed in: %s", lastLine(r.Stderr))
	}
	t.means("kubectl asked for a sign-in (empty token cache); hshahin approved the code at the lab's page, and the command went on")
	return nil
}

// namedByPostern checks what `postern whoami` makes of the new identity.
func (w *walk) namedByPostern(ctx context.Context, t *transcript) error {
	p := w.hshahin
	var who whoamiReport
	if err := p.postern(ctx, t, &who, "whoami"); err != nil {
		return err
	}
	lines := []string{"user:   " + who.User.Name}
	for _, g := range who.Groups {
		lines = append(lines, "group:  "+strings.TrimSpace(g.Name+"  "+g.Display))
	}
	t.output(strings.Join(lines, "\n"))
	if who.User.Name != p.UPN {
		return fmt.Errorf("postern whoami says %s, not %s", who.User.Name, p.UPN)
	}
	for _, want := range w.lab.groupsOf(p.User) {
		i := slices.IndexFunc(who.Groups, func(g named) bool { return g.Name == want.ID })
		switch {
		case i < 0:
			return fmt.Errorf("postern whoami does not list group %s (%s)", want.ID, want.DisplayName)
		case who.Groups[i].Display != want.DisplayName:
			return fmt.Errorf("postern whoami calls group %s %q, not %s: %s", want.ID, who.Groups[i].Display, want.DisplayName, who.Groups[i].Unknown)
		}
	}
	if who.Shared.Answer == "yes" {
		return fmt.Errorf("postern whoami calls %s a shared identity", who.User.Name)
	}
	if err := w.namedByPlugin(ctx, t); err != nil {
		return err
	}
	t.means("the API server knows hshahin by UPN and by every group's object id; the directory gives the names")
	return nil
}

// namedByPlugin checks what a person reads who types it the kubectl way.
func (w *walk) namedByPlugin(ctx context.Context, t *transcript) error {
	p := w.hshahin
	t.command(p.short, "kubectl postern whoami")
	exe, err := p.lab.program("kubectl")
	if err != nil {
		return err
	}
	r, err := execute(ctx, p.dir, p.posternEnv(), nil, exe, "postern", "whoami")
	if err != nil {
		return err
	}
	t.output(r.text())
	if !r.ok() {
		return fmt.Errorf("kubectl postern whoami: exit %d", r.Exit)
	}
	if lineWith(r.Stdout, []string{"User", p.UPN}) == "" {
		return fmt.Errorf("kubectl postern whoami does not show %s", p.UPN)
	}
	for _, g := range w.lab.groupsOf(p.User) {
		if lineWith(r.Stdout, append([]string{g.ID}, strings.Fields(g.DisplayName)...)) == "" {
			return fmt.Errorf("kubectl postern whoami does not name group %s (%s)", g.ID, g.DisplayName)
		}
	}
	return nil
}

// lookupAdmins checks what the admin group's GUID is bound to.
func (w *walk) lookupAdmins(ctx context.Context, t *transcript, group string) error {
	if err := w.boundToClusterAdmin(ctx, t, w.hshahin, group, group); err != nil {
		return err
	}
	t.means("the group that was named admin group is bound to cluster-admin; membership in it is the power now")
	return nil
}
