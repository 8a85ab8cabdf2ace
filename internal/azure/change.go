package azure

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
)

// Changer sends single requests to Resource Manager, each once: whether to send
// again is for those to decide who know what it does.
type Changer struct {
	pipeline runtime.Pipeline
	endpoint string
	timeout  time.Duration
}

// answerLimit bounds what is read of an answer, in bytes.
const answerLimit = 16 << 20

// NewChanger signs in. Nothing is sent to Resource Manager yet.
func NewChanger(o TenantOptions) (*Changer, error) {
	credential, err := o.signIn()
	if err != nil {
		return nil, err
	}
	endpoint := o.armEndpoint
	if endpoint == "" {
		endpoint = inCloud(o.Getenv, armHosts, "management.azure.com")
	}
	return &Changer{authorized(credential, o.Version, endpoint, once(o.transport)), endpoint, 2 * time.Minute}, nil
}

// Send sends one request; body nil: none, etag empty: no If-Match. after is how
// long the service asks to wait. An error means that there was no answer.
func (c *Changer) Send(ctx context.Context, method, path string, body []byte, etag string) (status int, after time.Duration, answer []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	// The retry policy would repeat without asking.
	ctx = policy.WithRetryOptions(ctx, policy.RetryOptions{MaxRetries: -1})
	req, err := runtime.NewRequest(ctx, method, c.endpoint+path)
	if err != nil {
		return 0, 0, nil, err
	}
	req.Raw().Header.Set("Accept", "application/json")
	if etag != "" {
		req.Raw().Header.Set("If-Match", etag)
	}
	if body != nil {
		if err := req.SetBody(streaming.NopCloser(bytes.NewReader(body)), "application/json"); err != nil {
			return 0, 0, nil, err
		}
	}
	res, err := c.pipeline.Do(req)
	if err != nil {
		if why := signInReason(err); why != nil {
			return 0, 0, nil, why
		}
		return 0, 0, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	answer, err = io.ReadAll(io.LimitReader(res.Body, answerLimit))
	if err != nil {
		return 0, 0, nil, fmt.Errorf("read answer: %w", err)
	}
	if res.StatusCode >= http.StatusBadRequest {
		after, _ = retryAfter(res, time.Now())
	}
	return res.StatusCode, after, answer, nil
}
