package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/postern-dev/postern/internal/store"
	"github.com/postern-dev/postern/internal/store/duck"
	"github.com/postern-dev/postern/internal/store/duck/engine"
	"github.com/postern-dev/postern/internal/store/serve"
	"github.com/postern-dev/postern/kql"
	"github.com/postern-dev/postern/kql/result"
	"github.com/postern-dev/postern/kql/schema"
	"github.com/postern-dev/postern/kql/syntax"
)

// queryFlags are the flags of query.
type queryFlags struct {
	file    string
	explain string
	timeout time.Duration
	memory  string
	rows    int
}

// newQueryCmd answers KQL over the store; a query without tables needs none.
func newQueryCmd(env *Env) *cobra.Command {
	var f queryFlags
	cmd := &cobra.Command{
		Use:   "query [KQL | -]",
		Short: "Ask the event store in the Kusto Query Language",
		Long: `Runs a query of the Kusto Query Language over the event store. The text is the
argument, a file (--query-file) or standard input (-).

Tables are those AKS fills in Log Analytics (AzureDiagnostics, AKSAudit,
AKSAuditAdmin, AKSControlPlane, AzureActivity) and Postern's own. Queries that
only use print, datatable or range need no store.`,
		Example: `  postern query 'AKSAuditAdmin | summarize count() by tostring(User.username)'
  postern query -o json --query-file denied.kql
  echo 'print 1 + 1' | postern query -`,
		Args: atMost(1, "query"),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := f.text(env, args)
			if err != nil {
				return err
			}
			return f.run(cmd, env, text)
		},
	}
	cmd.Flags().StringVar(&f.file, "query-file", "", "read the query from a file")
	cmd.Flags().StringVar(&f.explain, "explain", "", "do not run; print what a stage made of the query: "+strings.Join(append(kql.Phases(), "plan"), ", "))
	cmd.Flags().Lookup("explain").NoOptDefVal = "sql"
	cmd.Flags().DurationVar(&f.timeout, "timeout", 10*time.Minute, "give up after this time, 0 for never")
	cmd.Flags().StringVar(&f.memory, "max-memory", "", "memory the engine may use, e.g. 2GB (default its own)")
	cmd.Flags().IntVar(&f.rows, "max-rows", 500_000, "rows to print before the result is cut, 0 for all")
	return uses(cmd, "store")
}

// text finds the query: exactly one of argument, file and standard input.
func (f *queryFlags) text(env *Env, args []string) (string, error) {
	switch {
	case f.file != "" && len(args) > 0:
		return "", usageError("", "give the query as an argument or by --query-file, not both")
	case f.file != "":
		b, err := os.ReadFile(f.file)
		if err != nil {
			return "", usageError("", "read query: %v", err)
		}
		return string(b), nil
	case len(args) == 1 && args[0] != "-":
		return args[0], nil
	case len(args) == 0 && env.StdinTerminal:
		return "", usageError("postern query 'AKSAudit | take 10', or - to read standard input", "no query given")
	}
	b, err := io.ReadAll(env.Stdin)
	if err != nil {
		return "", fmt.Errorf("read query: %w", err)
	}
	return string(b), nil
}

func (f *queryFlags) run(cmd *cobra.Command, env *Env, text string) error {
	format, err := env.format(cmd, "table", "wide", "json", "csv", "yaml")
	if err != nil {
		return err
	}
	memory, err := bytesOf(f.memory)
	if err != nil {
		return usageError("a number with KB, MB or GB", "--max-memory: %v", err)
	}
	cat, opts := duck.Catalog(), kql.Options{Now: ticksOf(env.Now())}
	if phase := f.explain; phase != "" && phase != "plan" {
		if !slices.Contains(kql.Phases(), phase) {
			return usageError("phases: "+strings.Join(append(kql.Phases(), "plan"), ", "), "unknown phase %q", phase)
		}
		out, err := kql.Explain(cat, text, phase, opts)
		if err != nil {
			return compileError(err)
		}
		_, err = io.WriteString(env.Stdout, out)
		return err
	}
	p, err := kql.Compile(cat, text, opts)
	var faults *syntax.ErrorList
	if errors.As(err, &faults) && faults.Rows && len(faults.List) == 1 {
		// Only the rows are missing: whoever answers looks at them and compiles.
		p = &kql.Program{}
		p.Tables, err = kql.Tables(cat, text)
	}
	if err != nil {
		return compileError(err)
	}
	for _, n := range p.Notes {
		env.Say("%s", n)
	}
	ctx := cmd.Context()
	if f.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, f.timeout, fmt.Errorf("timeout of %s reached", f.timeout))
		defer cancel()
	}
	r, err := f.open(ctx, env, p, memory)
	if err != nil {
		return err
	}
	q := serve.Question{KQL: text, Now: opts.Now, MaxRows: f.rows}
	if f.explain == "plan" {
		return errors.Join(f.plan(ctx, env, r, q), r.Close())
	}
	err = f.print(ctx, env, r, q, format)
	if err == nil {
		sayCoverage(ctx, env, r, q, p.Tables)
	}
	return errors.Join(err, r.Close())
}

