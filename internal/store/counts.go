package store

import "fmt"

// Counts says what became of what was read. Read = Stored + Merged + Duplicate +
// Dead, always. Odd, Cut and Reused count among the stored ones, LogLines too.
type Counts struct {
	Read      int64 `json:"read"`      // records and dead letters handed in
	Stored    int64 `json:"stored"`    // new events and log lines
	Merged    int64 `json:"merged"`    // a known event by another category or source: one more delivery of it
	Duplicate int64 `json:"duplicate"` // a known delivery again: nothing to add
	Dead      int64 `json:"dead"`      // kept as dead letters
	Odd       int64 `json:"odd"`       // whole JSON that does not fit the audit types
	Cut       int64 `json:"cut"`       // truncated before they arrived; what is certain was salvaged
	Reused    int64 `json:"reused"`    // same cluster, auditID and stage as another event with other content
	LogLines  int64 `json:"logLines"`  // text of the control plane, not audit events
}

// Add sums c and d.
func (c Counts) Add(d Counts) Counts {
	return Counts{
		Read: c.Read + d.Read, Stored: c.Stored + d.Stored, Merged: c.Merged + d.Merged,
		Duplicate: c.Duplicate + d.Duplicate, Dead: c.Dead + d.Dead,
		Odd: c.Odd + d.Odd, Cut: c.Cut + d.Cut, Reused: c.Reused + d.Reused, LogLines: c.LogLines + d.LogLines,
	}
}

// Check reports counts that do not add up: something was lost or doubled.
func (c Counts) Check() error {
	if sum := c.Stored + c.Merged + c.Duplicate + c.Dead; sum != c.Read {
		return fmt.Errorf("counts do not add up: read %d, but stored %d + merged %d + duplicate %d + dead %d = %d",
			c.Read, c.Stored, c.Merged, c.Duplicate, c.Dead, sum)
	}
	return nil
}
