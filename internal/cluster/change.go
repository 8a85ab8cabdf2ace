package cluster

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
)

// Send makes one request with a JSON body, once, and gives back whatever was
// answered; err: there was no answer, and nobody knows whether the request
// arrived.
func (c *Client) Send(ctx context.Context, method, path string, body []byte) (status int, answer []byte, err error) {
	var in io.Reader
	if body != nil {
		in = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.Server()+path, in)
	if err != nil {
		return 0, nil, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.send(ctx, req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(res.Body, maxBody))
	if err != nil {
		return 0, nil, c.transportError(ctx, err)
	}
	return res.StatusCode, answer, nil
}
