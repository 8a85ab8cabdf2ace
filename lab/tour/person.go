package tour

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/postern-dev/postern/lab/cloud"
)

// person is somebody at a terminal of their own: a home directory, a
// kubeconfig, a token cache and an Azure sign-in that nobody else shares.
type person struct {
	cloud.User
	short string // the name before the @
	dir   string
	env   []string
	azure azure
	lab   *Lab
}

// newPerson makes the terminal. Of the caller's environment only what programs
// need to run at all is passed on.
func newPerson(l *Lab, u cloud.User, root string, path string) (*person, error) {
	short, _, _ := strings.Cut(u.UPN, "@")
	p := &person{User: u, short: short, dir: filepath.Join(root, short), lab: l}
	for _, d := range []string{"home", "azure", "tmp"} {
		if err := os.MkdirAll(filepath.Join(p.dir, d), 0o700); err != nil {
			return nil, fmt.Errorf("make terminal of %s: %w", short, err)
		}
	}
	// Everything that remembers a sign-in is the person's own.
	own := map[string]string{
		"AZURE_CONFIG_DIR": filepath.Join(p.dir, "azure"), "KUBECONFIG": p.kubeconfig(),
		"XDG_CACHE_HOME": filepath.Join(p.dir, "home", ".cache"), "KUBECACHEDIR": filepath.Join(p.dir, "home", ".kube", "cache"),
		"AZURE_TOKEN_CREDENTIALS": "AzureCLICredential", // never the machine's own identity
	}
	for _, v := range l.Environment(l.bin, path) {
		if _, ok := own[v.Name]; !ok {
			own[v.Name] = v.Value
		}
	}
	own["HOME"], own["TMPDIR"] = filepath.Join(p.dir, "home"), filepath.Join(p.dir, "tmp")
	own["LANG"], own["NO_COLOR"], own["AZURE_CORE_NO_COLOR"] = "C.UTF-8", "1", "true"
	for _, name := range slices.Sorted(maps.Keys(own)) {
		p.env = append(p.env, name+"="+own[name])
	}
	return p, nil
}

func (p *person) kubeconfig() string { return p.file("kubeconfig") }

func (p *person) file(name string) string { return filepath.Join(p.dir, name) }

// run types a command at the person's terminal and notes it and its output.
func (p *person) run(ctx context.Context, t *transcript, program string, args ...string) (reply, error) {
	r, err := p.quiet(ctx, t, program, args...)
	t.output(r.text())
	return r, err
}

// quiet is run without the output, for what a program reads and not a person.
func (p *person) quiet(ctx context.Context, t *transcript, program string, args ...string) (reply, error) {
	t.command(p.short, shellLine(program, args))
	r, _, err := p.signingIn(ctx, program, args...)
	return r, err
}

// prompt is what kubelogin prints for a device code.
var prompt = regexp.MustCompile(`open the page (\S+) and enter the code (\S+) to authenticate`)

// signingIn runs a command and answers a device-code prompt on its stderr as
// its person would: opens the page, enters the code, signs in. It returns the
// prompts that were printed.
func (p *person) signingIn(ctx context.Context, program string, args ...string) (reply, []string, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var prompts []string
	failed := make(chan error, 1)
	watch := func(line string) {
		m := prompt.FindStringSubmatch(line)
		if m == nil {
			return
		}
		prompts = append(prompts, line)
		// In the goroutine that copies stderr: the client waits for this.
		if err := p.approve(ctx, m[1], m[2]); err != nil {
			select {
			case failed <- err:
			default:
			}
			cancel(err)
		}
	}
	exe, err := p.lab.program(program)
	if err != nil {
		return reply{}, nil, err
	}
	r, err := execute(ctx, p.dir, p.env, watch, exe, args...)
	select {
	case cause := <-failed:
		err = errors.Join(cause, err)
	default:
	}
	return r, prompts, err
}
