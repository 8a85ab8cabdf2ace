package engine_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/internal/store/duck/engine"
	"github.com/postern-dev/postern/kql"
	"github.com/postern-dev/postern/kql/kqltest"
)

// TestGenerated: generated queries compile, run, and have one answer in all
// forms. Which queries are made is fixed.
func TestGenerated(t *testing.T) {
	db := newEngine(t)
	r := rand.New(rand.NewPCG(20261123, 6))
	compiled := 0
	const n = 500
	for range n {
		data := make([]byte, 200)
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		if generated(t, db, data) {
			compiled++
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("%d of %d generated queries compiled", compiled, n)
	if compiled*10 < n*8 {
		t.Errorf("only %d of %d generated queries compile", compiled, n)
	}
}

func generated(t *testing.T, db *engine.DB, data []byte) bool {
	q := kqltest.Generate(data)
	if _, err := kql.Compile(nil, q, kql.Options{Now: now}); err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	d, err := sameAnswer(ctx, db, nil, q)
	if err == nil {
		_, _, _, err = run(ctx, db, nil, q)
	}
	if err != nil && ctx.Err() == nil && !strings.Contains(err.Error(), "Out of Memory") {
		t.Errorf("%s\n%v", q, err)
	}
	if d != "" && ctx.Err() == nil {
		t.Error(d)
	}
	return true
}

// FuzzGenerated explores the same queries by coverage.
func FuzzGenerated(f *testing.F) {
	for i := range 40 {
		data := make([]byte, 100)
		for j := range data {
			data[j] = byte(i*31 + j*(i+7))
		}
		f.Add(data)
	}
	db, err := engine.Open(context.Background(), engine.Options{Memory: 512 << 20, Threads: 1})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { db.Close() })
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) <= 400 {
			generated(t, db, data)
		}
	})
}
