package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"regexp"
	"sort"
	"strings"
	"time"
)

// labLog is the kube-apiserver's audit log of one tour of the lab, at the levels
// AKS's policy gives: what real requests of kubectl, controllers and a
// kube-apiserver look like, field by field.
//
//go:embed testdata/lab-audit.jsonl.gz
var labLog []byte

func labEvents() ([]string, error) {
	z, err := gzip.NewReader(bytes.NewReader(labLog))
	if err != nil {
		return nil, fmt.Errorf("read the lab's log: %w", err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("read the lab's log: %w", err)
	}
	return strings.Split(strings.TrimSpace(string(b)), "\n"), nil
}

// unique are the parts that no two events of a log share.
var unique = regexp.MustCompile(`"(auditID|requestReceivedTimestamp|stageTimestamp)":"[^"]*"`)

// modelled writes n events drawn from those of the lab's log with fresh ids and
// times: every other field has the values the log has, as often as it has them.
func modelled(path string, n int, seed uint64) error {
	events, err := labEvents()
	if err != nil {
		return err
	}
	parts := make([][]string, len(events)) // the text around the unique fields
	names := make([][]string, len(events))
	for i, e := range events {
		at := 0
		for _, m := range unique.FindAllStringSubmatchIndex(e, -1) {
			parts[i] = append(parts[i], e[at:m[0]])
			names[i] = append(names[i], e[m[2]:m[3]])
			at = m[1]
		}
		parts[i] = append(parts[i], e[at:])
	}
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write events: %w", err)
	}
	defer f.Close()
	g := generator{r: rand.New(rand.NewPCG(seed, 1)), at: time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)}
	w := bufio.NewWriterSize(f, 1<<20)
	for range n {
		g.at = g.at.Add(time.Duration(g.r.IntN(40_000)) * time.Microsecond)
		end := g.at.Add(time.Duration(500+g.r.IntN(20_000)) * time.Microsecond)
		i := g.r.IntN(len(events))
		for j, part := range parts[i] {
			w.WriteString(part)
			if j == len(names[i]) {
				break
			}
			value := g.id
			switch names[i][j] {
			case "requestReceivedTimestamp":
				value = func() string { return stamp(g.at) }
			case "stageTimestamp":
				value = func() string { return stamp(end) }
			}
			fmt.Fprintf(w, `"%s":"%s"`, names[i][j], value())
		}
		if err := w.WriteByte('\n'); err != nil {
			return fmt.Errorf("write events: %w", err)
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write events: %w", err)
	}
	return f.Close()
}

// entropies are the Shannon entropies, in bits, of the fields of a log, its
// unique parts excepted.
func entropies(lines []string) (map[string]float64, error) {
	counts := map[string]map[string]int{}
	add := func(field string, v any) {
		b, _ := json.Marshal(v)
		if counts[field] == nil {
			counts[field] = map[string]int{}
		}
		counts[field][string(b)]++
	}
	for _, line := range lines {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			return nil, fmt.Errorf("read event: %w", err)
		}
		for _, field := range []string{"level", "stage", "requestURI", "verb", "sourceIPs", "userAgent", "requestObject", "responseObject"} {
			add(field, e[field])
		}
		for _, object := range []struct {
			name   string
			fields []string
		}{
			{"user", []string{"username", "groups"}}, {"objectRef", []string{"resource", "namespace", "name", "apiGroup", "subresource"}},
			{"responseStatus", []string{"code", "reason", "message"}}, {"annotations", []string{"authorization.k8s.io/decision", "authorization.k8s.io/reason"}},
		} {
			o, _ := e[object.name].(map[string]any)
			for _, field := range object.fields {
				add(object.name+"."+field, o[field])
			}
		}
	}
	out := map[string]float64{}
	for field, set := range counts {
		for _, n := range set {
			p := float64(n) / float64(len(lines))
			out[field] -= p * math.Log2(p)
		}
	}
	return out, nil
}

// compareEntropies fails where a field of the generated log differs by more than
// a tenth from the lab's, and gives the largest difference.
func compareEntropies(path string, sample int) (string, error) {
	lab, err := labEvents()
	if err != nil {
		return "", err
	}
	want, err := entropies(lab)
	if err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	var lines []string
	s := bufio.NewScanner(f)
	s.Buffer(nil, 16<<20)
	for s.Scan() && len(lines) < sample {
		lines = append(lines, s.Text())
	}
	if err := s.Err(); err != nil {
		return "", fmt.Errorf("read events: %w", err)
	}
	got, err := entropies(lines)
	if err != nil {
		return "", err
	}
	worst, at := 0.0, ""
	var fields []string
	for field := range want {
		fields = append(fields, field)
	}
	sort.Strings(fields)
	for _, field := range fields {
		w, g := want[field], got[field]
		d := math.Abs(w - g)
		if w > 0 {
			d /= w
		}
		if d > worst {
			worst, at = d, field
		}
	}
	if worst > 0.1 {
		return "", fmt.Errorf("compare entropies: %s has %.2f bits, the lab's log %.2f", at, got[at], want[at])
	}
	return fmt.Sprintf("%d fields, at most %.1f %% off the lab's log (%s: %.2f and %.2f bits)", len(fields), 100*worst, at, got[at], want[at]), nil
}
