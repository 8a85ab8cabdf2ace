package serve

import (
	"context"

	"github.com/postern-dev/postern/internal/store"
	"github.com/postern-dev/postern/internal/store/duck/engine"
	"github.com/postern-dev/postern/kql"
	"github.com/postern-dev/postern/kql/schema"
)

// Store is a store that is open in this process.
type Store interface {
	Catalog() *schema.Catalog
	Engine() *engine.DB
	Coverage(ctx context.Context, from, to int64) ([]store.Coverage, error)
	Close() error
}

// Local answers from a store that is open in this process.
func Local(s Store) Reader { return &local{s} }

type local struct{ store Store }

func (l *local) compile(ctx context.Context, q Question) (*kql.Program, error) {
	return kql.Compile(l.store.Catalog(), q.KQL, kql.Options{Now: q.Now, Look: l.store.Engine().Look(ctx)})
}

func (l *local) Query(ctx context.Context, q Question) (Rows, error) {
	p, err := l.compile(ctx, q)
	if err != nil {
		return nil, err
	}
	rows, err := l.store.Engine().Query(ctx, p, engine.Limits{Rows: q.MaxRows})
	if err != nil {
		return nil, err
	}
	return localRows{rows}, nil
}

func (l *local) Plan(ctx context.Context, q Question) (string, error) {
	p, err := l.compile(ctx, q)
	if err != nil {
		return "", err
	}
	return l.store.Engine().Explain(ctx, p)
}

func (l *local) Coverage(ctx context.Context, from, to int64) ([]store.Coverage, error) {
	return l.store.Coverage(ctx, from, to)
}

func (l *local) Holder() *Status { return nil }

func (l *local) Close() error { return l.store.Close() }

type localRows struct{ *engine.Rows }

func (r localRows) Columns() []kql.Column { return r.Rows.Columns }
