package tour

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"golang.org/x/term"

	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/lab/daemon/layout"
)

// options are the command line.
type options struct {
	state  string
	az     string
	broken string
	output string
	fresh  bool
	keep   bool
	color  bool
}

// Exit codes.
const (
	exitOK          = 0
	exitDiffers     = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// Main is `postern-lab tour`; args come without these two words.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, code := parse(args, stdout, stderr)
	if o == nil {
		return code
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	ok, err := run(ctx, o, stdout, stderr)
	var h *hinted
	switch {
	case err != nil && ctx.Err() != nil:
		fmt.Fprintln(stderr, "postern-lab: interrupted")
		return exitInterrupted
	case errors.As(err, &h):
		fmt.Fprintf(stderr, "postern-lab: %v\n  %s\n", h.error, h.hint)
		return exitDiffers
	case err != nil:
		fmt.Fprintf(stderr, "postern-lab: %v\n", err)
		return exitDiffers
	case !ok:
		return exitDiffers
	}
	return exitOK
}

// hinted is an error and what to do about it.
type hinted struct {
	error
	hint string
}

func (h *hinted) Unwrap() error { return h.error }

func parse(args []string, stdout, stderr io.Writer) (*options, int) {
	o := &options{}
	f := flag.NewFlagSet("tour", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.state, "state", "", "walk against the lab in `DIR` (default $POSTERN_LAB, then the user's state directory)")
	f.StringVar(&o.az, "az", "auto", "the Azure client: auto, required or never")
	f.StringVar(&o.broken, "break", "", "plant fault `N` first; list says which there are")
	f.StringVar(&o.output, "o", "text", "output: text or json")
	f.BoolVar(&o.fresh, "fresh", false, "start a lab of the tour's own, even where one is running")
	f.BoolVar(&o.keep, "keep", false, "leave the lab that the tour started up until Ctrl-C")
	usage := func(format string, a ...any) (*options, int) {
		fmt.Fprintf(stderr, "postern-lab: "+format+"\n", a...)
		return nil, exitUsage
	}
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return nil, exitOK
	case err != nil:
		return nil, exitUsage
	case f.NArg() > 0:
		return usage("tour takes no argument, got %q", f.Arg(0))
	case o.az != "auto" && o.az != "required" && o.az != "never":
		return usage("--az is auto, required or never, not %q", o.az)
	case o.output != "text" && o.output != "json":
		return usage("-o is text or json, not %q", o.output)
	}
	if o.broken == "list" {
		for _, f := range faults() {
			fmt.Fprintf(stdout, "%-3s %s\n", f.id, f.about)
		}
		return nil, exitOK
	}
	if o.broken != "" {
		if _, err := findFault(o.broken); err != nil {
			return usage("%v", err)
		}
	}
	if file, ok := stdout.(*os.File); ok {
		o.color = term.IsTerminal(int(file.Fd())) && os.Getenv("NO_COLOR") == ""
	}
	return o, exitOK
}