// compileError is a fault of the query: every message has a position.
func compileError(err error) error {
	var list *syntax.ErrorList
	if errors.As(err, &list) {
		return &ExitError{Code: ExitUsage, Err: err}
	}
	return err
}

// open gives what answers a program: the store, or the process that holds it; a
// program without tables needs neither.
func (f *queryFlags) open(ctx context.Context, env *Env, p *kql.Program, memory int64) (serve.Reader, error) {
	if len(p.Tables) == 0 {
		db, err := engine.Open(ctx, engine.Options{Memory: memory})
		if err != nil {
			return nil, err
		}
		return serve.Local(scratch{db}), nil
	}
	r, err := serve.Open(ctx, env.StoreURL(), serve.Options{Memory: memory, Now: env.Now})
	var held *store.InUse
	switch {
	case errors.Is(err, serve.ErrScheme):
		return nil, usageError("", "%w", err)
	case errors.Is(err, serve.ErrNoStore):
		return nil, &ExitError{Code: ExitRefused, Err: err, Hint: "postern ingest makes and fills it"}
	case errors.As(err, &held):
		return nil, &ExitError{Code: ExitRefused, Err: err, Hint: "it does not answer on " + serve.SocketOf(held.Path) + "; ask again when it has ended"}
	case err != nil:
		return nil, storeError(err)
	}
	if h := r.Holder(); h != nil {
		env.Log.Info("asking the process that holds the store", "pid", h.PID, "what", h.What)
		if memory > 0 {
			env.Warn("--max-memory has no effect: pid %d (%s) holds the store and answers", h.PID, h.What)
		}
	}
	return r, nil
}

// scratch is an empty database in memory as a store without tables.
type scratch struct{ *engine.DB }

func (s scratch) Catalog() *schema.Catalog { return duck.Catalog() }
func (s scratch) Engine() *engine.DB       { return s.DB }

func (f *queryFlags) print(ctx context.Context, env *Env, r serve.Reader, q serve.Question, format string) error {
	rows, err := r.Query(ctx, q)
	if err != nil {
		return err
	}
	defer rows.Close()
	w := resultWriter(env.Stdout, format, rows.Columns())
	for rows.Next(ctx) {
		if err := w.Row(rows.Row()); err != nil {
			return fmt.Errorf("write result: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if err := w.End(); err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	if rows.Truncated() {
		env.Warn("the result is cut after %d rows", f.rows)
		env.Hint("--max-rows 0 prints all")
	}
	return nil
}

func resultWriter(out io.Writer, format string, cols []result.Column) result.Writer {
	switch format {
	case "json":
		return result.NewJSON(out, cols)
	case "csv":
		return result.NewCSV(out, cols)
	case "yaml":
		return result.NewYAML(out, cols)
	case "wide":
		return result.NewTable(out, cols, result.Table{})
	}
	return result.NewTable(out, cols, result.Table{Text: 60, Dynamic: 60})
}

// plan asks the engine how it would run the program.
func (f *queryFlags) plan(ctx context.Context, env *Env, r serve.Reader, q serve.Question) error {
	text, err := r.Plan(ctx, q)
	if err != nil {
		return err
	}
	_, err = io.WriteString(env.Stdout, text)
	return err
}

// bytesOf reads a size such as 512MB.
func bytesOf(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	unit := int64(1)
	num := strings.ToUpper(s)
	for _, u := range []struct {
		name string
		size int64
	}{{"GB", 1 << 30}, {"MB", 1 << 20}, {"KB", 1 << 10}, {"B", 1}} {
		if n, ok := strings.CutSuffix(num, u.name); ok {
			num, unit = n, u.size
			break
		}
	}
	n, err := strconv.ParseInt(strings.TrimSpace(num), 10, 64)
	if err != nil || n <= 0 || n > (1<<62)/unit {
		return 0, fmt.Errorf("%q is not a size", s)
	}
	return n * unit, nil
}

// ticksOf is a time in 100 ns since the year 1.
func ticksOf(t time.Time) int64 {
	const unixEpoch = 621_355_968_000_000_000
	return t.Unix()*10_000_000 + int64(t.Nanosecond())/100 + unixEpoch
}
