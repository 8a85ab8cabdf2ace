package export

import "time"

// Delivery is the state of one category on its way to one destination.
type Delivery struct {
	Setting     string    `json:"setting"`
	Category    string    `json:"category"`
	Destination string    `json:"destination"`
	Since       time.Time `json:"since,omitzero"`
	Delivered   int64     `json:"delivered"`
	Bytes       int64     `json:"bytes"`
	Cut         int64     `json:"cut"`
	Last        time.Time `json:"last,omitzero"`
	// Note says why nothing is delivered.
	Note string `json:"note,omitempty"`
}

// Status lists, for every setting, what goes where. It reads the memory of the
// running exporter, so it may be called at any time.
func (e *Exporter) Status() []Delivery {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := []Delivery{}
	for _, s := range e.Settings() {
		for _, category := range e.categories() {
			if s.wants(category) {
				out = append(out, e.status(s, category)...)
			}
		}
	}
	return out
}

func (e *Exporter) status(s Setting, category string) []Delivery {
	var out []Delivery
	if s.StorageAccountID != "" {
		d := Delivery{Setting: s.ID, Category: category, Destination: "storage " + s.account(), Since: s.Changed}
		switch {
		case s.account() == "":
			d.Destination = "storage " + s.StorageAccountID
			d.Note = "not a storage account's name: 3 to 24 lower-case letters and digits"
		case e.Paused():
			d.Note = "exporter is paused"
		}
		if e.st != nil {
			if st := e.st.Streams[streamKey(s, category)]; st != nil {
				d.Since, d.Delivered, d.Bytes, d.Cut, d.Last = st.Since, st.Delivered, st.Bytes, st.Cut, st.Last
			}
		}
		out = append(out, d)
	}
	if s.WorkspaceID != "" {
		out = append(out, Delivery{Setting: s.ID, Category: category, Destination: "workspace " + s.WorkspaceID,
			Note: "remembered; the lab does not deliver to workspaces yet"})
	}
	return out
}

// categories are those that the sources can fill.
func (e *Exporter) categories() []string {
	var out []string
	for _, src := range e.Sources {
		if src.Kind == Audit {
			out = append(out, "kube-audit", "kube-audit-admin")
		} else {
			out = append(out, src.Category)
		}
	}
	return out
}
