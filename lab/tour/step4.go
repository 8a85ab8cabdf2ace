package tour

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// secondUser: without an Azure role no kubeconfig, with one still no rights in
// the cluster, and RBAC must name people as the API server knows them.
func (w *walk) secondUser(ctx context.Context, t *transcript) error {
	if err := w.testUserRole(ctx, t); err != nil {
		return err
	}
	return w.bindings(ctx, t)
}

// testUserRole removes and gives back test-user's Azure role.
func (w *walk) testUserRole(ctx context.Context, t *transcript) error {
	p := w.testUser
	n, err := revoke(ctx, t, w.owner, p.ID, clusterUserRole)
	if err != nil {
		return err
	}
	if n == 0 {
		return fmt.Errorf("test-user had no Cluster User Role to remove")
	}
	t.means("test-user's Azure Kubernetes Service Cluster User Role is removed")
	if err := w.reach(ctx, t, "role removed"); err != nil {
		return err
	}
	a, err := p.azure.credentials(ctx, t, false, p.kubeconfig())
	if err != nil {
		return err
	}
	if a.Code != "AuthorizationFailed" || (a.Status != 0 && a.Status != 403) {
		return fmt.Errorf("get credentials without the role: %s, not 403 AuthorizationFailed", a)
	}
	if !strings.Contains(a.Message, "listClusterUserCredential/action") {
		return fmt.Errorf("the refusal does not name the action: %s", a.Message)
	}
	t.means("refused: the download of a kubeconfig needs a role on the Azure side")
	if err := grant(ctx, t, w.owner, p.ID, clusterUserRole); err != nil {
		return err
	}
	if err := p.fetch(ctx, t); err != nil {
		return err
	}
	if err := p.forbidden(ctx, t, "get", "pods"); err != nil {
		return err
	}
	t.means("with the role test-user gets a kubeconfig, signs in, and is known; but nothing in the cluster is granted to them")
	return nil
}

// bindings tries who a RoleBinding has to name.
func (w *walk) bindings(ctx context.Context, t *transcript) error {
	p := w.testUser
	groups := w.lab.groupsOf(p.User)
	if len(groups) == 0 {
		return fmt.Errorf("test-user is in no group; the tour needs the default world")
	}
	wrongCase := strings.ToUpper(p.UPN[:1]) + p.UPN[1:]
	for _, try := range []struct {
		flag, name string
		missed     string // the near miss that why has to tell; empty: it is allowed
		means      string
	}{
		{"--user", p.UPN, "", "bound by UPN, test-user may read"},
		{"--user", p.ID, "bound by object id", "bound by object id: Kubernetes compares user names, and test-user arrives under the UPN"},
		{"--user", wrongCase, "upper and lower case", "bound in the wrong case: user names compare case-sensitively"},
		{"--group", groups[0].ID, "", "bound by the object id of a group, " + groups[0].DisplayName + ": test-user may read"},
	} {
		if err := w.binding(ctx, t, try.flag, try.name, try.missed); err != nil {
			return err
		}
		t.means("%s", try.means)
	}
	return nil
}

// binding makes a RoleBinding, checks what it does for test-user and that why
// says so, and removes it again. That it does nothing only counts once the
// authorizer has it, which impersonation of exactly the bound name shows.
func (w *walk) binding(ctx context.Context, t *transcript, flag, name, missed string) error {
	if err := w.asAdmin(ctx, t, "create", "rolebinding", "tour-view", "--clusterrole=view", flag+"="+name); err != nil {
		return err
	}
	var err error
	if missed == "" {
		err = w.becomesAllowed(ctx, t)
	} else {
		if err := w.takesEffect(ctx, t, name); err != nil {
			return err
		}
		err = w.testUser.forbidden(ctx, t, "get", "pods")
	}
	if err == nil {
		err = w.whySays(ctx, t, name, missed)
	}
	if err != nil {
		return fmt.Errorf("bound by %s=%s: %w", flag, name, err)
	}
	if err := w.asAdmin(ctx, t, "delete", "rolebinding", "tour-view"); err != nil {
		return err
	}
	return eventually(ctx, effectTime, func() error {
		r, _, err := w.testUser.signingIn(ctx, "kubectl", "get", "pods")
		if err == nil && r.ok() {
			err = fmt.Errorf("test-user may still read after the binding is gone")
		}
		return err
	})
}

