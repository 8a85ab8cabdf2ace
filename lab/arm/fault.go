package arm

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// A fault is a refusal in Azure's shape.
type fault struct {
	status  int
	code    string
	message string
	// flat is the shape of the AKS resource provider: code and message at the
	// top, not below "error".
	flat bool
}

func (f *fault) Error() string { return f.code + ": " + f.message }

func refuse(status int, code, format string, args ...any) *fault {
	return &fault{status: status, code: code, message: fmt.Sprintf(format, args...)}
}

// providerFault is a refusal by the AKS resource provider itself.
func providerFault(status int, code, format string, args ...any) *fault {
	f := refuse(status, code, format, args...)
	f.flat = true
	return f
}

// notInLab refuses what a lab without nodes and billing cannot do.
func notInLab(format string, args ...any) *fault {
	return refuse(http.StatusNotImplemented, "NotImplemented", "Not in the LAB: "+format, args...)
}

func (f *fault) body() any {
	if f.flat {
		return map[string]any{"code": f.code, "details": nil, "message": f.message, "subcode": ""}
	}
	return map[string]any{"error": map[string]any{"code": f.code, "message": f.message}}
}

// asFault gives every error a shape; what is not a fault is the lab's own.
func asFault(err error) *fault {
	var f *fault
	if errors.As(err, &f) {
		return f
	}
	return refuse(http.StatusInternalServerError, "InternalServerError", "LAB: %v", err)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	if v == nil {
		w.WriteHeader(status)
		return
	}
	text, err := json.Marshal(v)
	if err != nil {
		panic("BUG: marshal response: " + err.Error())
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client is gone if this fails
}
