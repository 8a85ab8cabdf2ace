package duck

import (
	"github.com/postern-dev/postern/kql/schema"
	"github.com/postern-dev/postern/kql/types"
)

// Postern's own tables: public API, described in docs/events.md.

type ownColumn struct {
	name string
	kind types.Type
	expr string // over e (event), d (delivery) or t (the table itself)
}

// eventsColumns are those of Events but Text. String columns are never NULL: ”
// is also what an absent one reads as.
func eventsColumns() []ownColumn {
	str := func(name, column string) ownColumn {
		return ownColumn{name, types.String, "coalesce(e." + column + ", '')"}
	}
	doc := func(name, column string) ownColumn { return ownColumn{name, types.Dynamic, "e." + column} }
	return []ownColumn{
		{"TimeGenerated", types.DateTime, "e.time"},
		{"Cluster", types.String, "e.cluster"},
		{"AuditID", types.String, "coalesce(e.audit_text, CAST(e.audit_key AS VARCHAR), '')"},
		str("Stage", "stage"),
		str("Level", "level"),
		str("Verb", "verb"),
		str("RequestURI", "request_uri"),
		str("Username", "user_username"),
		str("UserUID", "user_uid"),
		doc("Groups", "user_groups"),
		doc("UserExtra", "user_extra"),
		str("ImpersonatedUsername", "impersonated_username"),
		str("ImpersonatedUID", "impersonated_uid"),
		doc("ImpersonatedGroups", "impersonated_groups"),
		doc("ImpersonatedExtra", "impersonated_extra"),
		doc("SourceIPs", "source_ips"),
		str("UserAgent", "user_agent"),
		str("APIGroup", "ref_api_group"),
		str("APIVersion", "ref_api_version"),
		str("Resource", "ref_resource"),
		str("Subresource", "ref_subresource"),
		str("Namespace", "ref_namespace"),
		str("Name", "ref_name"),
		str("ObjectUID", "ref_uid"),
		str("ResourceVersion", "ref_resource_version"),
		{"Code", types.Int, "e.status_code"},
		str("StatusReason", "status_reason"),
		str("StatusMessage", "status_message"),
		doc("StatusDetails", "status_details"),
		str("Decision", "annotation_decision"),
		str("Reason", "annotation_reason"),
		doc("OtherAnnotations", "annotation_rest"),
		doc("RequestObject", "request_object"),
		doc("ResponseObject", "response_object"),
		{"RequestReceivedTime", types.DateTime, "e.received_ticks"},
		{"StageTime", types.DateTime, "e.stage_ticks"},
		{"Category", types.String, "e.category"},
		{"Source", types.String, "e.source"},
		{"SourceOffset", types.Long, "e.source_offset"},
		{"Pod", types.String, "e.pod"},
		{"IngestedTime", types.DateTime, "e.ingested"},
		{"Partial", types.Bool, ""}, // of the branch
		{"Odd", types.Bool, "e.odd"},
		{"AuditIDReused", types.Bool, "e.reused"},
	}
}

func eventsView() view {
	v := view{name: "kql_events"}
	cols := eventsColumns()
	for _, c := range cols {
		v.columns = append(v.columns, kusto(c.name))
	}
	v.columns = append(v.columns, eventArgs()...)
	for _, b := range []struct{ table, partial string }{{eventTable, "false"}, {cutTable, "true"}} {
		m := wholeDoc("e")
		for _, c := range cols {
			m[kusto(c.name)] = c.expr
		}
		m[kusto("Partial")] = b.partial
		v.branches = append(v.branches, branch{b.table + " e", m})
	}
	return v
}

func eventsTable() *schema.Table {
	t := ownTable("Events", eventsView().name, eventsColumns())
	t.Columns = append(t.Columns, schema.Column{Name: "Text", Type: types.String, Built: &schema.Built{Func: eventFunc, Args: eventArgs(), Parsed: eventDocFunc}})
	return t
}

