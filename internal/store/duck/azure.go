package duck

import (
	"fmt"

	"github.com/postern-dev/postern/kql/schema"
	"github.com/postern-dev/postern/kql/types"
)

// Columns of Azure's tables, in their order, as the table references list them
// (AzureDiagnostics: those of AKS records and the ones common to all).

type kustoColumn struct {
	name string
	kind types.Type
}

func azureDiagnosticsColumns() []kustoColumn {
	return []kustoColumn{
		{"TenantId", types.String}, {"TimeGenerated", types.DateTime}, {"ResourceId", types.String}, {"Category", types.String},
		{"ResourceGroup", types.String}, {"SubscriptionId", types.String}, {"ResourceProvider", types.String}, {"Resource", types.String},
		{"ResourceType", types.String}, {"OperationName", types.String}, {"ResultType", types.String}, {"CorrelationId", types.String},
		{"ResultDescription", types.String}, {"DurationMs", types.Long}, {"CallerIPAddress", types.String}, {"Level", types.String},
		{"log_s", types.String}, {"pod_s", types.String}, {"stream_s", types.String}, {"containerID_s", types.String},
		{"ccpNamespace_s", types.String}, {"Cloud_s", types.String}, {"Environment_s", types.String}, {"UnderlayClass_s", types.String},
		{"UnderlayName_s", types.String}, {"AdditionalFields", types.Dynamic}, {"SourceSystem", types.String}, {"Type", types.String},
		{"_ResourceId", types.String}, {"_SubscriptionId", types.String}, {"_TimeReceived", types.DateTime}, {"_BilledSize", types.Real},
		{"_IsBillable", types.String}, {"_ItemId", types.String},
	}
}

func aksAuditColumns() []kustoColumn {
	return []kustoColumn{
		{"TenantId", types.String}, {"TimeGenerated", types.DateTime}, {"Annotations", types.Dynamic}, {"AuditId", types.String},
		{"Level", types.String}, {"ObjectRef", types.Dynamic}, {"PodName", types.String}, {"RequestObject", types.Dynamic},
		{"RequestReceivedTime", types.DateTime}, {"RequestUri", types.String}, {"ResponseObject", types.Dynamic}, {"ResponseStatus", types.Dynamic},
		{"SourceIps", types.Dynamic}, {"Stage", types.String}, {"StageReceivedTime", types.DateTime}, {"User", types.Dynamic},
		{"UserAgent", types.String}, {"Verb", types.String}, {"SourceSystem", types.String}, {"Type", types.String},
		{"_ResourceId", types.String}, {"_SubscriptionId", types.String}, {"_BilledSize", types.Real}, {"_IsBillable", types.String},
	}
}

func controlPlaneColumns() []kustoColumn {
	return []kustoColumn{
		{"TenantId", types.String}, {"TimeGenerated", types.DateTime}, {"Category", types.String}, {"Level", types.String},
		{"Message", types.String}, {"PodName", types.String}, {"Stream", types.String}, {"SourceSystem", types.String},
		{"Type", types.String}, {"_ResourceId", types.String}, {"_SubscriptionId", types.String}, {"_BilledSize", types.Real},
		{"_IsBillable", types.String},
	}
}

// arm is a part of the ARM id that the cluster's name is, otherwise where it is
// only a name. A fleet's log is in AzureDiagnostics as well as a cluster's.
func arm(cluster string, part int, otherwise string) string {
	return fmt.Sprintf("CASE WHEN starts_with(%s, '/subscriptions/') THEN upper(split_part(%s, '/', %d)) ELSE %s END", cluster, cluster, part, otherwise)
}

// envelope is a member of a delivery's envelope as text.
func envelope(d, member string) string {
	return fmt.Sprintf("coalesce(%s(%s.envelope, %s), '')", docTextFunc, d, quote(member))
}

// diagnostics are the expressions of the Kusto columns that do not come from the
// event. d has the delivery, r the cluster.
func diagnostics(table, category, d, r string) map[string]string {
	cluster := r + ".cluster"
	return map[string]string{
		kusto("TenantId"):          "''",
		kusto("TimeGenerated"):     d + ".time",
		kusto("ResourceId"):        fmt.Sprintf("upper(CASE WHEN %s.resource_id <> '' THEN %s.resource_id ELSE %s END)", d, d, cluster),
		kusto("Category"):          category,
		kusto("ResourceGroup"):     fmt.Sprintf("CASE WHEN split_part(%s, '/', 4) = 'resourcegroups' THEN upper(split_part(%s, '/', 5)) ELSE '' END", cluster, cluster),
		kusto("SubscriptionId"):    "lower(" + arm(cluster, 3, "''") + ")",
		kusto("ResourceProvider"):  arm(cluster, 7, "'MICROSOFT.CONTAINERSERVICE'"),
		kusto("Resource"):          arm(cluster, 9, "upper("+cluster+")"),
		kusto("ResourceType"):      arm(cluster, 8, "'MANAGEDCLUSTERS'"),
		kusto("OperationName"):     fmt.Sprintf("coalesce(%s(%s.envelope, 'operationName'), 'Microsoft.ContainerService/managedClusters/diagnosticLogs/Read')", docTextFunc, d),
		kusto("ResultType"):        "''",
		kusto("CorrelationId"):     "''",
		kusto("ResultDescription"): "''",
		kusto("DurationMs"):        "CAST(NULL AS BIGINT)",
		kusto("CallerIPAddress"):   "''",
		kusto("Level"):             "''",
		kusto("pod_s"):             d + ".pod",
		kusto("stream_s"):          d + ".stream",
		kusto("containerID_s"):     d + ".container_id",
		kusto("ccpNamespace_s"):    envelope(d, "ccpNamespace"),
		kusto("Cloud_s"):           envelope(d, "Cloud"),
		kusto("Environment_s"):     envelope(d, "Environment"),
		kusto("UnderlayClass_s"):   envelope(d, "UnderlayClass"),
		kusto("UnderlayName_s"):    envelope(d, "UnderlayName"),
		kusto("AdditionalFields"):  fmt.Sprintf("%s(%s.envelope, 'properties')", docJSONFunc, d),
		kusto("SourceSystem"):      "'Azure'",
		kusto("Type"):              quote(table),
		kusto("_ResourceId"):       cluster,
		kusto("_SubscriptionId"):   "lower(" + arm(cluster, 3, "''") + ")",
		kusto("_TimeReceived"):     d + ".ingested",
		kusto("_BilledSize"):       "CAST(NULL AS DOUBLE)",
		kusto("_IsBillable"):       "''",
		kusto("_ItemId"):           "''",
	}
}

