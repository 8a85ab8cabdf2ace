package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/lab/daemon/layout"
	"github.com/postern-dev/postern/lab/export"
)

// Status is what a running lab tells of itself.
type Status struct {
	Running    bool              `json:"running"`
	Lab        *layout.Lab       `json:"lab,omitempty"`
	Deliveries []export.Delivery `json:"deliveries"`
	Paused     bool              `json:"paused,omitempty"`
}

const controlSocket = "daemon.sock"

// socketPath reaches the control socket through an open directory: the path of
// a socket may not be longer than 107 bytes, that of a directory may.
func socketPath(d layout.Dir) (string, *os.File, error) {
	dir, err := os.Open(string(d))
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), controlSocket), dir, nil
}

// startControl serves the commands that ask a running lab. Only its owner can
// open the directory, and with it the socket.
func (l *lab) startControl() error {
	path, dir, err := socketPath(l.options.Dir)
	if err != nil {
		return fmt.Errorf("serve control: %w", err)
	}
	defer dir.Close()
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("serve control: %w", err)
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return fmt.Errorf("serve control: %w", err)
	}
	// By now the name leads nowhere; the file is removed by its real path.
	listener.SetUnlinkOnClose(false)
	if err := os.Chmod(path, 0o600); err != nil {
		return errors.Join(fmt.Errorf("serve control: %w", err), listener.Close())
	}
	l.onStop(func() { os.Remove(filepath.Join(string(l.options.Dir), controlSocket)) })
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", l.serveStatus)
	mux.HandleFunc("POST /world", l.serveWorld)
	l.serve("control", &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}, listener)
	return nil
}

func (l *lab) serveStatus(w http.ResponseWriter, _ *http.Request) {
	lab, err := layout.Read(l.options.Dir)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	status := Status{Running: true, Lab: &lab, Deliveries: l.exporter.Status(), Paused: l.exporter.Paused()}
	w.Header().Set("Content-Type", "application/json")
	// The asker is gone if this fails.
	_ = json.NewEncoder(w).Encode(status)
}

// serveWorld puts another world in place of the present one. It must have the
// cluster that runs: which one that is was decided at start.
func (l *lab) serveWorld(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 16<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	world, err := cloud.ParseWorld(text)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if _, ok := world.Cluster(l.clusterID); !ok {
		http.Error(w, fmt.Sprintf("load world: it has no cluster %s, which is running; stop the lab and start it with --world", l.clusterID),
			http.StatusConflict)
		return
	}
	last := l.cluster(l.state.World()).Kubernetes
	err = l.state.Replace(world)
	if err == nil {
		err = l.management.Resume(r.Context())
	}
	if err == nil {
		err = l.writeFleet()
	}
	if err == nil {
		err = l.rewrite()
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	for _, problem := range l.fill(r.Context(), last) {
		fmt.Fprintln(w, problem)
	}
}

// rewrite brings lab.json up to date with the world.
func (l *lab) rewrite() error {
	before, err := layout.Read(l.options.Dir)
	if err != nil {
		return err
	}
	now := l.describe()
	now.Started = before.Started
	return layout.Write(l.options.Dir, now)
}

// ask sends a request to the daemon of a directory.
func ask(ctx context.Context, d layout.Dir, method, path string, body io.Reader) ([]byte, error) {
	socket, dir, err := socketPath(d)
	if err != nil {
		return nil, fmt.Errorf("ask lab: %w", err)
	}
	defer dir.Close()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, method, "http://lab"+path, body)
	if err != nil {
		return nil, fmt.Errorf("ask lab: %w", err)
	}
	response, err := (&http.Client{Transport: transport, Timeout: 30 * time.Second}).Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask lab: %w", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("ask lab: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, errors.New(strings.TrimSpace(string(text)))
	}
	return text, nil
}
