package store

// Coverage is what a store holds of one cluster's category: what an answer from
// it can speak of. Times are ticks. A local event counts for every category its
// diagnostic setting would have sent it to.
type Coverage struct {
	Cluster  string `json:"cluster"`
	Category string `json:"category"`
	From     int64  `json:"from"`
	To       int64  `json:"to"`
	Rows     int64  `json:"rows"` // rows of AzureDiagnostics, cut ones included
	Cut      int64  `json:"cut"`  // of them cut: their paths are null, Events has what was salvaged
}
