package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/postern-dev/postern/audit/aks"
	"github.com/postern-dev/postern/internal/failpoint"
	"github.com/postern-dev/postern/internal/ingest"
	"github.com/postern-dev/postern/internal/ingest/blob"
	"github.com/postern-dev/postern/internal/ingest/file"
	"github.com/postern-dev/postern/internal/store"
	"github.com/postern-dev/postern/internal/store/duck"
	"github.com/postern-dev/postern/internal/store/serve"
)

// ingestFlags are the flags of ingest.
type ingestFlags struct {
	from    []string
	files   []string // of --from: snapshot files
	follow  bool
	cluster string
}

// newIngestCmd puts audit events into the store.
func newIngestCmd(env *Env) *cobra.Command {
	var f ingestFlags
	cmd := &cobra.Command{
		Use:   "ingest --from SOURCE [--from SOURCE…] [--follow]",
		Short: "Put audit events into the event store",
		Long: `Reads audit events and control-plane logs and puts them into the event store.
What was read before is not read again; what was interrupted goes on where it
was. Nothing is lost: what is not understood is kept as a dead letter.

Sources:
  file:PATH          a file; what rotation made of it since the last run, too
  file:'GLOB'        all files a pattern matches, e.g. a rotated set
  file:-             standard input
  snapshot:FILE      what postern snapshot wrote: fills Principals, Bindings and
                     RoleAssignments, in place of an earlier snapshot's
  azure-storage:DIR  the insights-logs-* containers of a storage account, and the
                     one of the Activity Log, insights-activity-logs, that lie
                     in a directory, given at any level

Formats are recognised: kube-apiserver's JSON lines, EventLists, diagnostic
records of Azure (lines, lists, printed), packed with gzip or zstd or not.`,
		Example: `  postern ingest --from file:/var/log/kubernetes/audit.log --follow
  postern ingest --from 'file:/var/log/kubernetes/audit*.log*' --cluster prod
  postern ingest --from azure-storage:./account
  postern ingest --from snapshot:tenant.json`,
		Args: atMost(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd, env) },
	}
	cmd.Flags().StringArrayVar(&f.from, "from", nil, "where events are: file:PATH, file:GLOB, file:- or azure-storage:DIR; may be repeated")
	cmd.Flags().BoolVar(&f.follow, "follow", false, "go on with what is written, across rotation, until interrupted")
	cmd.Flags().StringVar(&f.cluster, "cluster", "local", "cluster of records that do not name theirs")
	return uses(cmd, "store")
}

func (f *ingestFlags) run(cmd *cobra.Command, env *Env) (err error) {
	format, err := env.format(cmd, "table", "json")
	if err != nil {
		return err
	}
	fail, err := failpoint.Parse(env.Getenv(failpoint.Variable))
	if err != nil {
		return usageError("unset "+failpoint.Variable+"; it is for tests", "%w", err)
	}
	if fail != nil {
		env.Warn("failpoint %s is armed: this process will kill itself", fail)
	}
	if f.cluster, err = clusterName(f.cluster); err != nil {
		return err
	}
	path, err := serve.PathOf(env.StoreURL())
	if err != nil {
		return usageError("", "%w", err)
	}
	bar := &progress{env: env, began: env.Now()}
	f.files, f.from = snapshotPaths(f.from)
	sources, ends, err := f.open(env, bar.say)
	if err != nil {
		return err
	}
	defer func() {
		for _, s := range sources {
			err = errors.Join(err, s.Close())
		}
	}()
	st, err := openToWrite(cmd.Context(), env, path, fail)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	if err := putSnapshots(cmd.Context(), env, st, f.files); err != nil || len(sources) == 0 {
		return err
	}
	stop := f.serve(env, path, st, bar)
	defer stop()

	if f.follow && !ends {
		env.Say("following %s; Ctrl-C ends", strings.Join(f.from, ", "))
	}
	p := &ingest.Pipeline{Store: st, Sources: sources, Cluster: f.cluster, Follow: f.follow && !ends, Fail: fail, Progress: bar.show, Now: env.Now}
	sum, err := p.Run(cmd.Context())
	bar.clear()
	if err != nil {
		return ingestError(path, sum, err)
	}
	return f.report(cmd, env, format, sum, env.Now().Sub(bar.began))
}

// clusterName folds the case of ARM ids, as records' own ids are folded.
func clusterName(name string) (string, error) {
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }) {
		return "", usageError("a short name such as prod, or the cluster's ARM id", "--cluster %q is no name", name)
	}
	if strings.HasPrefix(name, "/") {
		return aks.ClusterOf(name), nil
	}
	return name, nil
}

