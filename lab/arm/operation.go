package arm

import (
	"context"
	"net/http"
	"time"

	"github.com/postern-dev/postern/lab/cloud"
)

// operationTimeout bounds the control plane's part of an operation.
const operationTimeout = 5 * time.Minute

// operation is a long-running one. Its fields are guarded by Server.mu.
type operation struct {
	id         string
	cluster    string
	begun, end time.Time
	err        error
	done       bool
}

// how a client is told to follow an operation.
type following int

const (
	asyncStatus following = iota // Azure-AsyncOperation: {"status": …}
	location                     // Location: 202 until done
)

// start runs work after the answer was sent and tells the client where to
// look. The operation outlives the request, not the process.
func (c *call) start(ref clusterRef, region string, how following, work func(context.Context) error) {
	op := &operation{id: newGUID(), cluster: ref.id, begun: c.State.Now()}
	c.mu.Lock()
	if c.operations == nil {
		c.operations = map[string]*operation{}
	}
	c.operations[op.id] = op
	c.mu.Unlock()

	base := "https://" + c.r.Host + c.sub.Scope() + "/providers/Microsoft.ContainerService/locations/" + region
	version := "?api-version=2017-08-31"
	h := c.w.Header()
	if how == asyncStatus {
		h.Set("Azure-AsyncOperation", base+"/operations/"+op.id+version)
	} else {
		h.Set("Location", base+"/operationresults/"+op.id+version)
	}
	h.Set("Retry-After", "1")
	finish := c.activity()
	c.recordAccepted(how)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), operationTimeout)
	s := c.Server
	s.running.Go(func() {
		defer cancel()
		s.finish(op, ref, finish, work(ctx))
	})
}

// recordAccepted notes the beginning, so that it precedes the end in the log.
func (c *call) recordAccepted(how following) {
	a := c.activity()
	a.Status, a.HTTPStatus = "Accepted", http.StatusOK
	if how == location {
		a.HTTPStatus = http.StatusAccepted
	}
	c.recorded = true
	if err := c.State.RecordActivity(a); err != nil {
		c.Log.Error("record activity", "error", err)
	}
}

// finish closes an operation: the cluster's state first, so that whoever sees
// the operation done sees the cluster settled.
func (s *Server) finish(op *operation, ref clusterRef, a cloud.Activity, err error) {
	state := "Succeeded"
	if err != nil {
		state = "Failed"
		s.Log.Error("operation failed", "operation", a.Operation, "cluster", ref.id, "error", err)
	}
	if e := s.setProvisioning(ref.id, state); e != nil && err == nil {
		err, state = e, "Failed"
	}
	a.Time, a.ID, a.Status, a.HTTPStatus = s.State.Now().UTC(), newGUID(), state, http.StatusOK
	if err != nil {
		a.Message, a.HTTPStatus = err.Error(), http.StatusInternalServerError
	}
	if e := s.State.RecordActivity(a); e != nil {
		s.Log.Error("record activity", "error", e)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	op.done, op.err, op.end = true, err, s.State.Now()
}

func (c *call) operation(id string) (operation, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	op, ok := c.operations[id]
	if !ok {
		return operation{}, refuse(http.StatusNotFound, "NotFound", "The operation '%s' was not found. Operations do not survive a restart of the LAB.", id)
	}
	return *op, nil
}

func (c *call) operationStatus(id string) (int, any, error) {
	op, err := c.operation(id)
	if err != nil {
		return 0, nil, err
	}
	body := map[string]any{"name": op.id, "status": "InProgress", "startTime": stamp(op.begun)}
	switch {
	case op.done && op.err != nil:
		body["status"], body["endTime"] = "Failed", stamp(op.end)
		body["error"] = map[string]string{"code": "InternalOperationError", "message": op.err.Error()}
	case op.done:
		body["status"], body["endTime"] = "Succeeded", stamp(op.end)
	default:
		c.w.Header().Set("Retry-After", "1")
	}
	return ok200(body)
}

func (c *call) operationResult(id string) (int, any, error) {
	op, err := c.operation(id)
	switch {
	case err != nil:
		return 0, nil, err
	case !op.done:
		c.w.Header().Set("Location", "https://"+c.r.Host+c.r.URL.RequestURI())
		c.w.Header().Set("Retry-After", "1")
		return http.StatusAccepted, nil, nil
	case op.err != nil:
		return 0, nil, refuse(http.StatusInternalServerError, "InternalOperationError", "%v", op.err)
	}
	return http.StatusNoContent, nil, nil
}
