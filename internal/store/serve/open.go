package serve

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/postern-dev/postern/internal/store"
	"github.com/postern-dev/postern/internal/store/duck"
)

// Options say how a store is opened to be asked.
type Options struct {
	Memory int64 // bytes the engine may use, 0 for its default; the holder's own limit where another process answers
	Now    func() time.Time
}

// ErrNoStore is the error of asking a store that was never made.
var ErrNoStore = errors.New("there is no store yet")

// ErrScheme is the error of a store URL that this package cannot open.
var ErrScheme = errors.New("not a store that can be opened here; use duckdb:PATH")

// PathOf is the file of a duckdb: URL.
func PathOf(url string) (string, error) {
	path, ok := strings.CutPrefix(url, "duckdb:")
	if !ok {
		return "", fmt.Errorf("open store %s: %w", url, ErrScheme)
	}
	if path == "" {
		return "", fmt.Errorf("open store %s: no path given; use duckdb:PATH", url)
	}
	return path, nil
}

// Open gives the store to ask: opened here, or through the process that holds
// it. Where it is held by a process that does not answer, the error is the
// *store.InUse that names it.
func Open(ctx context.Context, url string, o Options) (Reader, error) {
	path, err := PathOf(url)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			err = ErrNoStore
		}
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	// A holder that is just starting or ending is neither reached nor out of
	// the way: a few tries bridge that.
	for try := 0; ; try++ {
		s, err := duck.Open(ctx, duck.Options{Path: path, ReadOnly: true, Memory: o.Memory, Now: o.Now})
		if err == nil {
			return Local(s), nil
		}
		var held *store.InUse
		if !errors.As(err, &held) {
			return nil, err
		}
		if r, err := Dial(ctx, path); err == nil {
			return r, nil
		}
		if try == 10 {
			return nil, held
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("open store %s: %w", path, context.Cause(ctx))
		case <-time.After(100 * time.Millisecond):
		}
	}
}
