package azure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
)

// asker sends requests to one host and reads whole answers. It repeats what is
// worth repeating, at the pace that the host asks for.
type asker struct {
	pipeline runtime.Pipeline
	pace     *pace
	tape     *Tape // answers of a reading that was cut off; nil: none
}

// once is how pipelines of askers retry: not at all, the asker does.
func once(transport policy.Transporter) policy.ClientOptions {
	return policy.ClientOptions{
		Retry:     policy.RetryOptions{MaxRetries: -1},
		Telemetry: policy.TelemetryOptions{ApplicationID: "postern"},
		Transport: transport,
	}
}

// retries is how often a failure that may pass is tried again.
const retries = 2

// ask sends a request, with a JSON body or none, and reads the answer. lane is
// whom the host throttles together, e.g. a subscription, and kind what is asked
// for within it.
func (a asker) ask(ctx context.Context, method, url string, body []byte, lane, kind string) ([]byte, error) {
	if answer, found := a.tape.find(method, url, body); found {
		return answer, nil
	}
	var waited time.Duration // because of throttling
	for failures := 0; ; {
		if a.pace.silent(lane, kind) {
			return nil, fmt.Errorf("not asked again: %w", context.DeadlineExceeded)
		}
		leave, err := a.pace.enter(ctx, lane)
		if err != nil {
			return nil, err
		}
		answer, err := a.try(ctx, method, url, body)
		leave()
		var answered *azcore.ResponseError
		wait := 300 * time.Millisecond << failures
		switch {
		case err == nil:
			a.pace.answered(lane, kind)
			a.tape.keep(method, url, body, answer)
			return answer, nil
		case ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded):
			a.pace.unanswered(lane, kind)
			return nil, err
		case ctx.Err() != nil, signInReason(err) != nil:
			return nil, err
		case errors.As(err, &answered) && answered.StatusCode == http.StatusTooManyRequests:
			after, told := retryAfter(answered.RawResponse, time.Now())
			if !told {
				after = min(time.Second<<min(failures, 4), a.pace.patience)
				failures++
			}
			if waited += after; waited > a.pace.patience || !a.pace.throttled(lane, kind, after) {
				return nil, err
			}
			continue // enter waits
		case errors.As(err, &answered) && !mayPass(answered.StatusCode):
			return nil, err
		case failures == retries:
			return nil, err
		case answered != nil:
			if after, told := retryAfter(answered.RawResponse, time.Now()); told {
				wait = after
			}
		}
		if failures++; wait > a.pace.patience || pause(ctx, wait) != nil {
			return nil, err
		}
	}
}

// try asks once, within the patience for one request.
func (a asker) try(ctx context.Context, method, url string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, a.pace.timeout)
	defer cancel()
	req, err := runtime.NewRequest(ctx, method, url)
	if err != nil {
		return nil, err
	}
	req.Raw().Header.Set("Accept", "application/json")
	if body != nil {
		if err := req.SetBody(streaming.NopCloser(bytes.NewReader(body)), "application/json"); err != nil {
			return nil, err
		}
	}
	res, err := a.pipeline.Do(req)
	if err != nil {
		return nil, err
	}
	if !runtime.HasStatusCode(res, http.StatusOK) {
		return nil, runtime.NewResponseError(res)
	}
	return runtime.Payload(res)
}

func mayPass(status int) bool {
	return status == http.StatusRequestTimeout || status >= http.StatusInternalServerError && status != http.StatusNotImplemented
}

