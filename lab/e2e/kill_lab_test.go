package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/postern-dev/postern/lab/daemon/layout"
)

// program is the path of a built program.
func program(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("POSTERN_BIN_DIR")
	if dir == "" {
		dir = filepath.Join("..", "..", "bin")
	}
	path, err := filepath.Abs(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%s is not built: run make build (%v)", name, err)
	}
	return path
}

// startLab starts a lab of its own on free ports and stops it with the test.
func startLab(t *testing.T) layout.Lab {
	t.Helper()
	bin, dir := program(t, "postern-lab"), filepath.Join(t.TempDir(), "lab")
	if out, err := exec.CommandContext(t.Context(), bin, "up", "--state", dir, "--api-port", "0", "--proxy-port", "0").CombinedOutput(); err != nil {
		t.Fatalf("start lab: %v\n%s", err, out)
	}
	t.Cleanup(func() { stopLab(t, dir) })
	lab, err := layout.Read(layout.Dir(dir))
	if err != nil {
		t.Fatal(err)
	}
	return lab
}

// stopLab stops a lab; stopping a stopped one is no fault.
func stopLab(t *testing.T, dir string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, program(t, "postern-lab"), "down", "--state", dir).CombinedOutput(); err != nil {
		t.Errorf("stop lab: %v\n%s", err, out)
	}
}

// writer makes audit events: it patches one ConfigMap over and over. Each
// request is one event in the API server's audit file.
type writer struct {
	client *http.Client
	url    string
	done   atomic.Int64
}

func newWriter(t *testing.T, lab layout.Lab) *writer {
	t.Helper()
	text, err := os.ReadFile(lab.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.RESTConfigFromKubeConfig(text)
	if err != nil {
		t.Fatal(err)
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	w := &writer{client: client, url: config.Host + "/api/v1/namespaces/default/configmaps"}
	body := `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"kill-test"}}`
	if err := w.send(t.Context(), http.MethodPost, w.url, "application/json", body); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *writer) send(ctx context.Context, method, url, contentType, body string) error {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader([]byte(body)))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", contentType)
	res, err := w.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s", method, url, res.Status)
	}
	return nil
}

// run writes until ctx ends, at most limit requests.
func (w *writer) run(ctx context.Context, limit int) error {
	for i := range limit {
		body := fmt.Sprintf(`{"data":{"n":"%d"}}`, i)
		if err := w.send(ctx, http.MethodPatch, w.url+"/kill-test", "application/merge-patch+json", body); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		w.done.Add(1)
	}
	return nil
}
