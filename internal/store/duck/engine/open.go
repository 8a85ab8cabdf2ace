package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"sort"
	"strconv"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/postern-dev/postern/kql/runtime"
)

// Options say how a database is opened. The zero value is an empty database in
// memory.
type Options struct {
	Path      string            // file; "" is in memory
	ReadOnly  bool              // several processes may read one file together
	Settings  map[string]string // DuckDB settings fixed at open, by name
	Functions []runtime.Func    // the store's own scalar functions, registered under their own names
	Memory    int64             // bytes the engine may use before it spills, 0 for DuckDB's default
	Threads   int               // 0 for one a core
}

// DB is an open database. It is safe for use by several goroutines.
type DB struct {
	connector *duckdb.Connector
	db        *sql.DB
}

// Open opens a database, registers the functions and locks the configuration.
func Open(ctx context.Context, o Options) (*DB, error) {
	connector, err := duckdb.NewConnector(dsn(o), nil)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", place(o.Path), err)
	}
	d := &DB{connector: connector, db: sql.OpenDB(connector)}
	if err := d.prepare(ctx, o); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", place(o.Path), err), d.Close())
	}
	return d, nil
}

func place(path string) string {
	if path == "" {
		return "in memory"
	}
	return path
}

// dsn puts the settings that must hold before the file is read into the
// connection string.
func dsn(o Options) string {
	q := url.Values{}
	for k, v := range o.Settings {
		q.Set(k, v)
	}
	if o.ReadOnly {
		q.Set("access_mode", "READ_ONLY")
	}
	if o.Threads > 0 {
		q.Set("threads", strconv.Itoa(o.Threads))
	}
	if o.Memory > 0 {
		q.Set("memory_limit", strconv.FormatInt(o.Memory, 10)+"B")
	}
	if len(q) == 0 {
		return o.Path
	}
	return o.Path + "?" + q.Encode()
}

func (d *DB) prepare(ctx context.Context, o Options) error {
	conn, err := d.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, f := range runtime.All() {
		if err := register(conn, "kql_"+f.Name, f); err != nil {
			return err
		}
	}
	for _, f := range o.Functions {
		if err := register(conn, f.Name, f); err != nil {
			return err
		}
	}
	for _, s := range lockdown() {
		if _, err := conn.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("apply %s: %w", s, err)
		}
	}
	return nil
}

// lockdown lists the settings, in order, after which SQL can reach nothing but
// the open database and can change no setting.
func lockdown() []string {
	return []string{
		"SET GLOBAL enable_external_access = false",
		"SET GLOBAL autoinstall_known_extensions = false",
		"SET GLOBAL autoload_known_extensions = false",
		"SET GLOBAL lock_configuration = true",
	}
}

// SQL gives the database for statements of the store's own.
func (d *DB) SQL() *sql.DB { return d.db }

// Connector gives the driver's connector, for appenders.
func (d *DB) Connector() *duckdb.Connector { return d.connector }

// Close ends all connections and closes the file.
func (d *DB) Close() error { return errors.Join(d.db.Close(), d.connector.Close()) }

// Functions lists the names of the Go functions every database has, sorted.
func Functions() []string {
	var out []string
	for _, f := range runtime.All() {
		out = append(out, "kql_"+f.Name)
	}
	sort.Strings(out)
	return out
}
