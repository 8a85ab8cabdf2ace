// Command bugs plants errors into rbac, one at a time, builds judge with each
// (go build -overlay: no file is touched) and expects it to disagree with a
// recording that judge as it is agrees with. It runs in the module's directory and
// exits with 3 where a bug is not noticed or its text no longer stands in rbac.
//
//	bugs -recording recording.jsonl internal/confirm/bugs/testdata/bugs.txtar
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"sync"
)

func main() {
	recording := flag.String("recording", "", "the recording to judge")
	least := flag.Int("least", 25, "bugs there must be")
	flag.Parse()
	if *recording == "" || flag.NArg() != 1 {
		fail(errors.New("want -recording FILE and one file of bugs"))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	missed, err := plant(ctx, flag.Arg(0), *recording, *least)
	if err != nil {
		fail(err)
	}
	if missed > 0 {
		os.Exit(3)
	}
}

// plant tries every bug and returns how many were not caught.
func plant(ctx context.Context, file, recording string, least int) (missed int, err error) {
	bugs, err := read(file)
	if err != nil {
		return 0, err
	}
	if len(bugs) < least {
		return 0, fmt.Errorf("read %s: %d bugs, want %d", file, len(bugs), least)
	}
	recording, err = filepath.Abs(recording)
	if err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "postern-bugs-")
	if err != nil {
		return 0, fmt.Errorf("make directory: %w", err)
	}
	defer os.RemoveAll(dir)
	if said, err := judge(ctx, filepath.Join(dir, "none"), recording, nil); err != nil || said != "" {
		return 0, fmt.Errorf("judge without a bug: %q: %w", said, errors.Join(err, errDisagrees))
	}
	caught := tryAll(ctx, bugs, dir, recording)
	for i, b := range bugs {
		if !caught[i].ok {
			missed++
		}
		fmt.Printf("%-7s %s\n        %s\n", map[bool]string{true: "caught", false: "MISSED"}[caught[i].ok], b.title, caught[i].said)
	}
	fmt.Printf("%d bugs planted, %d caught\n", len(bugs), len(bugs)-missed)
	return missed, nil
}

var errDisagrees = errors.New("it must agree with the recording")

type outcome struct {
	ok   bool
	said string
}

// tryAll builds and runs as many judges at a time as there are processors.
func tryAll(ctx context.Context, bugs []bug, dir, recording string) []outcome {
	caught := make([]outcome, len(bugs))
	next := make(chan int)
	var wait sync.WaitGroup
	for range runtime.NumCPU() {
		wait.Go(func() {
			for i := range next {
				said, err := judge(ctx, filepath.Join(dir, fmt.Sprint(i)), recording, &bugs[i])
				switch {
				case err != nil:
					caught[i] = outcome{false, err.Error()}
				case said == "":
					caught[i] = outcome{false, "judge agrees with every recorded verdict"}
				default:
					caught[i] = outcome{true, said}
				}
			}
		})
	}
	for i := range bugs {
		next <- i
	}
	close(next)
	wait.Wait()
	return caught
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "bugs: %v\n", err)
	os.Exit(1)
}