// deliveriesColumns are those of Deliveries: every way an event came in by.
func deliveriesColumns() []ownColumn {
	return []ownColumn{
		{"TimeGenerated", types.DateTime, "d.time"},
		{"Cluster", types.String, "e.cluster"},
		{"AuditID", types.String, "coalesce(e.audit_text, CAST(e.audit_key AS VARCHAR), '')"},
		{"Stage", types.String, "coalesce(e.stage, '')"},
		{"Category", types.String, "d.category"},
		{"Source", types.String, "d.source"},
		{"SourceOffset", types.Long, "d.source_offset"},
		{"Pod", types.String, "d.pod"},
		{"Stream", types.String, "d.stream"},
		{"ContainerID", types.String, "d.container_id"},
		{"ResourceID", types.String, "d.resource_id"},
		{"Envelope", types.Dynamic, "d.envelope"},
		{"IngestedTime", types.DateTime, "d.ingested"},
		{"Partial", types.Bool, ""},
	}
}

func deliveriesView() view {
	v := view{name: "kql_deliveries"}
	for _, c := range deliveriesColumns() {
		v.columns = append(v.columns, kusto(c.name))
	}
	own := func(from, alias, partial string) {
		m := map[string]string{}
		for _, c := range deliveriesColumns() {
			m[kusto(c.name)] = c.expr
			if alias == "e" && len(c.expr) > 2 && c.expr[:2] == "d." {
				m[kusto(c.name)] = "e." + c.expr[2:]
			}
		}
		m[kusto("Partial")] = partial
		v.branches = append(v.branches, branch{from, m})
	}
	own("event e", "e", "false")
	own("delivery d JOIN event e ON e.id = d.event_id WHERE NOT d.cut", "d", "false")
	own("event_cut e", "e", "true")
	own("delivery d JOIN event_cut e ON e.id = d.event_id WHERE d.cut", "d", "true")
	return v
}

func deadColumnsOfTable() []ownColumn {
	return []ownColumn{
		{"IngestedTime", types.DateTime, "t.ingested"},
		{"TimeGenerated", types.DateTime, "t.time"},
		{"Cluster", types.String, "t.cluster"},
		{"Source", types.String, "t.source"},
		{"SourceOffset", types.Long, "t.source_offset"},
		{"Reason", types.String, "t.reason"},
		{"Text", types.String, "t.text"},
	}
}

func deadLettersView() view {
	v := view{name: "kql_dead_letters"}
	m := map[string]string{}
	for _, c := range deadColumnsOfTable() {
		v.columns = append(v.columns, kusto(c.name))
		m[kusto(c.name)] = c.expr
	}
	v.branches = []branch{{deadTable + " t", m}}
	return v
}

func ownTable(name, relation string, cols []ownColumn) *schema.Table {
	t := &schema.Table{Name: name, Relation: relation}
	for _, c := range cols {
		t.Columns = append(t.Columns, schema.Column{Name: c.name, Type: c.kind, Physical: kusto(c.name)})
	}
	return t
}

// Catalog tells the compiler which tables the store has. It is made once, and
// only read.
func (s *Store) Catalog() *schema.Catalog {
	s.tables.Do(func() { s.catalog = Catalog() })
	return s.catalog
}

// Catalog is the catalog of every store of this version; no store is needed to
// compile against it.
func Catalog() *schema.Catalog {
	c := &schema.Catalog{Tables: []*schema.Table{
		azureDiagnosticsTable(),
		aksAuditTable("AKSAudit"),
		aksAuditTable("AKSAuditAdmin"),
		controlPlaneTable(),
		azureActivityTable(),
		eventsTable(),
		ownTable("Deliveries", deliveriesView().name, deliveriesColumns()),
		ownTable("DeadLetters", deadLettersView().name, deadColumnsOfTable()),
	}}
	for _, t := range snapshotTables() {
		c.Tables = append(c.Tables, t.table())
	}
	for _, v := range views() {
		for _, t := range c.Tables {
			if t.Relation == v.name {
				t.Branches = v.parts()
			}
		}
	}
	return c
}