// open gives the sources; ends says that all of them are streams, which end by
// themselves.
func (f *ingestFlags) open(env *Env, say func(string, ...any)) (sources []ingest.Source, ends bool, err error) {
	if len(f.from) == 0 && len(f.files) > 0 {
		return nil, true, nil
	}
	if len(f.from) == 0 {
		return nil, false, usageError("--from file:PATH, file:'GLOB', file:- or azure-storage:DIR", "no source given")
	}
	seen := map[string]bool{}
	ends = true
	for _, from := range f.from {
		if seen[from] {
			return nil, false, usageError("", "source %s is given twice", from)
		}
		seen[from] = true
		src, err := f.source(env, from, say)
		if err != nil {
			return nil, false, sourceError(from, err)
		}
		if _, stream := src.(*file.Stream); !stream {
			ends = false
		}
		sources = append(sources, src)
	}
	return sources, ends, nil
}

func (f *ingestFlags) source(env *Env, from string, say func(string, ...any)) (ingest.Source, error) {
	scheme, place, ok := strings.Cut(from, ":")
	switch {
	case ok && place == "":
		return nil, usageError("", "source %s names no place", from)
	case ok && scheme == file.Scheme:
		return file.Open(place, file.Options{Scope: f.cluster, Follow: f.follow, Stdin: env.Stdin, Remark: say})
	case ok && scheme == blob.Scheme:
		return blob.Open(place, blob.Options{Scope: f.cluster, Follow: f.follow, Remark: say})
	case !ok || strings.ContainsAny(scheme, `/\.`):
		return nil, usageError("--from file:"+from, "source %q does not say what it is", from)
	}
	return nil, usageError("this postern reads file: and azure-storage:", "unknown kind of source %q in %s", scheme+":", from)
}

// sourceError adds what the user can do.
func sourceError(from string, err error) error {
	_, place, _ := strings.Cut(from, ":")
	switch {
	case errors.Is(err, file.ErrDirectory):
		return &ExitError{Code: ExitUsage, Err: err, Hint: fmt.Sprintf("--from 'file:%s' for its files, --from azure-storage:%s for a storage account", filepath.Join(place, "*.log"), place)}
	case errors.Is(err, blob.ErrNotDirectory):
		return &ExitError{Code: ExitUsage, Err: err, Hint: "--from file:" + place}
	case errors.Is(err, filepath.ErrBadPattern):
		return &ExitError{Code: ExitUsage, Err: err}
	case errors.Is(err, file.ErrNoMatch), errors.Is(err, blob.ErrNoContainer), errors.Is(err, fs.ErrNotExist):
		return &ExitError{Code: ExitBroken, Err: err, Hint: "--follow waits for what is not there yet"}
	}
	return err
}

// patience is how long ingest waits for a store that a short-lived process, such
// as a query, holds.
const patience = 5 * time.Second

