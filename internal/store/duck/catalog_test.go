package duck

import (
	"fmt"
	"strings"
	"testing"

	"github.com/postern-dev/postern/internal/store"
	"github.com/postern-dev/postern/kql/schema"
	"github.com/postern-dev/postern/kql/types"
)

// Every column, argument and path of the catalog is there in its relation, with
// the engine's type that the compiler takes it to have.
func TestCatalogFitsTheViews(t *testing.T) {
	s := open(t, "")
	physical := map[types.Type]string{
		types.String: "VARCHAR", types.Dynamic: "VARCHAR", types.DateTime: "BIGINT", types.Long: "BIGINT", types.Int: "INTEGER", types.Real: "DOUBLE", types.Bool: "BOOLEAN",
	}
	functions := map[string][]types.Type{}
	for _, f := range engineFunctions() {
		functions[f.Name] = f.Args
	}
	for _, table := range s.Catalog().Tables {
		have := map[string]string{}
		for _, row := range ask(t, s, "SELECT column_name, column_type FROM (DESCRIBE "+table.Relation+")") {
			name, kind, _ := strings.Cut(row, "\t")
			have[name] = kind
		}
		check := func(what, column string, kind types.Type) {
			if want := physical[kind]; have[column] != want {
				t.Errorf("%s: %s is held in %s of type %q, want %s", table.Name, what, column, have[column], want)
			}
		}
		var walk func(path string, n *schema.Node)
		walk = func(path string, n *schema.Node) {
			if n.Physical != "" {
				check(path, n.Physical, n.Type)
			}
			for name, f := range n.Fields {
				walk(path+"."+name, f)
			}
		}
		for _, c := range table.Columns {
			if (c.Physical == "") == (c.Built == nil) {
				t.Errorf("%s.%s: exactly one of Physical and Built must be set", table.Name, c.Name)
			}
			if c.Doc != nil {
				walk(c.Name, c.Doc)
			}
			if c.Built == nil {
				check(c.Name, c.Physical, c.Type)
				continue
			}
			args := functions[c.Built.Func]
			if len(args) != len(c.Built.Args) {
				t.Fatalf("%s.%s: %s takes %d arguments, given %d", table.Name, c.Name, c.Built.Func, len(args), len(c.Built.Args))
			}
			for i, a := range c.Built.Args {
				check(fmt.Sprintf("%s, argument %d", c.Name, i), a, args[i])
			}
		}
	}
}

// The columns of Azure's tables as the table references list them.
func TestAzureTablesHaveAzuresColumns(t *testing.T) {
	audit := "TenantId:string TimeGenerated:datetime Annotations:dynamic AuditId:string Level:string ObjectRef:dynamic PodName:string RequestObject:dynamic RequestReceivedTime:datetime RequestUri:string ResponseObject:dynamic ResponseStatus:dynamic SourceIps:dynamic Stage:string StageReceivedTime:datetime User:dynamic UserAgent:string Verb:string SourceSystem:string Type:string _ResourceId:string _SubscriptionId:string _BilledSize:real _IsBillable:string"
	for table, want := range map[string]string{
		"AzureDiagnostics": "TenantId:string TimeGenerated:datetime ResourceId:string Category:string ResourceGroup:string SubscriptionId:string ResourceProvider:string Resource:string ResourceType:string OperationName:string ResultType:string CorrelationId:string ResultDescription:string DurationMs:long CallerIPAddress:string Level:string log_s:string pod_s:string stream_s:string containerID_s:string ccpNamespace_s:string Cloud_s:string Environment_s:string UnderlayClass_s:string UnderlayName_s:string AdditionalFields:dynamic SourceSystem:string Type:string _ResourceId:string _SubscriptionId:string _TimeReceived:datetime _BilledSize:real _IsBillable:string _ItemId:string",
		"AKSControlPlane":  "TenantId:string TimeGenerated:datetime Category:string Level:string Message:string PodName:string Stream:string SourceSystem:string Type:string _ResourceId:string _SubscriptionId:string _BilledSize:real _IsBillable:string",
		"AzureActivity":    "TenantId:string SourceSystem:string TimeGenerated:datetime ActivityStatus:string ActivityStatusValue:string ActivitySubstatus:string ActivitySubstatusValue:string Authorization:string Authorization_d:dynamic Caller:string CallerIpAddress:string Category:string CategoryValue:string Claims:string Claims_d:dynamic CorrelationId:string EventDataId:string EventSubmissionTimestamp:datetime Hierarchy:string HTTPRequest:string Level:string OperationId:string OperationName:string OperationNameValue:string Properties:string Properties_d:dynamic Resource:string ResourceGroup:string ResourceId:string ResourceProvider:string ResourceProviderValue:string SubscriptionId:string Type:string _ResourceId:string _SubscriptionId:string _BilledSize:real _IsBillable:string",
		"AKSAudit":         audit, "AKSAuditAdmin": audit,
	} {
		var got []string
		for _, c := range Catalog().Table(table).Columns {
			got = append(got, c.Name+":"+c.Type.String())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s has\n%s\nwant\n%s", table, strings.Join(got, " "), want)
		}
	}
}