func azureDiagnostics() view {
	v := view{name: "kql_azure_diagnostics"}
	for _, c := range azureDiagnosticsColumns() {
		if c.name != "log_s" {
			v.columns = append(v.columns, kusto(c.name))
		}
	}
	v.columns = append(append(v.columns, docColumns()...), "cut")
	for _, c := range []struct{ category, show string }{{"'kube-audit'", "show_audit"}, {"'kube-audit-admin'", "show_admin"}} {
		v.branches = append(v.branches, eventBranches(c.show, func(d string, doc map[string]string) map[string]string {
			return with(doc, diagnostics("AzureDiagnostics", c.category, d, "e"))
		})...)
	}
	v.branches = append(v.branches, branch{lineTable + " l", with(with(lineDoc("l.text"), diagnostics("AzureDiagnostics", "l.category", "l", "l")), map[string]string{"cut": "false"})})
	return v
}

func azureDiagnosticsTable() *schema.Table {
	t := &schema.Table{Name: "AzureDiagnostics", Relation: azureDiagnostics().name}
	for _, c := range azureDiagnosticsColumns() {
		col := schema.Column{Name: c.name, Type: c.kind, Physical: kusto(c.name)}
		if c.name == "log_s" {
			col = schema.Column{Name: c.name, Type: c.kind, Built: &schema.Built{Func: eventFunc, Args: eventArgs(), Parsed: eventDocFunc}, Doc: eventDoc()}
		}
		t.Columns = append(t.Columns, col)
	}
	return t
}

func aksAudit(table, category, show string) view {
	v := view{name: "kql_" + snake(table)}
	for _, c := range aksAuditColumns() {
		v.columns = append(v.columns, kusto(c.name))
	}
	v.columns = append(v.columns, docColumns()...)
	v.branches = eventBranches(show, func(d string, doc map[string]string) map[string]string {
		m := with(doc, diagnostics(table, quote(category), d, "e"))
		for name, column := range map[string]string{"AuditId": "audit_id", "Level": "level", "RequestUri": "request_uri", "Stage": "stage", "UserAgent": "user_agent", "Verb": "verb"} {
			m[kusto(name)] = "coalesce(" + doc[column] + ", '')"
		}
		for name, column := range map[string]string{
			"Annotations": "annotations_json", "ObjectRef": "ref_json", "RequestObject": "request_object", "ResponseObject": "response_object", "ResponseStatus": "status_json",
			"SourceIps": "source_ips", "User": "user_json", "RequestReceivedTime": "received_ticks", "StageReceivedTime": "stage_ticks",
		} {
			m[kusto(name)] = doc[column]
		}
		m[kusto("PodName")] = d + ".pod"
		return m
	})
	return v
}

func aksAuditTable(name string) *schema.Table {
	doc := eventDoc().Fields
	docs := map[string]*schema.Node{
		"Annotations": doc["annotations"], "ObjectRef": doc["objectRef"], "RequestObject": doc["requestObject"], "ResponseObject": doc["responseObject"],
		"ResponseStatus": doc["responseStatus"], "SourceIps": doc["sourceIPs"], "User": doc["user"],
	}
	t := &schema.Table{Name: name, Relation: "kql_" + snake(name)}
	for _, c := range aksAuditColumns() {
		t.Columns = append(t.Columns, schema.Column{Name: c.name, Type: c.kind, Physical: kusto(c.name), Doc: docs[c.name]})
	}
	return t
}

// controlPlane has the text categories. What Azure takes for Level is not
// published: it is read from the klog header.
func controlPlane() view {
	v := view{name: "kql_aks_control_plane"}
	for _, c := range controlPlaneColumns() {
		v.columns = append(v.columns, kusto(c.name))
	}
	v.branches = []branch{{lineTable + " l", with(diagnostics("AKSControlPlane", "l.category", "l", "l"), map[string]string{
		kusto("Level"):   "CASE regexp_extract(l.text, '^([IWEF])[0-9]{4} ', 1) WHEN 'I' THEN 'INFO' WHEN 'W' THEN 'WARNING' WHEN 'E' THEN 'ERROR' WHEN 'F' THEN 'FATAL' ELSE '' END",
		kusto("Message"): "l.text",
		kusto("PodName"): "l.pod",
		kusto("Stream"):  "l.stream",
	})}}
	return v
}

func controlPlaneTable() *schema.Table {
	t := &schema.Table{Name: "AKSControlPlane", Relation: controlPlane().name}
	for _, c := range controlPlaneColumns() {
		t.Columns = append(t.Columns, schema.Column{Name: c.name, Type: c.kind, Physical: kusto(c.name)})
	}
	return t
}

// snake spells a table's name as a relation.
func snake(name string) string {
	return map[string]string{"AKSAudit": "aks_audit", "AKSAuditAdmin": "aks_audit_admin"}[name]
}