// retryAfter is how long a host asks to be left alone.
func retryAfter(res *http.Response, now time.Time) (time.Duration, bool) {
	if res == nil {
		return 0, false
	}
	for name, unit := range map[string]time.Duration{"Retry-After-Ms": time.Millisecond, "X-Ms-Retry-After-Ms": time.Millisecond, "Retry-After": time.Second} {
		if n, err := strconv.ParseUint(res.Header.Get(name), 10, 31); err == nil {
			return time.Duration(n) * unit, true
		}
	}
	if at, err := http.ParseTime(res.Header.Get("Retry-After")); err == nil {
		return max(0, at.Sub(now)), true
	}
	return 0, false
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// pace keeps requests within bounds: so many at once to a host and to each of
// its lanes, and none to a lane while it asks to be left alone. Lanes do not
// wait for each other.
type pace struct {
	patience time.Duration // with throttling
	timeout  time.Duration // of one request
	atOnce   int           // in one lane
	slots    chan struct{}

	mu    sync.Mutex
	lanes map[string]*lane
}

type lane struct {
	slots chan struct{}
	until time.Time // asks to be left alone
	// since is from when on requests of a kind have been throttled without an
	// answer in between.
	since map[string]time.Time
	// hung is how many requests of a kind were not answered in a row.
	hung map[string]int
}

func newPace(patience, timeout time.Duration, atOnce, all int) *pace {
	return &pace{patience: patience, timeout: timeout, atOnce: atOnce, slots: make(chan struct{}, all), lanes: map[string]*lane{}}
}

func (p *pace) lane(name string) *lane {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.lanes[name]
	if l == nil {
		l = &lane{slots: make(chan struct{}, p.atOnce), since: map[string]time.Time{}, hung: map[string]int{}}
		p.lanes[name] = l
	}
	return l
}

// enter waits for a place.
func (p *pace) enter(ctx context.Context, name string) (leave func(), err error) {
	l := p.lane(name)
	for {
		p.mu.Lock()
		wait := time.Until(l.until)
		p.mu.Unlock()
		if wait > 0 {
			if err := pause(ctx, wait); err != nil {
				return nil, err
			}
			continue
		}
		for _, slots := range []chan struct{}{l.slots, p.slots} {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				if slots == p.slots {
					<-l.slots
				}
				return nil, ctx.Err()
			}
		}
		leave = func() { <-p.slots; <-l.slots }
		p.mu.Lock()
		free := !l.until.After(time.Now())
		p.mu.Unlock()
		if free {
			return leave, nil
		}
		leave() // throttled while waiting for a place
	}
}

// answered ends a time of throttling.
func (p *pace) answered(name, kind string) {
	l := p.lane(name)
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(l.since, kind)
	delete(l.hung, kind)
}

// unanswered notes a request that took too long.
func (p *pace) unanswered(name, kind string) {
	l := p.lane(name)
	p.mu.Lock()
	defer p.mu.Unlock()
	l.hung[kind]++
}

// silent reports whether so many requests of a kind were not answered that
// further ones would only cost time.
func (p *pace) silent(name, kind string) bool {
	l := p.lane(name)
	p.mu.Lock()
	defer p.mu.Unlock()
	return l.hung[kind] >= p.atOnce
}

// throttled notes that a lane asks for a pause. It reports whether that is worth
// waiting for: not when the whole lane would wait too long, or has waited long
// for this kind of answer and never got one.
func (p *pace) throttled(name, kind string, after time.Duration) bool {
	if after > p.patience {
		return false
	}
	l, now := p.lane(name), time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, before := l.since[kind]; !before {
		l.since[kind] = now
	}
	if now.Add(after).Sub(l.since[kind]) > p.patience {
		return false
	}
	if until := now.Add(after); until.After(l.until) {
		l.until = until
	}
	return true
}

var subscriptionIn = regexp.MustCompile(`(?i)/subscriptions/([0-9a-f-]{36})(?:/|\?|$)`)

var ids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)

// armLane is what Resource Manager throttles together, and what is asked for:
// the subscription, and the last type in the path. Of Graph's addresses it is
// the path without ids.
func armLane(url string) (lane, kind string) {
	url, _, _ = strings.Cut(strings.ToLower(url), "?")
	if m := subscriptionIn.FindStringSubmatch(url); m != nil {
		lane = m[1]
	}
	if i := strings.LastIndex(url, "/providers/"); i >= 0 {
		parts := strings.Split(url[i+len("/providers/"):], "/")
		kind = parts[0]
		for j := 1; j < len(parts); j += 2 {
			kind += "/" + parts[j]
		}
		return lane, kind
	}
	return lane, ids.ReplaceAllString(url, "")
}