func TestAzureDiagnosticsShowsWhatAzureShows(t *testing.T) {
	s := open(t, "")
	old := azure("guard", "E1123 17:58:21.000000       1 auth.go:1] no\n", 1, "azure-storage:g")
	old.Envelope = `{"Cloud":"AzureCloud","Environment":"prod","ccpNamespace":"5e4b","properties":{"node":"n1"}}`
	json := azure("karpenter-events", `{"level":"INFO","verb":7,"user":{"username":"x"}}`, 2, "azure-storage:k")
	put(t, s, batch(azure("kube-audit", event(id1, "get", "a"), 0, "azure-storage:a"), old, json, azure("kube-audit-admin", event(id2, "create", "a")[:300], 3, "azure-storage:a")))
	wants(t, ask(t, s, "SELECT k_Category, k_ResourceGroup, k_SubscriptionId, k_Resource, k_OperationName, k_Cloud_s, k_AdditionalFields, k__ResourceId, k_pod_s FROM kql_azure_diagnostics ORDER BY k_TimeGenerated"),
		"kube-audit\tRG\ts1\tONE\top\t\t<nil>\t"+armID+"\tkube-apiserver-1",
		"guard\tRG\ts1\tONE\tMicrosoft.ContainerService/managedClusters/diagnosticLogs/Read\tAzureCloud\t{\"node\":\"n1\"}\t"+armID+"\tkube-apiserver-1",
		"karpenter-events\tRG\ts1\tONE\top\t\t<nil>\t"+armID+"\tkube-apiserver-1",
		"kube-audit-admin\tRG\ts1\tONE\top\t\t<nil>\t"+armID+"\tkube-apiserver-1")
	// The paths of a cut record are null; a line's are what its own JSON says.
	wants(t, ask(t, s, "SELECT k_Category, verb, user_username, level, user_json, code FROM kql_azure_diagnostics ORDER BY k_TimeGenerated"),
		"kube-audit\tget\ta\tMetadata\t{\"username\":\"a\",\"groups\":[\"system:authenticated\"]}\t201",
		"guard\t<nil>\t<nil>\t<nil>\t<nil>\t<nil>",
		"karpenter-events\t7\tx\tINFO\t{\"username\":\"x\"}\t<nil>",
		"kube-audit-admin\t<nil>\t<nil>\t<nil>\t<nil>\t<nil>")
	wants(t, ask(t, s, "SELECT k_Verb, k_User FROM kql_aks_audit_admin"), "\t<nil>")
	wants(t, ask(t, s, "SELECT k_Verb, k_Username, k_Partial FROM kql_events ORDER BY 3"), "get\ta\tfalse", "create\ta\ttrue")
	wants(t, ask(t, s, "SELECT k_Category, k_Level, k_Message FROM kql_aks_control_plane ORDER BY 1"),
		"guard\tERROR\tE1123 17:58:21.000000       1 auth.go:1] no\n\n", "karpenter-events\t\t"+`{"level":"INFO","verb":7,"user":{"username":"x"}}`+"\n")
}

func TestCoverageCountsWhatAnAnswerCannotSee(t *testing.T) {
	s := open(t, "")
	put(t, s, batch(azure("kube-audit", event(id1, "get", "a"), 0, "a"), azure("kube-audit", event(id2, "create", "a")[:300], 9, "a"), azure("guard", "x", 3, "g")))
	first := azure("", "", 0, "").Time
	got, err := s.Coverage(t.Context(), 0, 1<<62)
	if err != nil {
		t.Fatal(err)
	}
	want := []store.Coverage{{Cluster: armID, Category: "guard", From: first + 3e7, To: first + 3e7, Rows: 1}, {Cluster: armID, Category: "kube-audit", From: first, To: first + 9e7, Rows: 2, Cut: 1}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("got %+v, want %+v", got, want)
	}
	if got, err := s.Coverage(t.Context(), first, first+1); err != nil || len(got) != 1 || got[0].Cut != 0 {
		t.Fatalf("got %+v, %v", got, err)
	}
}
