package daemon

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/postern-dev/postern/lab/daemon/layout"
)

// list is a flag that may be given more than once.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Set(value string) error {
	*l = append(*l, value)
	return nil
}

// upFlags are shared by `up` and by the hidden `daemon` it starts.
type upFlags struct {
	set        *flag.FlagSet
	state      *string
	api, proxy *int
	world      *string
	fresh      *bool
	foreground *bool
	faults     list
}

func (c Command) upFlags(name string) *upFlags {
	f := &upFlags{}
	f.set, f.state = c.flags(name)
	f.api = f.set.Int("api-port", DefaultAPIPort, "")
	f.proxy = f.set.Int("proxy-port", DefaultProxyPort, "")
	f.world = f.set.String("world", "", "")
	f.fresh = f.set.Bool("fresh", false, "")
	f.foreground = f.set.Bool("foreground", false, "")
	f.set.Var(&f.faults, "fault", "")
	return f
}

func (c Command) options(f *upFlags, args []string) (Options, error) {
	dir, err := c.parse(f.set, args, f.state, 0)
	if err != nil {
		return Options{}, err
	}
	o := Options{
		Dir: dir, APIPort: *f.api, ProxyPort: *f.proxy, Fresh: *f.fresh,
		Faults: f.faults, Executable: c.Executable,
	}
	if err := o.Check(); err != nil {
		return Options{}, usageError{err}
	}
	if *f.world != "" {
		if o.World, err = readWorld(*f.world); err != nil {
			return Options{}, err
		}
	}
	return o, nil
}

// up starts a lab in the background, or here with --foreground.
func (c Command) up(ctx context.Context, args []string) error {
	f := c.upFlags("up")
	o, err := c.options(f, args)
	if err != nil {
		return err
	}
	if _, runs, err := holder(o.Dir); err != nil {
		return err
	} else if runs {
		return c.alreadyUp(f, o)
	}
	began := time.Now()
	up := func(lab layout.Lab) {
		c.say("%s is up after %.1f s: kube-apiserver %s, proxy %s (pid %d)",
			lab.TenantName, time.Since(began).Seconds(), lab.Server, lab.Proxy, lab.PID)
	}
	if !*f.foreground {
		lab, err := c.background(ctx, o, args)
		if err != nil {
			return err
		}
		up(lab)
		fmt.Fprintf(c.Stderr, "  eval \"$(postern-lab env%s)\" points kubectl, kubelogin, az and postern at it\n", c.stateFlag(o.Dir))
		return nil
	}
	o.Progress = func(text string) { c.say("%s", text) }
	ctx, cancel := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer cancel()
	err = Run(ctx, o, func(lab layout.Lab) {
		up(lab)
		fmt.Fprintf(c.Stderr, "  Ctrl-C stops it\n")
	})
	return interrupted(c, ctx, err)
}

// stateFlag repeats --state where the default would not find the directory.
func (c Command) stateFlag(d layout.Dir) string {
	if standard, err := layout.Default(c.Getenv); err == nil && standard == d {
		return ""
	}
	return " --state " + string(d)
}

// interrupted tells a start that was broken off in one line.
func interrupted(c Command, ctx context.Context, err error) error {
	if err != nil && errors.Is(err, context.Canceled) && ctx.Err() != nil {
		c.say("interrupted: nothing is left running")
		return errInterrupted
	}
	return err
}

// alreadyUp is fine, unless something else was asked for than what runs.
func (c Command) alreadyUp(f *upFlags, o Options) error {
	lab, err := running(o.Dir)
	if err != nil {
		return err
	}
	var faults []error
	f.set.Visit(func(given *flag.Flag) {
		switch given.Name {
		case "api-port":
			if o.APIPort != 0 && o.APIPort != portOf(lab.Server) {
				faults = append(faults, fmt.Errorf("--api-port %d was asked for, it serves on %s", o.APIPort, lab.Server))
			}
		case "proxy-port":
			if o.ProxyPort != 0 && o.ProxyPort != portOf(lab.Proxy) {
				faults = append(faults, fmt.Errorf("--proxy-port %d was asked for, its proxy is %s", o.ProxyPort, lab.Proxy))
			}
		case "fresh", "world", "fault":
			faults = append(faults, fmt.Errorf("--%s needs a new start", given.Name))
		}
	})
	if len(faults) > 0 {
		return hint(fmt.Errorf("a lab is running in %s (pid %d): %w", o.Dir, lab.PID, errors.Join(faults...)),
			"stop it first: postern-lab down%s", c.stateFlag(o.Dir))
	}
	c.say("%s is up already: kube-apiserver %s, proxy %s (pid %d)", lab.TenantName, lab.Server, lab.Proxy, lab.PID)
	return nil
}

