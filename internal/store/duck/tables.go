package duck

import "strings"

// Version is the schema this binary reads and writes. A change of the tables
// raises it and brings a migration.
const Version = 1

// delivered are the columns of one delivery; an event's first is in its own row,
// later ones are rows of delivery.
//
// show_audit and show_admin say that AzureDiagnostics has this delivery as its
// row of kube-audit or kube-audit-admin: at most one delivery of an event has
// either, so that the event is there once a category.
func delivered() []column {
	return []column{
		{"category", "VARCHAR NOT NULL"}, // '' for collected locally
		{"source", "VARCHAR NOT NULL"},
		{"source_offset", "BIGINT NOT NULL"},
		{"time", "BIGINT NOT NULL"}, // ticks; TimeGenerated
		{"pod", "VARCHAR NOT NULL"},
		{"stream", "VARCHAR NOT NULL"},
		{"container_id", "VARCHAR NOT NULL"},
		{"resource_id", "VARCHAR NOT NULL"},
		{"envelope", "VARCHAR"}, // JSON object of the envelope's other members
		{"newline", "BOOLEAN NOT NULL"},
		{"show_audit", "BOOLEAN NOT NULL"},
		{"show_admin", "BOOLEAN NOT NULL"},
		{"ingested", "BIGINT NOT NULL"}, // ticks
	}
}

type column struct{ name, sql string }

// eventColumns are those of event and of event_cut.
func eventColumns() []column {
	cols := []column{
		{"id", "BIGINT NOT NULL"},
		{"cluster", "VARCHAR NOT NULL"},
		{"audit_key", "UUID"},        // NULL without an auditID
		{"audit_text", "VARCHAR"},    // the auditID where it is no UUID
		{"hash", "UBIGINT NOT NULL"}, // keyed fingerprint of cluster and text
		{"odd", "BOOLEAN NOT NULL"},  // a field is not of its type
		{"reused", "BOOLEAN NOT NULL"},
		{"text", "VARCHAR"}, // where the columns do not give the same bytes
		{"raw", "BLOB"},     // where the bytes are not UTF-8
	}
	cols = append(cols, delivered()...)
	for _, f := range fields() {
		cols = append(cols, column{f.column, f.sql})
	}
	return cols
}

func deliveryColumns() []column {
	return append([]column{{"event_id", "BIGINT NOT NULL"}, {"cut", "BOOLEAN NOT NULL"}}, delivered()...)
}

func lineColumns() []column {
	return []column{
		{"id", "BIGINT NOT NULL"},
		{"cluster", "VARCHAR NOT NULL"},
		{"category", "VARCHAR NOT NULL"},
		{"hash", "UBIGINT NOT NULL"},
		{"source", "VARCHAR NOT NULL"},
		{"source_offset", "BIGINT NOT NULL"},
		{"time", "BIGINT NOT NULL"},
		{"pod", "VARCHAR NOT NULL"},
		{"stream", "VARCHAR NOT NULL"},
		{"container_id", "VARCHAR NOT NULL"},
		{"resource_id", "VARCHAR NOT NULL"},
		{"envelope", "VARCHAR"},
		{"text", "VARCHAR NOT NULL"},
		{"raw", "BLOB"},
		{"ingested", "BIGINT NOT NULL"},
	}
}

func deadColumns() []column {
	return []column{
		{"id", "BIGINT NOT NULL"},
		{"cluster", "VARCHAR NOT NULL"},
		{"source", "VARCHAR NOT NULL"},
		{"source_offset", "BIGINT NOT NULL"},
		{"time", "BIGINT"},
		{"reason", "VARCHAR NOT NULL"},
		{"hash", "UBIGINT NOT NULL"},
		{"text", "VARCHAR NOT NULL"},
		{"raw", "BLOB"},
		{"ingested", "BIGINT NOT NULL"},
	}
}

// Names of the tables.
const (
	eventTable    = "event"
	cutTable      = "event_cut"
	deliveryTable = "delivery"
	lineTable     = "log_line"
	deadTable     = "dead_letter"
)

// createTables is the schema's first version. No primary key on rows: it would
// cost half the speed of ingest and double the file; duplicates are found by
// joining each batch (match.go).
func createTables() []string {
	return []string{
		"CREATE TABLE meta (key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL)",
		"CREATE TABLE cursor (source VARCHAR PRIMARY KEY, position BLOB NOT NULL, updated BIGINT NOT NULL)",
		createTable(eventTable, eventColumns()),
		createTable(cutTable, eventColumns()),
		createTable(deliveryTable, deliveryColumns()),
		createTable(lineTable, lineColumns()),
		createTable(deadTable, deadColumns()),
	}
}

func createTable(name string, cols []column) string {
	defs := make([]string, len(cols))
	for i, c := range cols {
		defs[i] = c.name + " " + c.sql
	}
	return "CREATE TABLE " + name + " (" + strings.Join(defs, ", ") + ")"
}
