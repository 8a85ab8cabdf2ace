// Command judge compares the verdicts of a recording (a file, or stdin) with
// rbac's and prints the counts. It exits with 3 where there is a disagreement or
// less than was demanded, and with 1 where the recording cannot be read.
//
//	judge -most 20 recording.jsonl
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/postern-dev/postern/internal/confirm"
)

func main() {
	most := flag.Int("most", 20, "stop after so many disagreements")
	least := confirm.Least{}
	flag.IntVar(&least.Worlds, "worlds", 0, "worlds there must be")
	flag.IntVar(&least.Questions, "questions", 0, "questions there must be")
	flag.IntVar(&least.Families, "families", 0, "families there must be")
	flag.IntVar(&least.Family, "family", 0, "questions of each verdict there must be of every family")
	flag.IntVar(&least.WhoCan, "who-can", 0, "worlds in which who-can must have been asked")
	flag.Parse()
	var in io.Reader = os.Stdin
	if flag.NArg() > 0 {
		f, err := os.Open(flag.Arg(0))
		if err != nil {
			fail(err)
		}
		defer f.Close()
		in = f
	}
	report, err := confirm.Judge(bufio.NewReaderSize(in, 1<<20), *most)
	if err == nil {
		err = report.Print(os.Stdout)
	}
	if err != nil {
		fail(err)
	}
	short := report.Short(least)
	for _, s := range short {
		fmt.Println(s)
	}
	if len(report.Disagreements)+len(short) > 0 {
		os.Exit(3)
	}
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "judge: %v\n", err)
	os.Exit(1)
}
