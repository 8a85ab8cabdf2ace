package cli

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/postern-dev/postern/internal/finding"
	"github.com/postern-dev/postern/internal/posture"
	"github.com/postern-dev/postern/internal/report"
	"github.com/postern-dev/postern/internal/snapshot"
)

//go:embed scan_evidence.html
var evidenceHTML string

// evidence is what an auditor is handed: who looked at what, when, with which
// program, what was found, accepted and not known, and which demands of others
// each check answers.
type evidence struct {
	scanView
	Version, Digest, Page string
	Made                  time.Time
	Rows                  []evidenceRow
}

// evidenceRow is what one check said of one cluster, or of one object in it.
type evidenceRow struct {
	Check, Title, Cluster, Result string // passed, finding, waived, managed, unknown
	Severity                      finding.Severity
	What, References              string
}

// newEvidence puts together what every check said of every cluster. A check that
// said nothing of a cluster passed there.
func newEvidence(v scanView, checks []posture.Check, t *snapshot.Tenant, now time.Time) (evidence, error) {
	digest := sha256.New()
	if err := snapshot.EncodeTenant(digest, t, "postern "+buildVersion()); err != nil {
		return evidence{}, fmt.Errorf("write evidence: %w", err)
	}
	e := evidence{scanView: v, Version: buildVersion(), Digest: hex.EncodeToString(digest.Sum(nil)), Made: now.UTC()}
	for _, id := range v.Clusters {
		for _, c := range checks {
			var refs []string
			for _, r := range c.References {
				refs = append(refs, r.Scheme+" "+r.ID)
			}
			row := evidenceRow{Check: c.ID, Title: c.Title, Cluster: lastName(id), Severity: c.Severity, References: strings.Join(refs, "; ")}
			said := len(e.Rows)
			for _, f := range v.Findings {
				if f.Check == c.ID && f.Cluster == id {
					row.Result, row.Severity = strings.ReplaceAll(findingState(f), "open", "finding"), f.Severity
					row.What = strings.TrimSpace(f.Object + " " + f.What)
					if w := f.Waiver; w != nil {
						row.What += fmt.Sprintf(" (accepted by %s until %s: %s)", w.Approver, w.Expires.Add(-time.Second).UTC().Format(time.DateOnly), w.Reason)
					}
					e.Rows = append(e.Rows, row)
				}
			}
			for _, u := range v.Unknown {
				if u.Check == c.ID && u.Cluster == id {
					row.Result, row.What, row.Severity = "unknown", u.Why, u.Severity
					e.Rows = append(e.Rows, row)
				}
			}
			if len(e.Rows) == said {
				row.Result, row.What = "passed", ""
				e.Rows = append(e.Rows, row)
			}
		}
	}
	return e, nil
}

// html is the page: one file, no network, made to be printed.
func (e evidence) html() ([]byte, error) {
	page, err := template.New("evidence").Funcs(template.FuncMap{
		"clean": report.Clean, "time": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
	}).Parse(evidenceHTML)
	if err != nil {
		return nil, fmt.Errorf("write evidence: %w", err)
	}
	var b bytes.Buffer
	if err := page.Execute(&b, e); err != nil {
		return nil, fmt.Errorf("write evidence: %w", err)
	}
	return b.Bytes(), nil
}

// csv has a line for each row. Cells that a spreadsheet would take for a formula
// get an apostrophe before them.
func (e evidence) csv() ([]byte, error) {
	t := report.Table{Columns: report.Columns("MADE", "BY", "VERSION", "SNAPSHOT SHA256", "SNAPSHOT TAKEN", "CLUSTER", "CHECK", "WHAT SHOULD HOLD", "SEVERITY", "RESULT", "WHAT", "REFERENCES")}
	for _, r := range e.Rows {
		row := []string{e.Made.Format(time.RFC3339), e.Reader.Name, e.Version, e.Digest, e.Taken.UTC().Format(time.RFC3339), r.Cluster, r.Check, r.Title, string(r.Severity), r.Result, r.What, r.References}
		for i, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				row[i] = "'" + cell
			}
		}
		t.Rows = append(t.Rows, row)
	}
	var b bytes.Buffer
	err := t.CSV(&b)
	return b.Bytes(), err
}

// writeEvidence writes evidence.html and evidence.csv into a directory.
func (e *Env) writeEvidence(dir string, ev evidence) error {
	page, err := ev.html()
	if err != nil {
		return err
	}
	rows, err := ev.csv()
	if err != nil {
		return fmt.Errorf("write evidence: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("write evidence %s: %w", dir, reason(err))
	}
	err = errors.Join(os.WriteFile(filepath.Join(dir, "evidence.html"), page, 0o600), os.WriteFile(filepath.Join(dir, "evidence.csv"), rows, 0o600))
	if err != nil {
		return fmt.Errorf("write evidence %s: %w", dir, reason(err))
	}
	e.Say("evidence written to %s (evidence.html, evidence.csv), readable by you only", report.Clean(dir))
	return nil
}

// Count counts rows of a result.
func (e evidence) Count(result string) (n int) {
	for _, r := range e.Rows {
		if r.Result == result {
			n++
		}
	}
	return n
}

// Results are those there are, worst first.
func (e evidence) Results() (all []string) {
	for _, r := range []string{"finding", "unknown", "waived", "managed", "passed"} {
		if slices.ContainsFunc(e.Rows, func(row evidenceRow) bool { return row.Result == r }) {
			all = append(all, r)
		}
	}
	return all
}
