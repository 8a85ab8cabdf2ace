// Command corpus judges a scored run over recorded Kusto answers: it reads the
// failures (JSON lines of id, verdict, why) and the committed list of known
// differences, and fails where a wrong answer is not listed, where too many are,
// or where a query broke instead of being refused.
//
//	corpus -cases 1325 -fail fail.jsonl -known docs/kql-differences.jsonl
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
)

type failure struct{ ID, Verdict, Why, Query string }

func main() {
	cases := flag.Int("cases", 0, "number of cases in the run")
	fail := flag.String("fail", "", "file of failures, JSON lines")
	known := flag.String("known", "", "committed list of known differences")
	limit := flag.Float64("limit", 3, "largest share of wrong answers, in percent")
	flag.Parse()
	if err := run(os.Stdout, *fail, *known, *cases, *limit); err != nil {
		fmt.Fprintln(os.Stderr, "corpus:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, failFile, knownFile string, cases int, limit float64) error {
	failures, err := read(failFile)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(knownFile)
	if err != nil {
		return fmt.Errorf("read known differences: %w", err)
	}
	v := judge(failures, string(text))
	fmt.Fprintf(out, "%d cases: %d wrong, all but %d of them listed in %s; %d refused, %d broken\n", cases, v.wrong, len(v.unlisted), knownFile, v.refused, v.broken)
	switch {
	case cases <= 0 || len(failures) > cases:
		return fmt.Errorf("judge run: %d failures of %d cases make no sense", len(failures), cases)
	case v.broken > 0:
		return fmt.Errorf("judge run: %d queries broke; unsupported ones must be refused with a position", v.broken)
	case len(v.unlisted) > 0:
		return fmt.Errorf("judge run: wrong and not listed in %s: %s", knownFile, strings.Join(v.unlisted, ", "))
	case 100*float64(v.wrong) > limit*float64(cases):
		return fmt.Errorf("judge run: %d wrong answers are more than %g %%", v.wrong, limit)
	}
	return nil
}

func read(path string) ([]failure, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read failures: %w", err)
	}
	defer f.Close()
	var out []failure
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 16<<20)
	for sc.Scan() {
		var x failure
		if err := json.Unmarshal(sc.Bytes(), &x); err != nil {
			return nil, fmt.Errorf("read failures: %s: %w", path, err)
		}
		out = append(out, x)
	}
	return out, sc.Err()
}

type verdict struct {
	wrong, refused, broken int
	unlisted               []string
}

// judge counts the verdicts; an id is listed where it is the "id" of a line.
func judge(failures []failure, known string) verdict {
	var v verdict
	for _, f := range failures {
		switch f.Verdict {
		case "refused":
			v.refused++
		case "rows", "columns", "types":
			v.wrong++
			if !strings.Contains(known, `"id": "`+f.ID+`"`) {
				v.unlisted = append(v.unlisted, f.ID)
			}
		default:
			v.broken++
		}
	}
	sort.Strings(v.unlisted)
	return v
}
