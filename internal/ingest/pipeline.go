package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/postern-dev/postern/internal/failpoint"
	"github.com/postern-dev/postern/internal/store"
)

// Pipeline reads its sources into its store. Fields are set before Run; zero
// values have defaults where one is named.
type Pipeline struct {
	Store   Store
	Sources []Source
	Cluster string // of records that do not name theirs
	Follow  bool   // go on until the context ends

	BatchRecords int           // records of one transaction at most; 200,000
	BatchBytes   int           // their text at most; 128 MiB
	MaxDelay     time.Duration // a record waits so long for its transaction at most, or until the one before it is through; 500 ms
	Poll         time.Duration // pause between two looks while following; 200 ms

	Fail     *failpoint.Set
	Progress func(Progress) // called after every commit and, while following, at every look
	Now      func() time.Time

	batch    batch
	inFlight chan commit // holds the running commit's result, nil when there is none
	total    Progress
	failed   error // a batch was not committed: nothing behind it may be
}

// Progress is how far a run is.
type Progress struct {
	store.Counts
	Bytes   int64 // of the records' text
	Batches int64
	Idle    bool // nothing more is there for the moment
}

// Summary is what a run did.
type Summary struct {
	Progress
	Interrupted bool  // the context ended before the sources did
	Partial     error // what could not be read, nil if nothing
}

// batch is what is read and not yet handed to the store.
type batch struct {
	store.Batch
	marks []Mark
	bytes int
	since time.Time // when the first piece came
}

type commit struct {
	counts store.Counts
	err    error
}

func (p *Pipeline) defaults() {
	setDefault(&p.BatchRecords, 200_000)
	setDefault(&p.BatchBytes, 128<<20)
	setDefault(&p.MaxDelay, 500*time.Millisecond)
	setDefault(&p.Poll, 200*time.Millisecond)
	if p.Now == nil {
		p.Now = time.Now
	}
	if p.Progress == nil {
		p.Progress = func(Progress) {}
	}
}

func setDefault[T int | time.Duration](v *T, d T) {
	if *v == 0 {
		*v = d
	}
}

// Run reads until the sources end or, while following, until ctx does. What was
// read by then is committed either way. The error is the first one that made
// going on impossible; parts that could not be read are in the summary.
func (p *Pipeline) Run(ctx context.Context) (Summary, error) {
	p.defaults()
	err := p.resume(ctx)
	var partial error
	if err == nil {
		partial, err = p.read(ctx)
	}
	// What is read is committed also when the user wants the end.
	if flushErr := p.drain(context.WithoutCancel(ctx)); flushErr != nil && err == nil {
		err = flushErr
	}
	s := Summary{Progress: p.total, Partial: partial}
	if ctx.Err() != nil && (err == nil || errors.Is(err, ctx.Err())) {
		s.Interrupted, err = true, nil
	}
	if err == nil {
		err = s.Counts.Check()
	}
	return s, err
}

func (p *Pipeline) resume(ctx context.Context) error {
	cursors, err := p.Store.Cursors(ctx)
	if err != nil {
		return fmt.Errorf("read cursors: %w", err)
	}
	for _, s := range p.Sources {
		if err := s.Resume(cursors); err != nil {
			return fmt.Errorf("resume %s: %w", s.Name(), err)
		}
	}
	return nil
}

func (p *Pipeline) read(ctx context.Context) (partial, err error) {
	for {
		partial = nil
		for _, s := range p.Sources {
			var part *PartialError
			switch err := s.Read(ctx, p); {
			case errors.As(err, &part):
				partial = errors.Join(partial, part.Err)
			case err != nil:
				return partial, err
			}
		}
		if !p.Follow {
			return partial, ctx.Err()
		}
		if err := p.Idle(ctx); err != nil {
			return partial, err
		}
		select {
		case <-ctx.Done():
			return partial, ctx.Err()
		case <-time.After(p.Poll):
		}
	}
}

// Put takes one piece into the batch and commits the batch when it is full or
// old enough.
func (p *Pipeline) Put(ctx context.Context, piece Piece, mark Mark) error {
	b := &p.batch
	if len(b.marks) == 0 {
		b.since = p.Now()
	}
	if len(b.marks) == 0 || b.marks[len(b.marks)-1] != mark {
		b.marks = append(b.marks, mark)
	}
	d := decoder{cluster: p.Cluster, batch: &b.Batch}
	d.piece(piece)
	b.bytes += len(piece.Text)
	if n := len(b.Records) + len(b.Dead); n >= p.BatchRecords || b.bytes >= p.BatchBytes || p.due() {
		return p.flush(ctx)
	}
	return ctx.Err()
}

// due reports whether the batch is old enough for a commit that need not wait
// for the one before it. As long as it would, the batch grows: so a backlog is
// committed in large transactions, which cost far less a record, and what
// trickles in within MaxDelay.
func (p *Pipeline) due() bool {
	return (p.inFlight == nil || len(p.inFlight) > 0) && p.Now().Sub(p.batch.since) >= p.MaxDelay
}

// Idle commits what is there, because nothing follows for the moment.
func (p *Pipeline) Idle(ctx context.Context) error {
	if err := p.drain(ctx); err != nil {
		return err
	}
	now := p.total
	now.Idle = true
	p.Progress(now)
	return ctx.Err()
}

// flush hands the batch to the store and lets reading go on meanwhile. One
// commit runs at a time, so batches commit in the order they were read.
func (p *Pipeline) flush(ctx context.Context) error {
	if len(p.batch.marks) == 0 || p.failed != nil {
		return p.failed
	}
	b := p.batch
	p.batch = batch{}
	p.Fail.Hit(failpoint.IngestRead)
	var err error
	if b.Cursors, err = cursors(b.marks); err != nil {
		return err
	}
	if err := p.wait(); err != nil {
		return err
	}
	p.total.Bytes += int64(b.bytes)
	p.total.Batches++
	p.inFlight = make(chan commit, 1)
	go func(result chan<- commit) {
		// A transaction that was begun is ended: the user who wants the end
		// waits for one batch at most.
		counts, err := p.Store.Append(context.WithoutCancel(ctx), b.Batch)
		result <- commit{counts, err}
	}(p.inFlight)
	return nil
}

// cursors asks each mark once, the last state of each.
func cursors(marks []Mark) ([]store.Cursor, error) {
	seen := map[Mark]bool{}
	var out []store.Cursor
	for _, m := range marks {
		if seen[m] {
			continue
		}
		seen[m] = true
		c, err := m.Cursor()
		if err != nil {
			return nil, fmt.Errorf("take cursor: %w", err)
		}
		if c.Source != "" {
			out = append(out, c)
		}
	}
	return out, nil
}

// wait ends the running commit and counts it.
func (p *Pipeline) wait() error {
	if p.inFlight == nil {
		return nil
	}
	c := <-p.inFlight
	p.inFlight = nil
	if c.err != nil {
		p.failed = fmt.Errorf("store batch: %w", c.err)
		return p.failed
	}
	p.total.Counts = p.total.Counts.Add(c.counts)
	p.Progress(p.total)
	return nil
}

func (p *Pipeline) drain(ctx context.Context) error {
	if err := p.wait(); err != nil {
		return err
	}
	if err := p.flush(ctx); err != nil {
		return err
	}
	return p.wait()
}
