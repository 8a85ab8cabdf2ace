package harden

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

const testID = "/subscriptions/1/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/c"

// arm is a stand-in for Resource Manager: one cluster with an etag, changes that
// take some polls, and faults at chosen requests.
type arm struct {
	body   map[string]any
	etag   int
	polls  int // left until the change is done
	calls  int
	puts   int // that were taken
	fault  func(call int, method string) (status int, lost bool)
	before func(call int, method string) // somebody else's doing
}

func newArm(t *testing.T) *arm {
	a := &arm{etag: 1}
	if err := json.Unmarshal([]byte(`{"name":"c","identity":{"type":"SystemAssigned","principalId":"p","tenantId":"t"},"properties":{"provisioningState":"Succeeded","futureField":{"big":12345678901234567890},"aadProfile":{"managed":true}}}`), &a.body); err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *arm) props() map[string]any { return a.body["properties"].(map[string]any) }

func (a *arm) refuse(status int, code string) (int, time.Duration, []byte, error) {
	return status, time.Millisecond, fmt.Appendf(nil, `{"error":{"code":%q,"message":"words"}}`, code), nil
}

func (a *arm) Send(_ context.Context, method, path string, body []byte, etag string) (int, time.Duration, []byte, error) {
	a.calls++
	if a.before != nil {
		a.before(a.calls, method)
	}
	status, lost := 0, false
	if a.fault != nil {
		status, lost = a.fault(a.calls, method)
	}
	if status != 0 {
		return a.refuse(status, "Fault")
	}
	s, after, answer, err := a.serve(method, path, body, etag)
	if lost { // the request arrived, its answer did not
		return 0, 0, nil, errors.New("connection reset by peer")
	}
	return s, after, answer, err
}

func (a *arm) serve(method, path string, body []byte, etag string) (int, time.Duration, []byte, error) {
	switch {
	case strings.Contains(path, "/listClusterAdminCredential?"):
		if a.props()["disableLocalAccounts"] == true {
			return 400, 0, []byte(`{"code":"BadRequest","message":"Getting static credential is not allowed because this cluster is set to disable local accounts."}`), nil
		}
		return 200, 0, []byte(`{"kubeconfigs":[]}`), nil
	case method == http.MethodGet:
		if a.polls > 0 {
			if a.polls--; a.polls == 0 {
				a.props()["provisioningState"] = "Succeeded"
			}
		}
		a.body["eTag"] = fmt.Sprint(a.etag)
		text, err := json.Marshal(a.body)
		return 200, 0, text, err
	case a.props()["provisioningState"] != "Succeeded":
		return a.refuse(409, "OperationNotAllowed")
	case etag != "" && etag != fmt.Sprint(a.etag):
		return a.refuse(412, "PreconditionFailed")
	}
	next := map[string]any{}
	if err := json.Unmarshal(body, &next); err != nil {
		return a.refuse(400, "InvalidRequestContent")
	}
	a.body = next
	a.etag++
	a.puts++
	a.polls = 3
	a.props()["provisioningState"] = "Updating"
	return 200, 0, body, nil
}

func (a *arm) applier() Applier {
	return Applier{Azure: a, ID: testID, Say: func(string, ...any) {}, Pause: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		Undo: func([]byte, []Difference) error { return nil }, Tries: 4, Polls: 20}
}

func localAccounts(t *testing.T) []Remedy {
	t.Helper()
	i := slices.IndexFunc(Remedies(), func(r Remedy) bool { return r.LocalAccounts })
	return Remedies()[i : i+1]
}

// run reads, applies and proves, as the command does.
func run(t *testing.T, a *arm) (Proof, error) {
	t.Helper()
	x := a.applier()
	base, err := x.Settled(t.Context())
	if err != nil {
		return Proof{}, err
	}
	if _, err := x.Apply(t.Context(), base, localAccounts(t)); err != nil {
		return Proof{}, err
	}
	return x.ProveRefused(t.Context())
}

