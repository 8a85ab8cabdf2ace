package syntax

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/postern-dev/postern/kql/kqltest"
)

var update = flag.Bool("update", false, "rewrite the goldens under testdata")

// TestGolden parses the queries of testdata. What is wanted of a valid query is
// its printed form and its tree, of another its faults.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no goldens: %v", err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			f, err := kqltest.Parse(filepath.Base(path), string(data))
			if err != nil {
				t.Fatal(err)
			}
			for i, c := range f.Cases {
				got := golden(t, c.Query)
				if *update {
					f.Cases[i].Want = got
				} else if got != c.Want {
					t.Errorf("%s:\n%sgot:\n%s\nwant:\n%s", c.Name, c.Query, got, c.Want)
				}
			}
			if *update {
				if err := os.WriteFile(path, []byte(kqltest.Format(f)), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func golden(t *testing.T, src string) string {
	q, err := Parse(src)
	if err != nil {
		return err.Error() + "\n"
	}
	checkRoundTrip(t, q)
	return Format(q) + "\n\n" + dump(q)
}
