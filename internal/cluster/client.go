// Package cluster reads a live API server: who the caller is, and the RBAC
// objects as a snapshot. It alone imports client-go.
//
// It takes the caller's own kubeconfig and credentials, exec plugins included,
// and asks only for reading (a SelfSubjectReview is a create that stores
// nothing). Whatever stands in the way becomes an Error with a Fault and, where
// one is known, a way out; a part that may not be read becomes part of the
// snapshot's Unknown.
//
//	c, err := cluster.Connect(cluster.Options{Context: "aks-lab"})
//	id, err := c.WhoAmI(ctx)
package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// Client speaks to one API server as one caller.
type Client struct {
	// Context is the kubeconfig context in use, empty inside a cluster.
	Context string

	config    *rest.Config
	http      *http.Client
	namespace string // of the context
	entra     bool   // signs in with a token of Entra, without a kubeconfig
}

// Server is the API server's URL.
func (c *Client) Server() string { return strings.TrimSuffix(c.config.Host, "/") }

// name is what answers call the cluster, as long as nobody says better.
func (c *Client) name() string {
	if c.Context != "" {
		return c.Context
	}
	return c.Server()
}

// maxBody bounds one answer; lists come in pages of some hundred objects.
const maxBody = 256 << 20

// do sends one request and reads the answer into out.
func (c *Client) do(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("encode request: %w", err)
		}
		body = bytes.NewReader(text)
	}
	return c.ask(ctx, method, path, "application/json", body, out)
}

// ask sends a request and reads the answer, of a media type, into out.
func (c *Client) ask(ctx context.Context, method, path, accept string, body io.Reader, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, c.Server()+path, body)
	if err != nil {
		return &Error{Fault: FaultConfig, Msg: "use server " + c.config.Host + ": " + err.Error(), Err: err}
	}
	req.Header.Set("Accept", accept)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.send(ctx, req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, maxBody))
	if err != nil {
		return c.transportError(ctx, err)
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return c.statusError(res.StatusCode, data)
	}
	if err := json.Unmarshal(data, out); err != nil {
		return &Error{Fault: FaultServer, Msg: fmt.Sprintf("read the answer of %s: %v", c.Server(), err), Hint: "is this a Kubernetes API server?", Err: err}
	}
	return nil
}

// send waits for the answer or the end of ctx, whichever comes first: an exec
// plugin runs inside the request and does not know of ctx.
func (c *Client) send(ctx context.Context, req *http.Request) (*http.Response, error) {
	type answer struct {
		res *http.Response
		err error
	}
	done := make(chan answer, 1)
	go func() {
		res, err := c.http.Do(req)
		done <- answer{res, err}
	}()
	select {
	case a := <-done:
		if a.err != nil {
			return nil, c.transportError(ctx, a.err)
		}
		return a.res, nil
	case <-ctx.Done():
		stopPlugins()
		return nil, context.Cause(ctx)
	}
}

// statusError puts an answer that is not a success into words.
func (c *Client) statusError(code int, body []byte) error {
	var status metav1.Status
	msg := ""
	if json.Unmarshal(body, &status) == nil && status.Kind == "Status" {
		msg = status.Message
	}
	if msg == "" {
		msg = fmt.Sprintf("HTTP %d %s", code, http.StatusText(code))
	}
	cause := errors.New(msg)
	switch code {
	case http.StatusUnauthorized:
		return &Error{FaultUnauthorized, c.Server() + " does not accept this credential (401): " + c.offered(), c.unauthorizedHint(), cause}
	case http.StatusForbidden:
		return &Error{FaultForbidden, msg, "", cause}
	case http.StatusNotFound:
		return &Error{FaultNotFound, msg, "", cause}
	case http.StatusGone:
		return &Error{FaultServer, msg, "", errExpired}
	}
	return &Error{FaultServer, fmt.Sprintf("%s answered %d: %s", c.Server(), code, msg), "", cause}
}
