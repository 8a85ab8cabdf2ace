package duck

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/postern-dev/postern/audit"
	"github.com/postern-dev/postern/audit/aks"
	"github.com/postern-dev/postern/internal/failpoint"
	"github.com/postern-dev/postern/internal/store"
	"github.com/postern-dev/postern/internal/store/duck/engine"
	"github.com/postern-dev/postern/kql/schema"
)

// Options say which store and how. Now is needed to write; the rest has
// defaults.
type Options struct {
	Path     string                           // file, made if missing; "" keeps the store in memory
	ReadOnly bool                             // several processes may read one file while none writes
	Now      func() time.Time                 // for the time of ingestion
	Setting  func(cluster string) aks.Setting // what a cluster's diagnostic setting would send; nil: both audit categories
	Fail     *failpoint.Set                   // for tests
	Memory   int64                            // bytes the engine may use, 0 for its default
	Threads  int                              // 0 for one a core
}

// Store is an open store. It is safe for use by several goroutines; batches
// commit one after the other.
type Store struct {
	options Options
	db      *engine.DB
	secret  []byte
	fields  []field

	tables  sync.Once
	catalog *schema.Catalog

	append  sync.Mutex // held during Append
	next    int64      // the next row id
	events  bool       // there are rows a batch may have to be compared with
	pending *pending   // the rows rowsFunc gives
}

// Open opens a store and makes it if there is none. The error is a *store.InUse
// where another process holds it, a *store.Version where its schema is another.
func Open(ctx context.Context, o Options) (*Store, error) {
	s, err := openOnce(ctx, o)
	if !errors.Is(err, errStaleViews) {
		return s, err
	}
	// Opened for writing once, the store gets this build's views.
	writing := o
	writing.ReadOnly = false
	if s, err = openOnce(ctx, writing); err == nil {
		err = s.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w, and it cannot be opened for writing: %w", o.Path, errStaleViews, err)
	}
	return openOnce(ctx, o)
}

