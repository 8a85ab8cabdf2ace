// Command gen writes forty.yaml, a world of 40 clusters over 5 subscriptions,
// and forty.planted.txt, what is to be found in it. The expectations follow from
// the world and the rules of docs/design/0004-doors.md, by way of the lab's own
// permission arithmetic; Postern has no part in them.
//
//	go run ./worlds/gen -dir worlds
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/postern-dev/postern/lab/worlds/expect"
	"github.com/postern-dev/postern/lab/worlds/forty"
)

func main() {
	dir := flag.String("dir", "worlds", "where the files are written")
	seed := flag.Uint64("seed", 4, "of the choices")
	flag.Parse()
	if err := run(*dir, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(dir string, seed uint64) error {
	text, w, err := forty.Read(seed, time.Now())
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "forty.yaml"), text, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "forty.planted.txt"), expect.Text(expect.Doors(w, forty.Unread(w))), 0o644)
}