// openToWrite opens the store, waiting a little for others to leave it.
func openToWrite(ctx context.Context, env *Env, path string, fail *failpoint.Set) (*duck.Store, error) {
	until := env.Now().Add(patience)
	for told := false; ; {
		st, err := duck.Open(ctx, duck.Options{Path: path, Now: env.Now, Fail: fail})
		var held *store.InUse
		switch {
		case err == nil || !errors.As(err, &held):
			return st, storeError(err)
		case strings.Contains(held.What, "--follow") || env.Now().After(until):
			return nil, &ExitError{Code: ExitRefused, Err: err, Hint: "one process at a time writes a store; end that one, or use --store"}
		case !told:
			told = true
			env.Say("%v: waiting", held)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// storeError makes a --store that points at something else the usage error it is.
func storeError(err error) error {
	var none *store.NoStore
	if errors.As(err, &none) {
		return &ExitError{Code: ExitUsage, Err: err, Hint: "--store duckdb:PATH, where PATH is a store's file or is made"}
	}
	return err
}

// serve answers other processes while this one holds the store.
func (f *ingestFlags) serve(env *Env, path string, st *duck.Store, bar *progress) (stop func()) {
	what := "ingest"
	if f.follow {
		what += " --follow"
	}
	srv, err := serve.Listen(path, serve.Local(st), func() serve.Status {
		return serve.Status{What: what, Detail: bar.latest.Load()}
	})
	if err != nil {
		env.Warn("other processes cannot use the store meanwhile: %v", err)
		return func() {}
	}
	return func() {
		if err := srv.Close(); err != nil {
			env.Warn("%v", err)
		}
	}
}

// ingestError says what is safe when a run breaks.
func ingestError(path string, sum ingest.Summary, err error) error {
	return &ExitError{Code: ExitBroken, Err: err,
		Hint: fmt.Sprintf("%d records are in %s; run the same command again to go on behind them", sum.Stored+sum.Merged+sum.Duplicate+sum.Dead, path)}
}

// ingested is the summary as -o json prints it.
type ingested struct {
	Kind string `json:"kind"`
	store.Counts
	Bytes       int64    `json:"bytes"`
	Seconds     float64  `json:"seconds"`
	Interrupted bool     `json:"interrupted"`
	Unread      []string `json:"unread"` // what could not be read, and why
}

func (f *ingestFlags) report(cmd *cobra.Command, env *Env, format string, sum ingest.Summary, took time.Duration) error {
	unread := lines(sum.Partial)
	if format == "json" {
		out := json.NewEncoder(env.Stdout)
		out.SetIndent("", "  ")
		err := out.Encode(ingested{Kind: "Ingest", Counts: sum.Counts, Bytes: sum.Bytes, Seconds: took.Seconds(), Interrupted: sum.Interrupted, Unread: unread})
		if err != nil {
			return fmt.Errorf("write summary: %w", err)
		}
	} else if _, err := fmt.Fprintln(env.Stdout, sentence(sum.Counts)); err != nil {
		return fmt.Errorf("write summary: %w", err)
	}
	if sum.Dead > 0 {
		letters := "letters"
		if sum.Dead == 1 {
			letters = "letter"
		}
		env.Say("%d dead %s: what was read and not understood is kept with its place and reason", sum.Dead, letters)
		if !env.Flags.Quiet {
			env.Hint("postern query%s 'DeadLetters'", storeFlag(cmd, env))
		}
	}
	switch {
	case sum.Interrupted && !f.follow:
		return cmd.Context().Err()
	case len(unread) > 0:
		return &ExitError{Code: ExitUnknown, Err: errors.New(strings.Join(unread, "\n")), Hint: "everything else was read; run the same command again when this is mended"}
	}
	return nil
}

// storeFlag repeats --store where it was given.
func storeFlag(cmd *cobra.Command, env *Env) string {
	if !cmd.Flags().Changed("store") {
		return ""
	}
	return " --store '" + env.StoreURL() + "'"
}

// sentence says what became of what was read; it always adds up.
func sentence(c store.Counts) string {
	text := fmt.Sprintf("read %d = stored %d + merged %d + duplicate %d + dead %d", c.Read, c.Stored, c.Merged, c.Duplicate, c.Dead)
	var of []string
	for _, part := range []struct {
		n    int64
		what string
	}{{c.LogLines, "log lines"}, {c.Cut, "cut"}, {c.Odd, "odd"}, {c.Reused, "with a reused auditID"}} {
		if part.n > 0 {
			of = append(of, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	if len(of) > 0 {
		text += "\nof the stored: " + strings.Join(of, ", ")
	}
	return text
}

// lines takes a joined error apart.
func lines(err error) []string {
	if err == nil {
		return []string{}
	}
	return strings.Split(err.Error(), "\n")
}

// progress redraws one line on a terminal; elsewhere it only remembers.
type progress struct {
	env    *Env
	began  time.Time
	drawn  time.Time
	shown  bool
	latest atomic.Pointer[ingest.Progress]
}

const redraw = 200 * time.Millisecond

func (b *progress) show(p ingest.Progress) {
	b.latest.Store(&p)
	now := b.env.Now()
	if b.env.Flags.Quiet || !b.env.StderrTerminal || now.Sub(b.drawn) < redraw {
		return
	}
	b.drawn, b.shown = now, true
	rate := float64(p.Read) / max(now.Sub(b.began).Seconds(), 0.001)
	text := fmt.Sprintf("%d records, %.0f/s", p.Read, rate)
	if p.Dead > 0 {
		text += fmt.Sprintf(", %d dead", p.Dead)
	}
	if p.Idle {
		text += ", waiting for more"
	}
	fmt.Fprintf(b.env.Stderr, "\r\x1b[K%s", text)
}

func (b *progress) clear() {
	if b.shown {
		fmt.Fprint(b.env.Stderr, "\r\x1b[K")
		b.shown = false
	}
}

// say speaks between two drawings.
func (b *progress) say(format string, args ...any) {
	b.clear()
	b.env.Say(format, args...)
}
