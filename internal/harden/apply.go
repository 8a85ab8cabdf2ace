package harden

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/postern-dev/postern/internal/failpoint"
)

// Azure sends a request to Resource Manager, once. path begins with a slash and
// names the API version. err: there was no answer; nobody knows then whether the
// request arrived.
type Azure interface {
	Send(ctx context.Context, method, path string, body []byte, etag string) (status int, after time.Duration, answer []byte, err error)
}

// APIVersion of managed clusters: the first that has etags is older.
const APIVersion = "2025-02-01"

// Applier makes a plan true.
type Applier struct {
	Azure Azure
	ID    string // ARM id of the cluster
	Undo  func(before []byte, differences []Difference) error
	Say   func(format string, args ...any)
	Fail  *failpoint.Set
	Pause func(context.Context, time.Duration) error
	// Tries is how often a request that may pass is sent, and Polls how often a
	// change under way is looked at.
	Tries, Polls int
}

// Conflict: somebody else changed the cluster in between. Nothing was
// overwritten.
type Conflict struct{ Why string }

func (e *Conflict) Error() string {
	return "somebody else changed the cluster in between (" + e.Why + "): nothing was overwritten"
}

// Refused: Azure refused the change; the cluster is as it was.
type Refused struct {
	Status int
	Words  string
}

func (e *Refused) Error() string {
	return fmt.Sprintf("change cluster: refused with %d: %s; the cluster is as it was", e.Status, e.Words)
}

// Uncertain: nobody answered well enough to say in what state the cluster is.
type Uncertain struct {
	State string // what is known
	Why   string
}

func (e *Uncertain) Error() string { return e.Why + "; " + e.State }

func (a Applier) path(suffix string) string { return a.ID + suffix + "?api-version=" + APIVersion }

// ask sends a request until an answer is neither a pressure nor a failure of the
// other side.
func (a Applier) ask(ctx context.Context, method, path string) (status int, answer []byte, err error) {
	wait := time.Second
	for try := 1; ; try++ {
		var after time.Duration
		status, after, answer, err = a.Azure.Send(ctx, method, path, nil, "")
		if ctx.Err() != nil {
			return 0, nil, context.Cause(ctx)
		}
		if err == nil && status != http.StatusTooManyRequests && status != http.StatusRequestTimeout && status < 500 {
			return status, answer, nil
		}
		if try >= a.Tries {
			if err == nil {
				err = fmt.Errorf("%d %s", status, words(answer))
			}
			return status, answer, err
		}
		if err := a.Pause(ctx, max(after, wait)); err != nil {
			return 0, nil, err
		}
		wait = min(2*wait, 30*time.Second)
	}
}

// Read is the cluster's body as it is now.
func (a Applier) Read(ctx context.Context) ([]byte, error) {
	status, answer, err := a.ask(ctx, http.MethodGet, a.path(""))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read cluster: %w", err)
	case status != http.StatusOK:
		return nil, fmt.Errorf("read cluster: %d %s", status, words(answer))
	case !json.Valid(answer) || len(answer) == 0 || answer[0] != '{':
		return nil, fmt.Errorf("read cluster: %w", errNoObject)
	}
	return answer, nil
}

// Settled is the body once no operation is under way.
func (a Applier) Settled(ctx context.Context) ([]byte, error) {
	for poll := 0; ; poll++ {
		body, err := a.Read(ctx)
		if err != nil {
			return nil, err
		}
		state := text(body, "properties", "provisioningState")
		switch strings.ToLower(state) {
		case "succeeded", "failed", "canceled", "":
			return body, nil
		}
		if poll >= a.Polls {
			return nil, &Uncertain{"the cluster is " + state, "wait for the cluster: an operation is still under way"}
		}
		if poll == 0 {
			a.Say("the cluster is %s: waiting", state)
		}
		a.Fail.Hit(failpoint.HardenFollow)
		if err := a.Pause(ctx, 2*time.Second); err != nil {
			return nil, err
		}
	}
}

// Apply makes remedies true on a cluster whose body was base when the plan was
// shown. It may be called again after whatever interrupted it: what is so
// already is not done twice.
func (a Applier) Apply(ctx context.Context, base []byte, remedies []Remedy) (changed bool, err error) {
	body, err := a.Settled(ctx)
	if err != nil {
		return false, err
	}
	differences, err := Differences(body, remedies)
	if err != nil || len(differences) == 0 {
		return false, err
	}
	if why := moved(base, body); why != "" {
		return false, &Conflict{why}
	}
	if err := a.Undo(body, differences); err != nil {
		return false, err
	}
	a.Fail.Hit(failpoint.HardenUndo)
	var settings []Setting
	for _, r := range remedies {
		settings = append(settings, r.Set...)
	}
	next, err := Change(body, settings)
	if err != nil {
		return false, err
	}
	if err := a.put(ctx, body, next, remedies); err != nil {
		return false, err
	}
	a.Fail.Hit(failpoint.HardenPut)
	return true, a.follow(ctx, remedies)
}