func openOnce(ctx context.Context, o Options) (*Store, error) {
	if err := foreign(o.Path); err != nil {
		return nil, err
	}
	if o.Path != "" && !o.ReadOnly {
		if err := secure(o.Path); err != nil {
			return nil, fmt.Errorf("open store %s: %w", o.Path, err)
		}
	}
	db, err := engine.Open(ctx, engine.Options{
		Path: o.Path, ReadOnly: o.ReadOnly, Settings: settings(), Functions: engineFunctions(),
		Memory: o.Memory, Threads: o.Threads,
	})
	if err != nil {
		if inUse := inUse(o.Path, err); inUse != nil {
			return nil, inUse
		}
		if info, statErr := os.Stat(o.Path); statErr == nil && info.Size() == 0 {
			return nil, &store.NoStore{Path: o.Path, Is: "an empty file, and holds nothing: remove it to have it made anew"}
		}
		return nil, fmt.Errorf("open store: %w", err)
	}
	s := &Store{options: o, db: db, fields: fields()}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// settings are fixed when the file is opened. The current storage format is a
// third faster to write and smaller; small durable commits need a checkpoint
// threshold well above DuckDB's 16 MB.
func settings() map[string]string {
	return map[string]string{
		"storage_compatibility_version": "v1.3.0",
		"preserve_insertion_order":      "false",
		"checkpoint_threshold":          "128MB",
		"max_vacuum_tasks":              "0",
		"write_buffer_row_group_count":  "1",
	}
}

// secure makes the directory 0700 where it makes it, and the file 0600: what an
// audit log says is for nobody else's eyes.
func secure(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if _, err := os.Stat(path); err == nil {
		return os.Chmod(path, 0o600)
	}
	return nil
}

// protect sets the modes of the files DuckDB has made.
func (s *Store) protect() error {
	if s.options.Path == "" || s.options.ReadOnly {
		return nil
	}
	for _, p := range []string{s.options.Path, s.options.Path + ".wal"} {
		if err := os.Chmod(p, 0o600); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (s *Store) prepare(ctx context.Context) error {
	if err := s.protect(); err != nil {
		return fmt.Errorf("open store %s: %w", s.options.Path, err)
	}
	meta, err := s.meta(ctx)
	if err != nil {
		return err
	}
	if meta == nil {
		if s.options.ReadOnly {
			return fmt.Errorf("open store %s: it is empty and was opened read-only", s.options.Path)
		}
		if meta, err = s.create(ctx); err != nil {
			return err
		}
	}
	version, err := strconv.Atoi(meta["version"])
	if err != nil {
		return fmt.Errorf("open store %s: its schema version is %q", s.options.Path, meta["version"])
	}
	if version != Version {
		return &store.Version{Path: s.options.Path, Store: version, Want: Version}
	}
	if s.secret, err = hex.DecodeString(meta["secret"]); err != nil || len(s.secret) != 32 {
		return fmt.Errorf("open store %s: its fingerprint key is damaged", s.options.Path)
	}
	if err := s.makeViews(ctx, meta["views"]); err != nil {
		return err
	}
	if !s.options.ReadOnly {
		if err := s.registerRows(ctx); err != nil {
			return fmt.Errorf("open store %s: %w", s.options.Path, err)
		}
	}
	return s.count(ctx)
}

// meta reads the store's description; nil if the file holds none.
func (s *Store) meta(ctx context.Context) (map[string]string, error) {
	db := s.db.SQL()
	var tables, known int
	err := db.QueryRowContext(ctx, "SELECT count(*), count(*) FILTER (table_name = 'meta') FROM information_schema.tables").Scan(&tables, &known)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", s.options.Path, err)
	}
	if tables == 0 {
		return nil, nil
	}
	if known == 0 {
		return nil, fmt.Errorf("open store %s: a DuckDB file that is no Postern store", s.options.Path)
	}
	rows, err := db.QueryContext(ctx, "SELECT key, value FROM meta")
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", s.options.Path, err)
	}
	defer rows.Close()
	meta := map[string]string{}
	for rows.Next() {
		var k, v string
		if err := rows.Scan(&k, &v); err != nil {
			return nil, fmt.Errorf("open store %s: %w", s.options.Path, err)
		}
		meta[k] = v
	}
	return meta, rows.Err()
}

func (s *Store) create(ctx context.Context) (map[string]string, error) {
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return nil, fmt.Errorf("create store %s: %w", s.options.Path, err)
	}
	meta := map[string]string{"version": strconv.Itoa(Version), "secret": hex.EncodeToString(secret)}
	err := s.transact(ctx, func(tx *sql.Tx) error {
		for _, statement := range createTables() {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("%w in %s", err, statement)
			}
		}
		for k, v := range meta {
			if _, err := tx.ExecContext(ctx, "INSERT INTO meta VALUES (?, ?)", k, v); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("create store %s: %w", s.options.Path, err)
	}
	return meta, nil
}

func (s *Store) transact(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := s.db.SQL().BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// count finds the next row id.
func (s *Store) count(ctx context.Context) error {
	err := s.db.SQL().QueryRowContext(ctx, `SELECT 1 + greatest(
		coalesce((SELECT max(id) FROM event), 0), coalesce((SELECT max(id) FROM event_cut), 0),
		coalesce((SELECT max(id) FROM log_line), 0), coalesce((SELECT max(id) FROM dead_letter), 0))`).Scan(&s.next)
	if err != nil {
		return fmt.Errorf("open store %s: %w", s.options.Path, err)
	}
	var activities bool
	if err := s.db.SQL().QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM "+activityTable+")").Scan(&activities); err != nil {
		return fmt.Errorf("open store %s: %w", s.options.Path, err)
	}
	s.events = s.next > 1 || activities
	return nil
}

// Engine runs compiled queries over the store.
func (s *Store) Engine() *engine.DB { return s.db }

// Path is the store's file, "" when it is in memory.
func (s *Store) Path() string { return s.options.Path }

// Close ends the store. What was appended is already durable.
func (s *Store) Close() error {
	s.append.Lock()
	defer s.append.Unlock()
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("close store %s: %w", s.options.Path, err)
	}
	return nil
}

func (s *Store) setting(cluster string) aks.Setting {
	if s.options.Setting == nil {
		return aks.DefaultSetting()
	}
	return s.options.Setting(cluster)
}

func (s *Store) now() int64 { return int64(audit.TicksOf(s.options.Now())) }