func TestApply(t *testing.T) {
	a := newArm(t)
	proof, err := run(t, a)
	if err != nil || !proof.Proved || a.puts != 1 {
		t.Fatalf("%+v, %v, %d changes", proof, err, a.puts)
	}
	if a.props()["futureField"] == nil || a.body["identity"].(map[string]any)["principalId"] != nil {
		t.Errorf("put back: %v", a.body)
	}
	if proof, err = run(t, a); err != nil || !proof.Proved || a.puts != 1 {
		t.Errorf("again: %+v, %v, %d changes", proof, err, a.puts)
	}
}

func TestChangeKeepsNumbers(t *testing.T) {
	out, err := Change([]byte(`{"Properties":{"n":12345678901234567890.10,"s":"<&>"}}`), localAccounts(t)[0].Set)
	if want := `{"Properties":{"disableLocalAccounts":true,"n":12345678901234567890.10,"s":"<&>"}}`; err != nil || string(out) != want {
		t.Errorf("%s, %v, want %s", out, err, want)
	}
}

// Every fault at every call: either the planned state and its proof, or an error
// that says in what state the cluster is; once more without faults always ends
// in the planned state, and nothing is put that was not to be.
func TestFaults(t *testing.T) {
	clean := newArm(t)
	if _, err := run(t, clean); err != nil {
		t.Fatal(err)
	}
	for call := 1; call <= clean.calls; call++ {
		for _, status := range []int{409, 412, 429, 500, 503, 0} {
			for _, times := range []int{1, 50} {
				t.Run(fmt.Sprintf("call %d %d x%d", call, status, times), func(t *testing.T) {
					a := newArm(t)
					a.fault = func(n int, method string) (int, bool) {
						hit := n >= call && n < call+times
						if status == 409 || status == 412 {
							hit = hit && method == http.MethodPut // only changes are answered so
						}
						return map[bool]int{true: status}[hit], hit && status == 0
					}
					proof, err := run(t, a)
					var conflict *Conflict
					switch {
					case err == nil && !proof.Proved:
						t.Errorf("no error and no proof: %+v", proof)
					case err != nil && times == 1 && !(status == 412 && errors.As(err, &conflict)):
						t.Errorf("one fault was not survived: %v", err)
					case err != nil && errors.As(err, &conflict) && status != 412:
						t.Errorf("nobody else changed anything: %v", err)
					}
					a.fault = nil
					if proof, err := run(t, a); err != nil || !proof.Proved || a.puts != 1 {
						t.Errorf("run again: %+v, %v, %d changes", proof, err, a.puts)
					}
				})
			}
		}
	}
}

// Somebody else's change before any call is never overwritten.
func TestConflict(t *testing.T) {
	for call := 1; call <= 4; call++ {
		a := newArm(t)
		a.before = func(n int, _ string) {
			if n == call {
				a.props()["tags"] = "theirs"
				a.etag++
			}
		}
		_, err := run(t, a)
		var conflict *Conflict
		if a.props()["tags"] != "theirs" {
			t.Errorf("before call %d: their change is gone", call)
		}
		if early := call == 1; (err == nil) != early && !errors.As(err, &conflict) && call < 4 {
			t.Errorf("before call %d: %v", call, err)
		}
	}
}

// A 403 proves nothing.
func TestProof(t *testing.T) {
	a := newArm(t)
	a.props()["disableLocalAccounts"] = true
	for status, want := range map[int]bool{403: false, 0: true, 404: false} {
		a.fault = func(int, string) (int, bool) { return status, false }
		if proof, err := a.applier().ProveRefused(t.Context()); err != nil || proof.Proved != want {
			t.Errorf("%d: %+v, %v", status, proof, err)
		}
	}
	a.fault = nil
	a.props()["disableLocalAccounts"] = false
	if proof, err := a.applier().ProveRefused(t.Context()); err != nil || proof.Proved || proof.Status != 200 {
		t.Errorf("handed out: %+v, %v", proof, err)
	}
}