// message is a line that the daemon tells the command that started it.
type message struct {
	Progress string      `json:"progress,omitempty"`
	Ready    *layout.Lab `json:"ready,omitempty"`
	Error    string      `json:"error,omitempty"`
	Hint     string      `json:"hint,omitempty"`
}

// reportFD is where a daemon finds the pipe to the command that started it.
const reportFD = 3

// background starts a daemon in a session of its own and waits until it is
// ready. Interrupted, it stops the daemon and waits for that.
func (c Command) background(ctx context.Context, o Options, args []string) (layout.Lab, error) {
	none := layout.Lab{}
	if err := prepareDir(o.Dir); err != nil {
		return none, err
	}
	log, err := os.OpenFile(o.Dir.Log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return none, hint(fmt.Errorf("open log: %w", err), "choose another directory with --state DIR")
	}
	defer log.Close()
	reports, remote, err := os.Pipe()
	if err != nil {
		return none, fmt.Errorf("start daemon: %w", err)
	}
	defer reports.Close()
	cmd := exec.Command(c.Executable, append([]string{"daemon"}, args...)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{remote}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	remote.Close()
	if err != nil {
		return none, fmt.Errorf("start daemon: %w", err)
	}
	ctx, cancel := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		// It may have ended by itself.
		_ = cmd.Process.Signal(syscall.SIGTERM)
	})
	defer stop()
	lab, told := c.follow(reports)
	if lab != nil && stop() {
		return *lab, cmd.Process.Release()
	}
	failure := cmd.Wait()
	switch {
	case ctx.Err() != nil:
		c.say("interrupted: nothing is left running")
		return none, errInterrupted
	case told != nil:
		return none, told
	}
	return none, hint(fmt.Errorf("the daemon ended without a word: %v", failure), "its log is %s", o.Dir.Log())
}

// follow prints the daemon's progress until it is ready or has failed.
func (c Command) follow(reports *os.File) (*layout.Lab, error) {
	lines := bufio.NewScanner(reports)
	for lines.Scan() {
		var m message
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			return nil, fmt.Errorf("read daemon's report: %w", err)
		}
		switch {
		case m.Ready != nil:
			return m.Ready, nil
		case m.Error != "" && m.Hint != "":
			return nil, &Hinted{Err: errors.New(m.Error), Hint: m.Hint}
		case m.Error != "":
			return nil, errors.New(m.Error)
		default:
			c.say("%s", m.Progress)
		}
	}
	return nil, lines.Err()
}

// daemon is what `up` starts in the background.
func (c Command) daemon(ctx context.Context, args []string) error {
	o, err := c.options(c.upFlags("daemon"), args)
	if err != nil {
		return err
	}
	report := os.NewFile(reportFD, "report")
	if _, err := report.Stat(); err != nil {
		return usagef("daemon is started by up")
	}
	// Nobody but this process keeps the pipe open.
	syscall.CloseOnExec(reportFD)
	ctx, cancel := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer cancel()
	tell := func(m message) {
		text, err := json.Marshal(m)
		if err == nil {
			_, err = report.Write(append(text, '\n'))
		}
		if err != nil && m.Error == "" {
			// Who started it has gone before it was ready: nobody wants it.
			cancel()
		}
	}
	o.Progress = func(text string) {
		if ctx.Err() == nil {
			tell(message{Progress: text})
		}
	}
	err = Run(ctx, o, func(lab layout.Lab) {
		tell(message{Ready: &lab})
		report.Close()
	})
	if err != nil {
		m := message{Error: err.Error()}
		var hinted *Hinted
		if errors.As(err, &hinted) {
			m.Hint = hinted.Hint
		}
		tell(m)
	}
	return err
}