// moved says in what two bodies of a cluster differ that both were settled.
func moved(before, now []byte) string {
	if a, b := ETag(before), ETag(now); a != "" || b != "" {
		if a != b {
			return "its etag was " + a + " and is " + b
		}
		return ""
	}
	if !same(before, now) {
		return "its settings are not those that the plan was made from"
	}
	return ""
}

// put sends the change. Where the answer does not say whether it was taken, the
// cluster does: the same bytes go out again only to the same etag.
func (a Applier) put(ctx context.Context, before, next []byte, remedies []Remedy) error {
	wait := time.Second
	for try := 1; ; try++ {
		status, after, answer, err := a.Azure.Send(ctx, http.MethodPut, a.path(""), next, ETag(before))
		if ctx.Err() != nil {
			return &Uncertain{"the change may have been made: run the command again, it goes on from what it finds", "interrupted while the change was sent"}
		}
		why := fmt.Sprintf("%d %s", status, words(answer))
		switch {
		case err != nil:
			why = err.Error()
		case status == http.StatusOK || status == http.StatusCreated || status == http.StatusAccepted:
			return nil
		case status == http.StatusPreconditionFailed:
			return &Conflict{words(answer)}
		case status == http.StatusTooManyRequests, status == http.StatusConflict, status == http.StatusRequestTimeout, status >= 500:
		default:
			return &Refused{status, words(answer)}
		}
		a.Say("the change was not taken yet: %s", why)
		if err := a.Pause(ctx, max(after, wait)); err != nil {
			return err
		}
		wait = min(2*wait, 30*time.Second)
		body, err := a.Settled(ctx)
		if err != nil {
			return &Uncertain{"the change may have been made: run the command again, it goes on from what it finds", why + "; and then: " + err.Error()}
		}
		left, err := Differences(body, remedies)
		switch {
		case err != nil:
			return err
		case len(left) == 0:
			return nil
		case moved(before, body) != "":
			return &Conflict{moved(before, body)}
		case try >= a.Tries:
			return &Uncertain{"the cluster is as it was", "change cluster: " + why}
		}
	}
}

// follow waits for the change and looks whether it is there.
func (a Applier) follow(ctx context.Context, remedies []Remedy) error {
	body, err := a.Settled(ctx)
	if err != nil {
		return &Uncertain{"the change was sent and taken: run the command again, it goes on from what it finds", err.Error()}
	}
	left, err := Differences(body, remedies)
	if err != nil {
		return err
	}
	state := text(body, "properties", "provisioningState")
	if len(left) > 0 {
		return &Conflict{left[0].Path + " is " + string(left[0].Before) + " again after the change"}
	}
	if strings.EqualFold(state, "failed") || strings.EqualFold(state, "canceled") {
		return &Uncertain{"the settings are as planned, the cluster's provisioning state is " + state, "the operation did not end well (its reason is in the Activity Log)"}
	}
	return nil
}

// Proof is what one call for the admin credential was answered.
type Proof struct {
	Proved bool   `json:"proved"`
	Status int    `json:"status"`
	Words  string `json:"words"`
}

// ProveRefused asks for the admin credential, which must be refused with 400
// because of local accounts. A 403 says nothing: the caller may not ask. What
// would be handed out is thrown away unread.
func (a Applier) ProveRefused(ctx context.Context) (Proof, error) {
	a.Fail.Hit(failpoint.HardenProve)
	status, answer, err := a.ask(ctx, http.MethodPost, a.path("/listClusterAdminCredential"))
	if err != nil {
		return Proof{}, fmt.Errorf("ask for the admin credential: %w", err)
	}
	if status == http.StatusOK {
		return Proof{Status: status, Words: "the credential was handed out (and thrown away unread)"}, nil
	}
	said := words(answer)
	return Proof{Proved: status == http.StatusBadRequest && strings.Contains(said, "Getting static credential"), Status: status, Words: said}, nil
}

// words are a refusal's own: {code,message} or {error:{code,message}}.
func words(answer []byte) string {
	var a struct {
		Code, Message string
		Error         struct{ Code, Message string }
	}
	_ = json.Unmarshal(answer, &a)
	code, message := a.Error.Code+a.Code, a.Error.Message+a.Message
	switch {
	case code != "" && message != "":
		return code + ": " + message
	case message != "" || code != "":
		return code + message
	}
	return "without a reason"
}
