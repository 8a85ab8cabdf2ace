package arm

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/postern-dev/postern/lab/arm/invoke"
	"github.com/postern-dev/postern/lab/cloud"
)

// keptCommands is how many results are remembered, and runningCommands how
// many may run at a time.
const (
	keptCommands    = 200
	runningCommands = 4
)

// commandRun is a run command. Its fields are guarded by Server.mu.
type commandRun struct {
	id         string
	cluster    string
	begun, end time.Time
	outcome    invoke.Outcome
	err        error
	done       bool
	stop       context.CancelFunc
}

// runCommand runs kubectl in the cluster: as the caller where Entra signs
// people in, as the local account elsewhere.
func (c *call) runCommand(ref clusterRef, k cloud.Cluster) (int, any, error) {
	set := k.Settings()
	if a := set.APIServerAccess; a != nil && a.DisableRunCommand {
		return 0, nil, providerFault(http.StatusBadRequest, "BadRequest", "Run command is disabled on this cluster.")
	}
	if err := c.served(ref); err != nil {
		return 0, nil, err
	}
	var body struct{ Command, Context, ClusterToken string }
	if err := json.NewDecoder(c.r.Body).Decode(&body); err != nil {
		return 0, nil, refuse(http.StatusBadRequest, "InvalidRequestContent", "The request content was invalid and could not be deserialized: '%v'.", err)
	}
	if strings.TrimSpace(body.Command) == "" {
		return 0, nil, providerFault(http.StatusBadRequest, "BadRequest", "command must not be empty.")
	}
	if set.Entra() && body.ClusterToken == "" {
		return 0, nil, providerFault(http.StatusBadRequest, "MissingAADClusterToken", "This cluster have Azure Active Directory enabled, .clusterToken is required.")
	}
	words, err := invoke.Words(body.Command)
	if err == nil {
		err = invoke.Check(words)
	}
	if err != nil {
		return 0, nil, notInLab("run command: %v.", err)
	}
	run := invoke.Command{Words: words, Files: body.Context}
	if run.Program, err = invoke.Find(); err != nil {
		return 0, nil, err
	}
	if run.Kubeconfig, err = c.commandKubeconfig(k, set, body.ClusterToken); err != nil {
		return 0, nil, err
	}
	started, err := c.startCommand(ref, run)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusAccepted, started.body(ref), nil
}

func (c *call) commandKubeconfig(k cloud.Cluster, set cloud.Settings, token string) ([]byte, error) {
	if !set.Entra() {
		return c.staticKubeconfig(k, "clusterAdmin")
	}
	server, ca := c.ControlPlane.Endpoint()
	return kubeconfig(k.Name, "runCommand", server, ca, map[string]any{"token": token})
}

// startCommand runs a command after the answer was sent.
func (c *call) startCommand(ref clusterRef, run invoke.Command) (commandRun, error) {
	c.mu.Lock()
	under := 0
	for _, r := range c.commands {
		if !r.done {
			under++
		}
	}
	if under >= runningCommands {
		c.mu.Unlock()
		c.w.Header().Set("Retry-After", "5")
		return commandRun{}, refuse(http.StatusTooManyRequests, "TooManyRequests", "%d commands are running already.", under)
	}
	if len(c.commands) >= keptCommands {
		c.commands = c.commands[1:]
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(c.ctx))
	r := &commandRun{id: dashless(newGUID()), cluster: ref.id, begun: c.State.Now(), stop: stop}
	c.commands = append(c.commands, r)
	started := *r
	c.mu.Unlock()

	c.w.Header().Set("Location", "https://"+c.r.Host+ref.id+"/commandResults/"+r.id+"?api-version="+c.r.URL.Query().Get("api-version"))
	c.w.Header().Set("Retry-After", "1")
	finish := c.activity()
	c.recordAccepted(location)
	s := c.Server
	s.running.Go(func() {
		defer stop()
		outcome, err := run.Run(ctx)
		s.finishCommand(r, finish, outcome, err)
	})
	return started, nil
}

// stopCommands ends the commands that are running.
func (s *Server) stopCommands() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.commands {
		r.stop()
	}
}

func (s *Server) finishCommand(r *commandRun, a cloud.Activity, outcome invoke.Outcome, err error) {
	a.Time, a.ID, a.Status, a.HTTPStatus = s.State.Now().UTC(), newGUID(), "Succeeded", http.StatusOK
	if err != nil {
		a.Status, a.Message, a.HTTPStatus = "Failed", err.Error(), http.StatusInternalServerError
	}
	if e := s.State.RecordActivity(a); e != nil {
		s.Log.Error("record activity", "error", e)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r.done, r.outcome, r.err, r.end = true, outcome, err, s.State.Now()
}

// commandResult answers for one command: 202 until it is done.
func (c *call) commandResult(ref clusterRef, id string) (int, any, error) {
	if err := c.allow(clusterType+"/commandResults/read", ref.id); err != nil {
		return 0, nil, err
	}
	if _, err := c.find(ref); err != nil {
		return 0, nil, err
	}
	r, err := c.command(ref, id)
	if err != nil {
		return 0, nil, err
	}
	if !r.done {
		c.w.Header().Set("Location", "https://"+c.r.Host+c.r.URL.RequestURI())
		c.w.Header().Set("Retry-After", "1")
		return http.StatusAccepted, r.body(ref), nil
	}
	return ok200(r.body(ref))
}

func (c *call) command(ref clusterRef, id string) (commandRun, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.commands {
		if strings.EqualFold(r.id, id) && sameScope(r.cluster, ref.id) {
			return *r, nil
		}
	}
	return commandRun{}, providerFault(http.StatusNotFound, "NotFound", "There is no command '%s'. The LAB forgets them when it stops, and keeps the last %d.", id, keptCommands)
}

// body is a RunCommandResult.
func (r commandRun) body(ref clusterRef) map[string]any {
	p := map[string]any{"provisioningState": "Running", "startedAt": stamp(r.begun)}
	if r.done {
		p["provisioningState"], p["finishedAt"] = "Succeeded", stamp(r.end)
		p["exitCode"], p["logs"] = r.outcome.ExitCode, r.outcome.Logs
	}
	if r.err != nil {
		p["provisioningState"], p["reason"] = "Failed", r.err.Error()
	}
	return map[string]any{"id": ref.id + "/commandResults/" + r.id, "properties": p}
}
