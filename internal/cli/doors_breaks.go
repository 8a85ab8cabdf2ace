package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/postern-dev/postern/internal/doors"
	"github.com/postern-dev/postern/internal/store/duck"
	"github.com/postern-dev/postern/internal/store/serve"
	"github.com/postern-dev/postern/kql"
)

// sharedUsesKQL asks the audit log who used the shared account. Times are text,
// so that they need no type of their own here.
const sharedUsesKQL = `Events
| where Username in ('masterclient', 'clusterAdmin', 'clusterUser') and Stage !in ('RequestReceived', 'ResponseStarted')
| extend At = coalesce(StageTime, TimeGenerated)
| where At >= datetime(%[1]s)
| extend Address = tostring(SourceIPs[0])
| summarize First = min(At), Last = max(At), Count = count() by Cluster, Username, UserAgent, Address
| project Cluster, Username, UserAgent, Address, First = tostring(First), Last = tostring(Last), Count`

// coveredKQL asks which clusters the log speaks of at all.
const coveredKQL = `Events | where TimeGenerated >= datetime(%[1]s) | summarize First = min(TimeGenerated) by Cluster | project Cluster, First = tostring(First)`

// sharedUses are the uses of the shared account that the audit log holds. That
// there is none to ask is not an error: it is not examined, and said.
func (e *Env) sharedUses(ctx context.Context, r *doors.Report, since time.Time) ([]doors.Use, []doors.Gap) {
	none := func(why string) ([]doors.Use, []doors.Gap) {
		return nil, []doors.Gap{{What: "the audit log: who uses the shared account", Why: why, Needs: "postern ingest --from …", Always: true}}
	}
	reader, err := serve.Open(ctx, e.StoreURL(), serve.Options{Now: e.Now})
	switch {
	case errors.Is(err, serve.ErrNoStore):
		return none("there is no store of events")
	case err != nil:
		return none(err.Error())
	}
	defer reader.Close()
	from := since.UTC().Format(time.RFC3339)
	covered, err := e.rows(ctx, reader, fmt.Sprintf(coveredKQL, from))
	if err != nil {
		return none(err.Error())
	}
	found, err := e.rows(ctx, reader, fmt.Sprintf(sharedUsesKQL, from))
	if err != nil {
		return none(err.Error())
	}
	if len(covered) == 0 {
		return none("the store has no events since " + from)
	}
	var uses []doors.Use
	for _, row := range found {
		u := doors.Use{Cluster: textOf(row[0]), Account: textOf(row[1]), Agent: textOf(row[2]), Address: textOf(row[3])}
		u.First, _ = time.Parse(time.RFC3339Nano, textOf(row[4]))
		u.Last, _ = time.Parse(time.RFC3339Nano, textOf(row[5]))
		n, _ := row[6].(int64)
		u.Count = int(n)
		uses = append(uses, u)
	}
	seen := map[string]bool{}
	for _, row := range covered {
		seen[strings.ToLower(textOf(row[0]))] = true
	}
	var without []string
	for _, c := range r.Clusters {
		if !seen[strings.ToLower(c.ID)] && !seen[strings.ToLower(c.Name)] {
			without = append(without, c.Name)
		}
	}
	var gaps []doors.Gap
	if len(without) > 0 {
		gaps = append(gaps, doors.Gap{What: "the audit log: who uses the shared account of " + few(without, ", "), Why: "the store has no events of it since " + from, Needs: "postern ingest --from … --cluster NAME", Always: true})
	}
	return uses, gaps
}

func (e *Env) rows(ctx context.Context, r serve.Reader, query string) (all [][]any, err error) {
	now := ticksOf(e.Now())
	if _, err := kql.Compile(duck.Catalog(), query, kql.Options{Now: now}); err != nil {
		return nil, fmt.Errorf("BUG: %w", err)
	}
	rows, err := r.Query(ctx, serve.Question{KQL: query, Now: now})
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next(ctx) {
		all = append(all, append([]any(nil), rows.Row()...))
	}
	return all, rows.Err()
}

func textOf(v any) string {
	s, _ := v.(string)
	return s
}
