package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/postern-dev/postern/audit"
	"github.com/postern-dev/postern/internal/posture"
	"github.com/postern-dev/postern/internal/store/serve"
)

// usesKQL asks the audit log where client certificates and cluster administrators
// without an Entra identity came from. Those of the cluster itself are left out.
// Times are text, so that they need no type of their own here.
const usesKQL = `Events
| where Stage !in ('RequestReceived', 'ResponseStarted')
| extend At = coalesce(StageTime, TimeGenerated)
| where At between (datetime(%[1]s) .. datetime(%[2]s))
| extend Credential = tostring(UserExtra['authentication.kubernetes.io/credential-id'][0]), Address = tostring(SourceIPs[0])
| where Username in ('masterclient', 'clusterAdmin', 'clusterUser') or Credential startswith 'X509SHA256=' or tostring(Groups) contains '"system:masters"'
| where not(Username startswith 'system:node:') and not(Username startswith 'system:kube-') and not(Username startswith 'system:apiserver') and Username !in ('aksService', 'nodeclient')
| summarize First = min(At), Last = max(At), Count = count() by Cluster, Username, Credential, UserAgent, Address
| project Cluster, Username, Credential, UserAgent, Address, First = tostring(First), Last = tostring(Last), Count`

// scanLog is what the audit log says between two times. That there is no store is
// not an error: the checks that ask it then say unknown.
func (e *Env) scanLog(ctx context.Context, since, until time.Time) *posture.Log {
	log := &posture.Log{Since: since, Until: until}
	unread := func(err error) *posture.Log {
		return &posture.Log{Since: since, Until: until, Unread: err.Error()}
	}
	reader, err := serve.Open(ctx, e.StoreURL(), serve.Options{Now: e.Now})
	switch {
	case errors.Is(err, serve.ErrNoStore):
		return unread(errors.New("there is no store of events"))
	case err != nil:
		return unread(err)
	}
	defer reader.Close()
	covered, err := reader.Coverage(ctx, ticksOf(since), ticksOf(until))
	if err != nil {
		return unread(err)
	}
	for _, c := range covered {
		log.Coverage = append(log.Coverage, posture.Covered{Cluster: c.Cluster, Category: c.Category, From: audit.Ticks(c.From).Time(), To: audit.Ticks(c.To).Time()})
	}
	rows, err := e.rows(ctx, reader, fmt.Sprintf(usesKQL, since.UTC().Format(time.RFC3339), until.UTC().Format(time.RFC3339)))
	if err != nil {
		return unread(err)
	}
	for _, row := range rows {
		u := posture.Use{Cluster: textOf(row[0]), User: textOf(row[1]), Credential: textOf(row[2]), Agent: textOf(row[3]), Address: textOf(row[4])}
		u.First, _ = time.Parse(time.RFC3339Nano, textOf(row[5]))
		u.Last, _ = time.Parse(time.RFC3339Nano, textOf(row[6]))
		n, _ := row[7].(int64)
		u.Count = int(n)
		log.Uses = append(log.Uses, u)
	}
	return log
}
