package cli

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/postern-dev/postern/audit/aks"
	"github.com/postern-dev/postern/internal/report"
	"github.com/postern-dev/postern/internal/store"
	"github.com/postern-dev/postern/internal/store/serve"
)

// What an answer can speak of: after the rows query says what the store covers,
// and how many records were cut before they arrived, whose paths are null.

// coveragePatience bounds what is spent on this, however large the store: the
// answer is already there.
const coveragePatience = 5 * time.Second

// maxClusterLines is the number of clusters that get a line each.
const maxClusterLines = 3

// Coverage of a database without tables: it has none.
func (s scratch) Coverage(context.Context, int64, int64) ([]store.Coverage, error) { return nil, nil }

// sayCoverage speaks of the store on stderr. That it could not be read is said
// too and does not make the query fail.
func sayCoverage(ctx context.Context, env *Env, r serve.Reader, q serve.Question, tables []string) {
	if tables = slices.DeleteFunc(slices.Clone(tables), ofSnapshots); env.Flags.Quiet || len(tables) == 0 {
		return
	}
	ctx, cancel := context.WithTimeoutCause(ctx, coveragePatience, fmt.Errorf("no answer within %s", coveragePatience))
	defer cancel()
	all, err := r.Coverage(ctx, 0, math.MaxInt64)
	if err != nil {
		sayUncovered(ctx, env, err)
		return
	}
	if len(all) == 0 {
		env.Say("covers nothing: the store has no records of any category")
		env.Hint("postern ingest fills it; what it could not understand: postern query 'DeadLetters'")
		return
	}
	seen := coverageOf(all, tables)
	if len(seen) == 0 {
		env.Say("the store has no records that %s would show", strings.Join(tables, ", "))
		seen = all
	}
	for _, line := range coverageLines(seen) {
		env.Say("covers %s", line)
	}
	where := "in the store"
	if span, ok := askedSpan(ctx, r, q, tables); ok && (span.from > earliest(seen) || span.to < latest(seen)) {
		part, err := r.Coverage(ctx, span.from, span.to)
		if err != nil {
			sayUncovered(ctx, env, err)
			return
		}
		seen, where = coverageOf(part, tables), "in the query's time range"
		if len(seen) == 0 {
			env.Say("none of it is in the query's time range, %s", span)
			return
		}
		sayCut(env, seen, tables, where, "Events | where Partial and TimeGenerated "+span.kql())
		return
	}
	sayCut(env, seen, tables, where, "Events | where Partial")
}

// ofSnapshots are the tables that hold no events: each row says when it was read.
func ofSnapshots(table string) bool {
	return slices.Contains([]string{"Principals", "Bindings", "RoleAssignments"}, table)
}

func sayUncovered(ctx context.Context, env *Env, err error) {
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	env.Say("what the store covers is not known: %v", err)
}

// sayCut says how many records the tables have without their paths.
func sayCut(env *Env, seen []store.Coverage, tables []string, where, kql string) {
	if !slices.ContainsFunc(tables, func(t string) bool { return len(azureAudit(t)) > 0 }) {
		return // Events has what was salvaged
	}
	cut := map[string]int64{}
	var words []string
	for _, c := range seen {
		cut[c.Category] += c.Cut
	}
	var sum int64
	for _, category := range sortedKeys(cut) {
		if n := cut[category]; n > 0 {
			sum += n
			words = append(words, category+" "+grouped(n))
		}
	}
	if sum == 0 {
		return
	}
	env.Say("%s cut %s %s, no field of which this query sees (%s)", grouped(sum), plural(sum, "record"), where, strings.Join(words, ", "))
	env.Hint("what was salvaged of them: postern query '%s'", kql)
}

// azureAudit are the audit categories that a table shows as Azure does, cut
// records without their paths.
func azureAudit(table string) []string {
	switch table {
	case "AzureDiagnostics":
		return []string{"kube-audit", "kube-audit-admin"}
	case "AKSAudit":
		return []string{"kube-audit"}
	case "AKSAuditAdmin":
		return []string{"kube-audit-admin"}
	}
	return nil
}