// whyReport is what the tour reads of `postern why -o json`.
type whyReport struct {
	Allowed string
	Answers []struct {
		Grants []struct {
			Binding *struct{ Kind, Namespace, Name string }
			Subject struct{ Name string }
			Reason  string
		}
		NearMisses []struct {
			Kind, Text string
			Binding    *struct{ Kind, Namespace, Name string }
			Subject    struct{ Name string }
		}
	}
}

// whySays asks hshahin's postern about test-user: it must name the binding, and
// where that misses test-user, how.
func (w *walk) whySays(ctx context.Context, t *transcript, bound, missed string) error {
	args := []string{"why", "get", "pods", "-n", "default", "--as", "user:" + w.testUser.UPN}
	for _, g := range w.lab.groupsOf(w.testUser.User) {
		args = append(args, "--as-group", g.ID)
	}
	var said whyReport
	want, exit := "yes", exitYes
	if missed != "" {
		want, exit = "no", exitNo
	}
	if err := w.hshahin.posternExit(ctx, t, &said, exit, args...); err != nil {
		return err
	}
	if said.Allowed != want || len(said.Answers) != 1 {
		return fmt.Errorf("why says %q with %d answers, want %q", said.Allowed, len(said.Answers), want)
	}
	if missed == "" {
		for _, g := range said.Answers[0].Grants {
			if b := g.Binding; b != nil && b.Kind == "RoleBinding" && b.Name == "tour-view" && g.Subject.Name == bound {
				t.output("yes: " + g.Reason)
				return nil
			}
		}
		return fmt.Errorf("why does not name RoleBinding tour-view to %s", bound)
	}
	for _, n := range said.Answers[0].NearMisses {
		if b := n.Binding; b != nil && b.Name == "tour-view" && n.Kind == missed && n.Subject.Name == bound {
			t.output("no: " + n.Text)
			return nil
		}
	}
	return fmt.Errorf("why does not tell that RoleBinding tour-view names %s: %s", bound, missed)
}

// Exit codes of postern's questions.
const (
	exitYes = 0
	exitNo  = 3
)

// effectTime is how long a change of RBAC may take to reach the authorizer.
const effectTime = 10 * time.Second

func (w *walk) becomesAllowed(ctx context.Context, t *transcript) error {
	p := w.testUser
	t.command(p.short, "kubectl get pods")
	var last reply
	err := eventually(ctx, effectTime, func() error {
		r, _, err := p.signingIn(ctx, "kubectl", "get", "pods")
		last = r
		if err == nil && !r.ok() {
			err = fmt.Errorf("test-user is not allowed: %s", firstLine(r.Stderr))
		}
		return err
	})
	t.output(last.text())
	return err
}

func (w *walk) takesEffect(ctx context.Context, t *transcript, name string) error {
	p := w.hshahin
	args := []string{"auth", "can-i", "list", "pods", "--as", name}
	t.command(p.short, shellLine("kubectl", args))
	var last reply
	err := eventually(ctx, effectTime, func() error {
		r, _, err := p.signingIn(ctx, "kubectl", args...)
		last = r
		if err == nil && strings.TrimSpace(r.Stdout) != "yes" {
			err = fmt.Errorf("the binding does not work for the name it gives: %s", firstLine(r.text()))
		}
		return err
	})
	t.output(last.text())
	return err
}

// asAdmin runs kubectl as hshahin.
func (w *walk) asAdmin(ctx context.Context, t *transcript, args ...string) error {
	r, err := w.hshahin.run(ctx, t, "kubectl", args...)
	if err != nil {
		return err
	}
	if !r.ok() {
		return fmt.Errorf("%s as hshahin: %s", shellLine("kubectl", args), firstLine(r.Stderr))
	}
	return nil
}
