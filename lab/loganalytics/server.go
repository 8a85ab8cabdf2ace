// Package loganalytics stands for api.loganalytics.io in the lab. It does not
// evaluate queries: records delivered to a workspace are not kept by the lab,
// only those delivered to a storage account are. It says so instead of
// answering with an empty table, which would read as "nothing happened".
package loganalytics

import (
	"encoding/json"
	"net/http"
)

// Handler refuses every request with an error in the service's shape.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := json.Marshal(map[string]any{"error": map[string]any{
			"code": "NotImplemented",
			"message": "The LAB does not answer Log Analytics queries yet. Route the diagnostic setting to a " +
				"storage account and query its files with: postern ingest --from azure-storage:DIR",
		}})
		if err != nil {
			panic("BUG: marshal: " + err.Error())
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(http.StatusNotImplemented)
		_, _ = w.Write(text) // the client is gone if this fails
	})
}
