package duck

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"

	"github.com/postern-dev/postern/audit/aks"
	"github.com/postern-dev/postern/kql/schema"
	"github.com/postern-dev/postern/kql/types"
)

// The Activity Log: a table of its own, which like those of snapshots came later
// than the schema's version 1 and is made beside the views. Its records are few;
// their columns are read from the text when they are asked for.

const activityTable = "activity"

func activityColumns() []column {
	return []column{
		{"subscription", "VARCHAR NOT NULL"}, // /subscriptions/ID
		{"hash", "UBIGINT NOT NULL"},
		{"source", "VARCHAR NOT NULL"},
		{"source_offset", "BIGINT NOT NULL"},
		{"time", "BIGINT NOT NULL"},
		{"resource_id", "VARCHAR NOT NULL"},
		{"text", "VARCHAR NOT NULL"},
		{"raw", "BLOB"}, // where the bytes are not UTF-8
		{"ingested", "BIGINT NOT NULL"},
	}
}

// createActivity makes the table where it is not there.
func createActivity() string {
	return "CREATE TABLE IF NOT EXISTS" + createTable(activityTable, activityColumns())[len("CREATE TABLE"):]
}

func activityRow(it *item, now int64) []driver.Value {
	r := it.rec
	text, raw := varchar(it.text)
	return []driver.Value{r.Cluster, it.hash, r.Source, r.Offset, it.time, r.ResourceID, text, blob(raw), now}
}

// knownActivity reads which of the batch's records the store has.
func knownActivity(ctx context.Context, conn *sql.Conn, into map[uint64]bool, first, last int64) error {
	return hashes(ctx, conn, into, "SELECT hash FROM "+activityTable+" WHERE time BETWEEN ? AND ? AND hash IN (SELECT hash FROM batch_key)", first, last)
}

// azureActivityColumns are those of Azure's table reference. Those without an
// expression are the ones it does not describe any more (their successors end in
// Value), or a workspace's own facts.
func azureActivityColumns() []ownColumn {
	member := func(path string) string {
		return fmt.Sprintf("coalesce(%s(t.text, %s), '')", docTextFunc, docPath{path: path}.args())
	}
	doc := func(path string) string {
		return fmt.Sprintf("%s(t.text, %s)", docJSONFunc, docPath{path: path}.args())
	}
	part := func(n int) string { return fmt.Sprintf("split_part(t.resource_id, '/', %d)", n) }
	named := func(name string, at int) string {
		return fmt.Sprintf("CASE WHEN lower(%s) = '%s' THEN %s ELSE '' END", part(at), name, part(at+1))
	}
	const none = "''"
	str := func(name, expr string) ownColumn { return ownColumn{name, types.String, expr} }
	subscription := "lower(" + part(3) + ")"
	provider := fmt.Sprintf("CASE WHEN lower(%s) = 'providers' THEN upper(%s) ELSE upper(%s) END", part(4), part(5), named("providers", 6))
	return []ownColumn{
		str("TenantId", none), str("SourceSystem", "'Azure'"), {"TimeGenerated", types.DateTime, "t.time"},
		str("ActivityStatus", none), str("ActivityStatusValue", member("resultType")), str("ActivitySubstatus", none), str("ActivitySubstatusValue", member("resultSignature")),
		str("Authorization", member("identity authorization")), {"Authorization_d", types.Dynamic, doc("identity authorization")},
		str("Caller", fmt.Sprintf("coalesce(%s(t.text, %s), %s(t.text, %s), '')", docTextFunc, docPath{path: "identity claims " + aks.UPNClaim}.args(), docTextFunc, docPath{path: "identity claims " + aks.ObjectIDClaim}.args())),
		str("CallerIpAddress", member("callerIpAddress")), str("Category", none),
		str("CategoryValue", fmt.Sprintf("coalesce(%s(t.text, %s), 'Administrative')", docTextFunc, docPath{path: "properties eventCategory"}.args())),
		str("Claims", member("identity claims")), {"Claims_d", types.Dynamic, doc("identity claims")},
		str("CorrelationId", member("correlationId")), str("EventDataId", member("properties eventDataId")), {"EventSubmissionTimestamp", types.DateTime, "CAST(NULL AS BIGINT)"},
		str("Hierarchy", member("properties hierarchy")), str("HTTPRequest", none), str("Level", member("level")), str("OperationId", member("properties operationId")),
		str("OperationName", none), str("OperationNameValue", member("operationName")), str("Properties", member("properties")), {"Properties_d", types.Dynamic, doc("properties")},
		str("Resource", none), str("ResourceGroup", named("resourcegroups", 4)), str("ResourceId", none), str("ResourceProvider", none), str("ResourceProviderValue", provider),
		str("SubscriptionId", subscription), str("Type", "'AzureActivity'"), str("_ResourceId", "lower(t.resource_id)"), str("_SubscriptionId", subscription),
		{"_BilledSize", types.Real, "CAST(NULL AS DOUBLE)"}, str("_IsBillable", none),
	}
}

func azureActivityView() view {
	v := view{name: "kql_azure_activity"}
	m := map[string]string{}
	for _, c := range azureActivityColumns() {
		v.columns = append(v.columns, kusto(c.name))
		m[kusto(c.name)] = c.expr
	}
	v.branches = []branch{{activityTable + " t", m}}
	return v
}

func azureActivityTable() *schema.Table {
	return ownTable("AzureActivity", azureActivityView().name, azureActivityColumns())
}
