package tour

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// documentQuery is the article's query, unchanged.
//
//go:embed document.kql
var documentQuery []byte

const (
	storageAccount = "labaudit"
	podName        = "nginx"
	// deliveryTime is how long the lab's exporter may take. Azure's takes
	// minutes.
	deliveryTime = 15 * time.Second
)

// auditLog: the diagnostic setting, two attempts, and the article's query.
func (w *walk) auditLog(ctx context.Context, t *transcript) error {
	storage := "/subscriptions/" + w.lab.SubscriptionID + "/resourceGroups/" + w.lab.ResourceGroup + "/providers/Microsoft.Storage/storageAccounts/" + storageAccount
	a, err := w.owner.azure.routeLogs(ctx, t, "tour", storage, "kube-audit-admin")
	if err := a.must("make diagnostic setting", err); err != nil {
		return err
	}
	t.means("the cluster's kube-audit-admin category (no get, no list) now goes to a storage account")
	if err := w.reach(ctx, t, "logs routed"); err != nil {
		return err
	}
	for _, p := range []*person{w.hshahin, w.testUser} {
		if err := p.fetch(ctx, t); err != nil { // the CA may have been rotated
			return err
		}
	}
	if err := w.asAdmin(ctx, t, "run", podName, "--image=nginx"); err != nil {
		return err
	}
	if err := w.testUser.forbidden(ctx, t, "run", podName, "--image=nginx"); err != nil {
		return err
	}
	t.means("hshahin made a pod, test-user was refused; now the log is asked")
	file := w.hshahin.file("document.kql")
	if err := os.WriteFile(file, documentQuery, 0o600); err != nil {
		return fmt.Errorf("write query: %w", err)
	}
	if err := w.ingested(ctx, t); err != nil {
		return err
	}
	if err := w.asTable(ctx, t); err != nil {
		return err
	}
	return w.typedColumns(ctx, t)
}

// query are the arguments of the article's query over the tour's own store.
func query(more ...string) []string {
	return append([]string{"query", "--store", "duckdb:tour.db", "--query-file", "document.kql"}, more...)
}

// ingested reads the storage account until both attempts are there, then
// checks what the query says of them.
func (w *walk) ingested(ctx context.Context, t *transcript) error {
	from := "azure-storage:" + filepath.Join(w.lab.Storage, storageAccount)
	args := []string{"ingest", "--store", "duckdb:tour.db", "--from", from}
	t.command(w.hshahin.short, shellLine("postern", args))
	t.command(w.hshahin.short, shellLine("postern", query("-o", "json")))
	var last reply
	var found []row
	err := eventually(ctx, deliveryTime, func() (err error) {
		if last, err = w.hshahin.product(ctx, args...); err != nil {
			return err
		}
		answer, err := w.hshahin.product(ctx, query("-o", "json")...)
		if err != nil {
			return err
		}
		found, err = w.attempts(answer.Stdout)
		return err
	})
	t.output(last.text())
	for _, r := range found {
		t.output(r.String())
	}
	if err != nil {
		return err
	}
	t.means("the article's query, unchanged: hshahin's create was allowed, 201, with their groups; test-user's was forbidden, 403")
	return nil
}

// product runs postern and insists that it ends well.
func (p *person) product(ctx context.Context, args ...string) (reply, error) {
	exe, err := p.lab.program("postern")
	if err != nil {
		return reply{}, err
	}
	r, err := execute(ctx, p.dir, p.posternEnv(), nil, exe, args...)
	if err == nil && !r.ok() {
		err = fmt.Errorf("%s: exit %d: %s", shellLine("postern", args), r.Exit, firstLine(r.Stderr))
	}
	return r, err
}

// row is one row of the article's query.
type row struct {
	TimeGenerated, Category, HttpMethod, ResponseCode, Authorized, User, Groups string
	Event                                                                       struct {
		ObjectRef struct{ Resource, Namespace, Name string }
	}
}

func (r row) String() string {
	return strings.Join([]string{r.TimeGenerated, r.Category, r.HttpMethod, r.ResponseCode, r.Authorized, r.User, r.Groups}, "  ")
}

