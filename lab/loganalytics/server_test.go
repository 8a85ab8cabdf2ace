package loganalytics

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestRefuses: no query gets an empty table that would read as "nothing
// happened".
func TestRefuses(t *testing.T) {
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/v1/workspaces/x/query", strings.NewReader(`{"query":"print 1"}`)))
	if w.Code != http.StatusNotImplemented || !strings.Contains(w.Body.String(), `"code":"NotImplemented"`) || strings.Contains(w.Body.String(), "tables") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
