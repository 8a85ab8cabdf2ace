package tour

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// pollEvery is how often something that must become true is looked at.
const pollEvery = 200 * time.Millisecond

// walk is one run of the steps and what they leave for each other.
type walk struct {
	lab   *Lab
	out   printer
	fault *fault // nil: none is planted
	az    string // version of the az to use; empty: the SDK

	hshahin, testUser, owner *person

	shared credential // step 1: what both got
	admin  credential // step 5: what --admin gave
}

// newWalk sets up everybody's terminal below dir.
func newWalk(l *Lab, dir, az string, out printer) (*walk, error) {
	w := &walk{lab: l, out: out, az: az}
	path := os.Getenv("PATH")
	for _, who := range []struct {
		short string
		into  **person
	}{{"hshahin", &w.hshahin}, {"test-user", &w.testUser}, {"lab-owner", &w.owner}} {
		u, err := l.user(who.short)
		if err != nil {
			return nil, err
		}
		p, err := newPerson(l, u, dir, path)
		if err != nil {
			return nil, err
		}
		p.azure = &sdk{p: p}
		if az != "" {
			p.azure = &azCLI{p: p, version: az}
		}
		*who.into = p
	}
	return w, nil
}

// all runs the steps in order and returns a result for each.
func (w *walk) all(ctx context.Context) ([]Result, error) {
	var results []Result
	failed := map[int]bool{}
	for _, s := range steps() {
		t := newTranscript(s, w.out, w.lab.shorter())
		err := w.one(ctx, s, failed, t)
		if ctx.Err() != nil {
			return results, context.Cause(ctx)
		}
		failed[s.n] = err != nil
		results = append(results, t.end(err))
	}
	return results, nil
}

// stepTime bounds a step; real az on a busy machine needs the most of it.
const stepTime = 3 * time.Minute