// rows decodes the query's JSON by column name.
func rows(text string) ([]row, error) {
	var answer struct {
		Tables []struct {
			Name    string
			Columns []struct{ Name, Type string }
			Rows    [][]json.RawMessage
		}
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		return nil, fmt.Errorf("read query result: %w", err)
	}
	if len(answer.Tables) == 0 {
		return nil, fmt.Errorf("read query result: no table in it")
	}
	table := answer.Tables[0]
	var out []row
	for _, cells := range table.Rows {
		object := map[string]json.RawMessage{}
		for i, c := range table.Columns {
			object[c.Name] = cells[i]
		}
		b, err := json.Marshal(object)
		if err != nil {
			return nil, fmt.Errorf("read query result: %w", err)
		}
		var r row
		if err := json.Unmarshal(b, &r); err != nil {
			return nil, fmt.Errorf("read query result: %w", err)
		}
		out = append(out, r)
	}
	return out, nil
}

// attempts picks the two attempts to create the pod and judges them.
func (w *walk) attempts(text string) ([]row, error) {
	all, err := rows(text)
	if err != nil {
		return nil, err
	}
	var allowed, refused []row
	for _, r := range all {
		ref := r.Event.ObjectRef
		if r.Category != "kube-audit-admin" {
			return nil, fmt.Errorf("the query shows a record of category %s", r.Category)
		}
		if r.HttpMethod != "create" || ref.Resource != "pods" || ref.Namespace != "default" {
			continue
		}
		switch r.User {
		case w.hshahin.UPN:
			allowed = append(allowed, r)
		case w.testUser.UPN:
			refused = append(refused, r)
		}
	}
	found := append(allowed, refused...)
	switch {
	case len(allowed) != 1 || len(refused) != 1:
		return found, fmt.Errorf("the query shows %d creates of pods by hshahin and %d by test-user among %d rows, not one each", len(allowed), len(refused), len(all))
	case allowed[0].ResponseCode != "201" || allowed[0].Authorized != "allow":
		return found, fmt.Errorf("hshahin's create shows as %s %s, not 201 allow", allowed[0].ResponseCode, allowed[0].Authorized)
	case refused[0].ResponseCode != "403" || refused[0].Authorized != "forbid":
		return found, fmt.Errorf("test-user's create shows as %s %s, not 403 forbid", refused[0].ResponseCode, refused[0].Authorized)
	}
	for _, r := range found {
		p := w.hshahin
		if r.User == w.testUser.UPN {
			p = w.testUser
		}
		if err := w.groupsShown(p, r.Groups); err != nil {
			return found, err
		}
	}
	return found, nil
}

// groupsShown checks the Groups column: a JSON array with every group id.
func (w *walk) groupsShown(p *person, column string) error {
	var ids []string
	if err := json.Unmarshal([]byte(column), &ids); err != nil {
		return fmt.Errorf("the Groups column is not a JSON array: %s", column)
	}
	have := map[string]bool{}
	for _, id := range ids {
		have[id] = true
	}
	for _, g := range w.lab.groupsOf(p.User) {
		if !have[g.ID] {
			return fmt.Errorf("the Groups column of %s lacks %s (%s)", p.short, g.ID, g.DisplayName)
		}
	}
	return nil
}

// asTable runs the query as a person would and finds both lines.
func (w *walk) asTable(ctx context.Context, t *transcript) error {
	p := w.hshahin
	t.command(p.short, shellLine("postern", query()))
	r, err := p.product(ctx, query()...)
	if err != nil {
		return err
	}
	header, _, _ := strings.Cut(r.Stdout, "\n")
	shown := []string{header}
	for _, want := range [][]string{{"create", "201", "allow", w.hshahin.UPN}, {"create", "403", "forbid", w.testUser.UPN}} {
		line := lineWith(r.Stdout, want)
		if line == "" {
			t.output(r.text())
			return fmt.Errorf("the table has no line with %s", strings.Join(want, " "))
		}
		shown = append(shown, line)
	}
	t.output(strings.Join(shown, "\n"))
	return nil
}

func lineWith(text string, words []string) string {
	for line := range strings.SplitSeq(text, "\n") {
		fields := strings.Fields(line)
		n := 0
		for _, f := range fields {
			if n < len(words) && f == words[n] {
				n++
			}
		}
		if n == len(words) {
			return line
		}
	}
	return ""
}