// run sets the stage, walks, and clears up; ok says whether every step passed.
func run(ctx context.Context, o *options, stdout, stderr io.Writer) (ok bool, err error) {
	exe, err := os.Executable()
	if err != nil {
		return false, fmt.Errorf("find postern-lab: %w", err)
	}
	if exe, err = filepath.EvalSymlinks(exe); err != nil {
		return false, fmt.Errorf("find postern-lab: %w", err)
	}
	bin := filepath.Dir(exe)
	for _, name := range []string{"kubectl", "kubelogin", "postern"} {
		if _, err := findProgram(bin, name); err != nil {
			return false, &hinted{err, "run `make build`, which puts it beside postern-lab"}
		}
	}
	az, err := chooseAz(ctx, o.az)
	if err != nil {
		return false, err
	}
	dir, err := os.MkdirTemp("", "postern-tour-")
	if err != nil {
		return false, fmt.Errorf("make directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	s := &stage{o: o, exe: exe, bin: bin, dir: dir, az: az, stdout: stdout, stderr: stderr}
	defer func() { err = errors.Join(err, s.clear()) }()
	return s.play(ctx)
}

// chooseAz returns the version of the az to use, "" for the SDK.
func chooseAz(ctx context.Context, want string) (string, error) {
	if want == "never" {
		return "", nil
	}
	version, err := findAz(ctx)
	if err != nil && want == "auto" && ctx.Err() == nil {
		return "", nil // an az that does not even start is none
	}
	if err == nil && version == "" && want == "required" {
		return "", &hinted{errors.New("--az=required, but az is not on PATH"), "apt-get install azure-cli, or --az=never for the Azure SDK"}
	}
	return version, err
}

// stage is a lab and the walk on it.
type stage struct {
	o              *options
	exe, bin, dir  string
	az             string
	stdout, stderr io.Writer
	out            printer
	daemon         *daemon
}

func (s *stage) clear() error {
	if s.daemon == nil {
		return nil
	}
	return s.daemon.stop()
}

// play runs the walk.
func (s *stage) play(ctx context.Context) (bool, error) {
	s.out = &textPrinter{w: s.stdout, color: s.o.color}
	if s.o.output == "json" {
		s.out = jsonPrinter{w: s.stdout}
	}
	out := s.out
	var broken *fault
	if s.o.broken != "" {
		var err error
		if broken, err = findFault(s.o.broken); err != nil {
			return false, err
		}
	}
	state, err := s.lab(ctx, broken)
	if err != nil {
		return false, err
	}
	l, err := openLab(state, s.bin)
	if err != nil {
		return false, err
	}
	w, err := newWalk(l, s.dir, s.az, out)
	if err != nil {
		return false, err
	}
	w.fault = broken
	out.note("A walk through \"How to Audit and Secure AKS Access\" on a LAB cluster")
	out.note("Azure client: " + w.hshahin.azure.describe())
	out.note("AKS=" + l.ClusterID)
	if err := s.ready(ctx, w); err != nil {
		return false, err
	}
	results, err := w.all(ctx)
	if err != nil {
		return false, err
	}
	if err := out.summary(results); err != nil {
		return false, fmt.Errorf("write results: %w", err)
	}
	s.rest(ctx, state)
	for _, r := range results {
		if !r.OK {
			return false, nil
		}
	}
	return true, nil
}

// ready signs everybody in and makes sure that the lab has not been walked.
func (s *stage) ready(ctx context.Context, w *walk) error {
	quiet := newTranscript(step{}, jsonPrinter{}, w.lab.shorter())
	if err := w.signIn(ctx, quiet); err != nil {
		return err
	}
	s.out.note("hshahin, test-user and lab-owner are signed in to Azure")
	walked, err := w.walked(ctx, quiet)
	if err != nil {
		return err
	}
	if walked {
		return &hinted{errors.New("the lab has been walked already: its cluster has Entra integration on or local accounts off"),
			"tour --fresh starts a lab of its own; postern-lab down, then deleting the state directory, resets this one"}
	}
	return nil
}

// lab finds the lab to walk on, or starts one.
func (s *stage) lab(ctx context.Context, broken *fault) (layout.Dir, error) {
	state, err := layout.Default(os.Getenv)
	if s.o.state != "" {
		state, err = layout.Absolute(s.o.state)
	}
	own := s.o.fresh || broken != nil
	if err == nil && !own && running(state) {
		s.out.note("Walking on the lab in " + string(state))
		return state, nil
	}
	switch {
	case s.o.state == "":
		state = layout.Dir(filepath.Join(s.dir, "lab"))
	case err != nil:
		return "", err
	case running(state):
		return "", &hinted{fmt.Errorf("a lab is running in %s", state), fmt.Sprintf("postern-lab down --state %s stops it; without --state the tour uses a directory of its own", state)}
	}
	var flags []string
	if s.o.state != "" && own {
		flags = append(flags, "--fresh") // what an earlier lab left there goes
	}
	if broken != nil && broken.daemon != "" {
		flags = append(flags, "--fault", broken.daemon)
	}
	s.daemon, err = startLab(ctx, s.exe, state, flags, s.stderr)
	return state, err
}

// rest keeps the lab up, where asked to, until Ctrl-C.
func (s *stage) rest(ctx context.Context, state layout.Dir) {
	if !s.o.keep || s.daemon == nil {
		return
	}
	world := cloud.DefaultWorld() // the tour's own lab has no other
	owner, _ := world.User("lab-owner@" + world.Tenant.Domain)
	fmt.Fprintf(s.stderr, `
The lab stays up until Ctrl-C. In another terminal:
  eval "$(%s env --state %s)"
  kubectl get pods                       # asks hshahin or test-user to sign in
  postern whoami
  postern lookup system:masters
  export AZURE_TOKEN_CREDENTIALS=EnvironmentCredential AZURE_TENANT_ID=%s AZURE_CLIENT_ID=%s
  export AZURE_USERNAME=%s AZURE_PASSWORD=%s   # or az login
  postern doors                          # every way in, and who holds the key
  postern doors ci-deployer              # who can become it
`, filepath.Join(s.bin, "postern-lab"), state, world.Tenant.ID, aksClientApp, owner.UPN, owner.Password)
	select {
	case <-ctx.Done():
	case <-s.daemon.ended:
		fmt.Fprintln(s.stderr, "postern-lab: the lab ended")
	}
}