func (w *walk) one(ctx context.Context, s step, failed map[int]bool, t *transcript) error {
	for _, need := range s.needs {
		if failed[need] {
			return fmt.Errorf("depends on step %d, which failed", need)
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, stepTime, fmt.Errorf("step took longer than %s", stepTime))
	defer cancel()
	if err := w.reach(ctx, t, fmt.Sprintf("step %d", s.n)); err != nil {
		return err
	}
	return s.run(w, ctx, t)
}

// signIn signs everybody in to Azure, before the first step.
func (w *walk) signIn(ctx context.Context, t *transcript) error {
	for _, p := range []*person{w.hshahin, w.testUser, w.owner} {
		if err := p.azure.login(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// userInfo is who the API server says somebody is.
type userInfo struct {
	Username string
	Groups   []string
	Extra    map[string][]string
}

// whoami asks the API server with kubectl.
func (p *person) whoami(ctx context.Context, t *transcript, kubeconfig string) (userInfo, []string, error) {
	args := []string{"auth", "whoami", "-o", "json"}
	if kubeconfig != "kubeconfig" {
		args = append([]string{"--kubeconfig", kubeconfig}, args...)
	}
	t.command(p.short, shellLine("kubectl", args))
	r, prompts, err := p.signingIn(ctx, "kubectl", args...)
	if err != nil {
		return userInfo{}, prompts, err
	}
	if !r.ok() {
		t.output(r.text())
		return userInfo{}, prompts, fmt.Errorf("kubectl auth whoami as %s: %s", p.short, firstLine(r.Stderr))
	}
	var review struct{ Status struct{ UserInfo userInfo } }
	if err := json.Unmarshal([]byte(r.Stdout), &review); err != nil {
		return userInfo{}, prompts, fmt.Errorf("read kubectl auth whoami: %w", err)
	}
	u := review.Status.UserInfo
	t.output(fmt.Sprintf("username: %s\ngroups:   %s", u.Username, strings.Join(u.Groups, " ")))
	return u, prompts, nil
}

// masterclient checks that the identity is the shared local account.
func (u userInfo) masterclient() error {
	if u.Username != "masterclient" || !slices.Contains(u.Groups, "system:masters") {
		return fmt.Errorf("the API server says %s in %s, not masterclient in system:masters", u.Username, strings.Join(u.Groups, " "))
	}
	return nil
}

// fetch gets the user kubeconfig into the person's default file.
func (p *person) fetch(ctx context.Context, t *transcript) error {
	a, err := p.azure.credentials(ctx, t, false, p.kubeconfig())
	return a.must("get credentials as "+p.short, err)
}

// works checks that kubectl get pods succeeds.
func (p *person) works(ctx context.Context, t *transcript, flags ...string) error {
	r, err := p.run(ctx, t, "kubectl", append(flags, "get", "pods")...)
	if err != nil {
		return err
	}
	if !r.ok() {
		return fmt.Errorf("kubectl get pods as %s: %s", p.short, firstLine(r.Stderr))
	}
	return nil
}

// forbidden checks that kubectl fails with the server's Forbidden.
func (p *person) forbidden(ctx context.Context, t *transcript, args ...string) error {
	r, err := p.run(ctx, t, "kubectl", args...)
	if err != nil {
		return err
	}
	line := shellLine("kubectl", args)
	switch {
	case r.ok():
		return fmt.Errorf("%s as %s was allowed", line, p.short)
	case !strings.Contains(r.Stderr, "(Forbidden)"):
		return fmt.Errorf("%s as %s failed, but not as forbidden: %s", line, p.short, firstLine(r.Stderr))
	case !strings.Contains(r.Stderr, `User "`+p.UPN+`"`):
		return fmt.Errorf("%s was refused to somebody else than %s: %s", line, p.UPN, firstLine(r.Stderr))
	}
	return nil
}

// eventually waits until try succeeds, at most limit; the last error counts.
func eventually(ctx context.Context, limit time.Duration, try func() error) error {
	deadline := time.Now().Add(limit)
	for {
		err := try()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, context.Cause(ctx))
		case <-time.After(pollEvery):
		}
	}
}

// postern runs the product with JSON output and decodes it.
func (p *person) postern(ctx context.Context, t *transcript, into any, args ...string) error {
	return p.posternExit(ctx, t, into, 0, args...)
}

// posternIncomplete is postern where an answer that says what it lacks is an
// answer too (exit 5): a person may not read everything a reader's role does.
func (p *person) posternIncomplete(ctx context.Context, t *transcript, into any, args ...string) error {
	return p.posternAny(ctx, t, into, []int{0, 5}, args...)
}

// posternExit is postern where another exit code is the right answer.
func (p *person) posternExit(ctx context.Context, t *transcript, into any, exit int, args ...string) error {
	return p.posternAny(ctx, t, into, []int{exit}, args...)
}

func (p *person) posternAny(ctx context.Context, t *transcript, into any, exits []int, args ...string) error {
	t.command(p.short, shellLine("postern", args))
	exe, err := p.lab.program("postern")
	if err != nil {
		return err
	}
	full := append(slices.Clone(args), "-o", "json")
	r, err := execute(ctx, p.dir, p.posternEnv(), nil, exe, full...)
	if err != nil {
		return err
	}
	if !slices.Contains(exits, r.Exit) {
		t.output(r.text())
		return fmt.Errorf("%s: exit %d: %s", shellLine("postern", full), r.Exit, firstLine(r.Stderr))
	}
	if err := json.Unmarshal([]byte(r.Stdout), into); err != nil {
		return fmt.Errorf("read %s: %w", shellLine("postern", full), err)
	}
	return nil
}

// aksClientApp is kubelogin's public client. Postern's Azure sign-in uses it
// too, because kubelogin, which Postern runs, takes AZURE_CLIENT_ID for its own.
const aksClientApp = "80faf920-1908-4b52-b5ef-a8e7bedfc67a"

// posternEnv lets Postern read the directory as the person. With az it finds
// az's sign-in by itself; without, the SDK's own variables carry it.
func (p *person) posternEnv() []string {
	env := append(slices.Clone(p.env), "XDG_DATA_HOME="+filepath.Join(p.dir, "home", "data"))
	if _, ok := p.azure.(*sdk); ok {
		env = append(env, "AZURE_TOKEN_CREDENTIALS=EnvironmentCredential", "AZURE_TENANT_ID="+p.lab.TenantID, "AZURE_CLIENT_ID="+aksClientApp,
			"AZURE_USERNAME="+p.UPN, "AZURE_PASSWORD="+p.Password)
	}
	return env
}

// walked says whether the cluster has left its starting state.
func (w *walk) walked(ctx context.Context, t *transcript) (bool, error) {
	a, err := w.owner.azure.rest(ctx, t, "GET", managementURL+w.lab.ClusterID+"?api-version="+clusterVersion, nil)
	if err := a.must("read cluster", err); err != nil {
		return false, err
	}
	var cluster struct {
		Properties struct {
			AADProfile           json.RawMessage
			DisableLocalAccounts bool
		}
	}
	if err := json.Unmarshal(a.Body, &cluster); err != nil {
		return false, fmt.Errorf("read cluster: %w", err)
	}
	p := cluster.Properties
	return p.DisableLocalAccounts || (len(p.AADProfile) > 0 && string(p.AADProfile) != "null"), nil
}
