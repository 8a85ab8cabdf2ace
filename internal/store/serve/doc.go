// Package serve lets several processes use one embedded store: the one that
// holds the file answers the others through a socket beside it.
//
// It owns the question and answer that cross the socket, the socket's place and
// mode (0600, PATH.sock), and Open, which gives the store itself where nobody
// holds it and a connection to the holder where somebody does. KQL crosses the
// socket as text and is compiled where the store is, so that nothing but a query
// and how much of what is there can be asked. It does not own the store (store/duck) nor the language (kql).
//
//	r, err := serve.Open(ctx, url, serve.Options{})   // to ask
//	rows, err := r.Query(ctx, serve.Question{KQL: "AKSAudit | count"})
//
//	srv, err := serve.Listen(path, serve.Local(st), status)   // to answer
package serve

import (
	"context"

	"github.com/postern-dev/postern/internal/store"
	"github.com/postern-dev/postern/kql"
)

// Question is one query.
type Question struct {
	KQL     string `json:"kql"`
	Now     int64  `json:"now"`               // now(), in ticks
	MaxRows int    `json:"maxRows,omitempty"` // rows before the result is cut, 0 for all
}

// Reader answers questions.
type Reader interface {
	Query(ctx context.Context, q Question) (Rows, error)
	// Plan is how the engine would run the query, as text.
	Plan(ctx context.Context, q Question) (string, error)
	// Coverage is what the store holds between two times: ticks, both included.
	Coverage(ctx context.Context, from, to int64) ([]store.Coverage, error)
	// Holder is the process that answers, nil if it is this one.
	Holder() *Status
	Close() error
}

// Rows streams a result; values are those of kql/runtime.
type Rows interface {
	Columns() []kql.Column
	Next(ctx context.Context) bool
	Row() []any // overwritten by Next
	Truncated() bool
	Err() error
	Close() error
}

// Status is what the process that holds a store says of itself.
type Status struct {
	PID    int    `json:"pid"`
	What   string `json:"what"` // e.g. ingest --follow
	Detail any    `json:"detail,omitempty"`
}
