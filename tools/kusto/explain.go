package kusto

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"
)

// Explained is a line of docs/kql-oracle.jsonl: a query whose verdict differs,
// how, and why that is right. The key makes it void once the query changes.
type Explained struct {
	ID    string `json:"id"`
	Query string `json:"query"`
	What  string `json:"what"`
	Why   string `json:"why"`
}

// recorded marks the names of queries that are not part of the repository.
const recorded = "recorded/"

// ReadExplained reads the list.
func ReadExplained(path string) ([]Explained, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read explanations: %w", err)
	}
	var out []Explained
	for i, line := range bytes.Split(bytes.TrimSpace(text), []byte("\n")) {
		if len(line) == 0 {
			continue // the list is empty
		}
		var e Explained
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&e); err != nil || e.ID == "" || e.Query == "" || e.What == "" {
			return nil, fmt.Errorf("read explanations: %s:%d wants id, query, what and why: %w", path, i+1, err)
		}
		out = append(out, e)
	}
	return out, nil
}

// WriteExplained writes the list, sorted.
func WriteExplained(path string, list []Explained) error {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	sort.Slice(list, func(i, j int) bool {
		return list[i].ID+" "+list[i].Query < list[j].ID+" "+list[j].Query
	})
	for _, x := range list {
		if err := e.Encode(x); err != nil {
			return fmt.Errorf("write explanations: %w", err)
		}
	}
	return os.WriteFile(path, out.Bytes(), 0o644)
}

// Judge holds the differences that were found against the explained ones. The
// faults: a difference nobody explains, one explained otherwise, an explanation
// without reason or without difference. An explanation of a recorded query is
// let be where the recorded queries were not asked.
func Judge(found, explained []Explained, withRecorded bool) (faults []string) {
	by := map[string]Explained{}
	for _, e := range explained {
		key := e.ID + " " + e.Query
		if _, twice := by[key]; twice {
			faults = append(faults, key+": explained twice")
		}
		by[key] = e
	}
	for _, f := range found {
		key := f.ID + " " + f.Query
		e, ok := by[key]
		delete(by, key)
		switch {
		case !ok:
			faults = append(faults, key+": not explained: "+f.What)
		case e.What != f.What:
			faults = append(faults, key+": now "+f.What+"\n\twas "+e.What)
		case strings.TrimSpace(e.Why) == "":
			faults = append(faults, key+": no reason given: "+f.What)
		}
	}
	for key, e := range by {
		if withRecorded || !strings.HasPrefix(e.ID, recorded) {
			faults = append(faults, key+": explained, but no difference: "+e.What)
		}
	}
	sort.Strings(faults)
	return faults
}

// Merge is the list anew: what was found with the reasons known so far, which
// are left empty where there is none.
func Merge(found, explained []Explained, withRecorded bool) []Explained {
	why := map[string]string{}
	var out []Explained
	for _, e := range explained {
		why[e.ID+" "+e.Query] = e.Why
		if !withRecorded && strings.HasPrefix(e.ID, recorded) {
			out = append(out, e)
		}
	}
	for _, f := range found {
		f.Why = why[f.ID+" "+f.Query]
		out = append(out, f)
	}
	return out
}