// coverageOf leaves the categories the tables show.
func coverageOf(all []store.Coverage, tables []string) []store.Coverage {
	var out []store.Coverage
	for _, c := range all {
		activity := c.Category == string(aks.Activity)
		audit := c.Category == "kube-audit" || c.Category == "kube-audit-admin"
		if slices.ContainsFunc(tables, func(table string) bool {
			switch table {
			case "AzureActivity":
				return activity
			case "AKSAudit", "AKSAuditAdmin":
				return azureAudit(table)[0] == c.Category
			case "AKSControlPlane":
				return !audit && !activity
			case "Events", "Deliveries":
				return audit
			}
			return !activity
		}) {
			out = append(out, c)
		}
	}
	return out
}

// coverageLines are a line a cluster, or one for many clusters.
func coverageLines(list []store.Coverage) []string {
	by := map[string][]store.Coverage{}
	for _, c := range list {
		by[c.Cluster] = append(by[c.Cluster], c)
	}
	clusters := sortedKeys(by)
	if len(clusters) > maxClusterLines {
		return []string{fmt.Sprintf("%d clusters: %s", len(clusters), categoriesLine(list))}
	}
	var lines []string
	for _, cluster := range clusters {
		what := "cluster"
		if aks.SubscriptionOf(cluster) == cluster && cluster != "" {
			what = "subscription" // of the Activity Log
		}
		lines = append(lines, fmt.Sprintf("%s %s: %s", what, shortCluster(cluster, clusters), categoriesLine(by[cluster])))
	}
	return lines
}

// shortCluster is the last part of an ARM id where no other cluster shares it.
func shortCluster(cluster string, all []string) string {
	last := func(c string) string { return c[strings.LastIndexByte(c, '/')+1:] }
	for _, other := range all {
		if other != cluster && last(other) == last(cluster) {
			return report.Clean(cluster)
		}
	}
	return report.Clean(last(cluster))
}

// categoriesLine says each audit category for itself; those of text together
// where they are several.
func categoriesLine(list []store.Coverage) string {
	sums := map[string]store.Coverage{}
	add := func(name string, c store.Coverage) {
		sum, ok := sums[name]
		if !ok {
			sum = store.Coverage{From: c.From, To: c.To}
		}
		sum.From, sum.To = min(sum.From, c.From), max(sum.To, c.To)
		sum.Rows, sum.Cut = sum.Rows+c.Rows, sum.Cut+c.Cut
		sums[name] = sum
	}
	text := map[string]bool{}
	for _, c := range list {
		if !strings.HasPrefix(c.Category, "kube-audit") && c.Category != string(aks.Activity) {
			text[c.Category] = true
		}
	}
	for _, c := range list {
		name := c.Category
		if text[name] && len(text) > 1 {
			name = fmt.Sprintf("%d other categories", len(text))
		}
		add(report.Clean(name), c)
	}
	var parts []string
	names := sortedKeys(sums)
	slices.SortStableFunc(names, func(a, b string) int { // audit first
		return cmp.Compare(strings.Index(a, "kube-audit"), strings.Index(b, "kube-audit")) * -1
	})
	for _, name := range names {
		c := sums[name]
		unit := plural(c.Rows, "line")
		switch {
		case strings.HasPrefix(name, "kube-audit"):
			unit = plural(c.Rows, "event")
		case name == string(aks.Activity):
			unit = plural(c.Rows, "record")
		}
		count := grouped(c.Rows) + " " + unit
		if c.Cut > 0 {
			count += ", " + grouped(c.Cut) + " of them cut"
		}
		parts = append(parts, fmt.Sprintf("%s %s (%s)", name, tickSpan{c.From, c.To}, count))
	}
	return strings.Join(parts, ", ")
}

func earliest(list []store.Coverage) int64 {
	return slices.MinFunc(list, func(a, b store.Coverage) int { return cmp.Compare(a.From, b.From) }).From
}

func latest(list []store.Coverage) int64 {
	return slices.MaxFunc(list, func(a, b store.Coverage) int { return cmp.Compare(a.To, b.To) }).To
}

func plural(n int64, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// grouped is a number with a comma every three digits.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
