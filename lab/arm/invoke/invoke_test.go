package invoke

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestWords(t *testing.T) {
	for line, want := range map[string][]string{
		"":                                       nil,
		"  kubectl  get\tpods ":                  {"kubectl", "get", "pods"},
		`kubectl run 'a b' --x="c\"d\e" f\ g ''`: {"kubectl", "run", "a b", `--x=c"d\e`, "f g", ""},
		`kubectl get -o jsonpath='{.items[*].metadata.name}'`: {"kubectl", "get", "-o", "jsonpath={.items[*].metadata.name}"},
	} {
		if got, err := Words(line); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %q %v, want %q", line, got, err, want)
		}
	}
	for _, line := range []string{"kubectl get pods | sh", "a; b", "a && b", "a > f", "a $HOME", "a `b`", `"$(id)"`, "a\nb", "a # b", "'a", `"a`, `a\`, "a\x00"} {
		if got, err := Words(line); err == nil {
			t.Errorf("%q: split to %q", line, got)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, line := range []string{
		"kubectl get pods -A -o wide", "kubectl apply -f dir/a.yaml", "kubectl get --raw /healthz", "kubectl auth can-i get /metrics",
		"kubectl get --raw=/apis", "kubectl get pod/x deployment.apps/y", "kubectl create configmap x --from-file=k=a.txt",
		`kubectl patch cm x --type json -p '[{"op":"remove","path":"/data/a"}]'`, "kubectl exec x -- cat /etc/passwd", "kubectl get pods -l a!=b",
	} {
		words, err := Words(line)
		if err == nil {
			err = Check(words)
		}
		if err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	for _, line := range []string{
		"", "helm list", "/bin/kubectl get pods", "kubectl --kubeconfig=x get pods", "kubectl get pods --token abc", "kubectl -shttps://x get pods",
		"kubectl proxy", "kubectl config view --raw", "kubectl apply -f /etc/passwd", "kubectl apply -f/etc/passwd", "kubectl apply -f=../x",
		"kubectl apply -f a,/etc/passwd", `kubectl apply -f '"/etc/passwd"'`, "kubectl create cm x --from-file=k=/etc/passwd",
		"kubectl apply -f https://example.org/x.yaml", "kubectl apply -k ~/x", "kubectl apply -Rf../x", "kubectl create -f a/../../b",
	} {
		words, err := Words(line)
		if err != nil {
			t.Fatal(err)
		}
		if Check(words) == nil {
			t.Errorf("%s: allowed", line)
		}
	}
}

// archive makes a zip of names, each holding text.
func archive(t *testing.T, text string, names ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, n := range names {
		w, err := z.Create(n)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(w, text)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

func TestUnpack(t *testing.T) {
	dir := t.TempDir()
	if err := Unpack(archive(t, "x", "a.yaml", "sub/b.yaml"), dir); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "sub", "b.yaml")); err != nil || string(text) != "x" {
		t.Errorf("%q %v", text, err)
	}
	for name, text := range map[string]string{
		"not base64": "%", "no zip": "aGFsbG8=", "out": archive(t, "x", "../a"), "absolute": archive(t, "x", "/a"),
		"twice": archive(t, "x", "c", "c"), "large": archive(t, strings.Repeat("x", maxAttached/2+1), "d", "e"),
		"many": archive(t, "x", strings.Split(strings.Repeat("n ", maxFiles+1), " ")...),
	} {
		if Unpack(text, t.TempDir()) == nil {
			t.Errorf("%s: unpacked", name)
		}
	}
}

// TestRun: output in order, exit code, bounded output, nothing left.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	run := func(script string) (Outcome, error) {
		// The program is the test's own shell here: what is held is the frame
		// around a child. The real kubectl runs in package arm's tests.
		c := Command{Program: "/bin/sh", Words: []string{"kubectl", "-c", script}, Files: archive(t, "hello", "a.txt"), Kubeconfig: []byte("secret")}
		return c.Run(context.Background())
	}
	got, err := run(`read x < a.txt; echo "$x"; echo err >&2; read y < "$KUBECONFIG"; echo "$y $PATH"; exit 3`)
	if want := (Outcome{3, "hello\nerr\nsecret /nonexistent\n"}); err != nil || got != want {
		t.Errorf("%+v %v", got, err)
	}
	got, err = run(`i=0; while [ $i -lt 9000 ]; do echo 0123456789012345678901234567890123456789012345678901234567890123456789; i=$((i+1)); done`)
	if err != nil || len(got.Logs) > MaxOutput+100 || !strings.HasSuffix(got.Logs, "bytes]\n") {
		t.Errorf("%d bytes, %v", len(got.Logs), err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := (Command{Program: "/bin/sh", Words: []string{"kubectl", "-c", "exit 0"}}).Run(ctx); err == nil {
		t.Error("ran although stopped")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func FuzzWords(f *testing.F) {
	for _, s := range []string{`kubectl get 'a b'`, `"\""`, `a\ b`, `''`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		words, err := Words(line)
		if err != nil {
			return
		}
		var quoted []string
		for _, w := range words {
			quoted = append(quoted, "'"+strings.ReplaceAll(w, "'", `'\''`)+"'")
		}
		again, err := Words(strings.Join(quoted, " "))
		if err != nil || !reflect.DeepEqual(again, words) {
			t.Errorf("%q: %q, quoted again %q %v", line, words, again, err)
		}
	})
}
