package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/postern-dev/postern/rbac"
)

// cluster is one policy, served and indexed.
type cluster struct {
	policy     rbac.Policy
	index      *rbac.Index
	kubeconfig string
	close      func()
}

func newCluster(dir string, roles, bindings int) (*cluster, error) {
	c := &cluster{policy: policyOf(20261123, roles, bindings), kubeconfig: filepath.Join(dir, fmt.Sprintf("kubeconfig-%d", bindings))}
	server, err := serve(c.policy)
	if err != nil {
		return nil, fmt.Errorf("encode policy: %w", err)
	}
	c.close = server.Close
	return c, writeKubeconfig(c.kubeconfig, server.URL)
}

// whoCan asks who can read secrets in a cluster of 5,000 roles and 50,000
// bindings: inside a running process, and by whole commands over one API server.
func whoCan(ctx context.Context, dir, postern string) error {
	c, err := newCluster(dir, 5_000, 50_000)
	if err != nil {
		return err
	}
	defer c.close()
	before := heap()
	index, _ := timed(func() error { c.index = rbac.NewIndex(c.policy); return nil })
	held := heap() - before
	fmt.Printf("\n| work | %d roles, %d bindings |\n|---|---|\n", len(c.policy.Roles), len(c.policy.Bindings))
	fmt.Printf("| index, in process | %.0f ms; %.0f MB of heap beside the policy |\n", ms(index), float64(held)/1e6)
	for _, q := range []rbac.Request{
		{Verb: "get", Resource: "secrets", Namespace: "ns-7"}, {Verb: "get", Resource: "secrets"}, {Verb: "create", Resource: "pods", Subresource: "exec", Namespace: "ns-7"},
	} {
		ways := 0
		answer := fastest(20, func() { ways = len(c.index.WhoCan(q)) })
		fmt.Printf("| who can %s, in process | %.2f ms, %d ways |\n", q, ms(answer), ways)
	}
	u := c.policy.Bindings[0].Subjects[0].UserInfo(c.policy.Bindings[0].Subjects[1].Name)
	decide := fastest(1000, func() { c.index.Evaluate(u, rbac.Request{Verb: "get", Resource: "secrets", Namespace: "ns-7"}) })
	fmt.Printf("| may one user, in process | %.4f ms |\n", ms(decide))
	ours, subjects, err := c.command(ctx, postern)
	if err != nil {
		return err
	}
	fmt.Printf("| who can get secrets in one namespace, whole command over an API server | %.2f s, %d subjects |\n", ours.Seconds(), subjects)
	return rbacTool(ctx, dir, postern)
}

func ms(d time.Duration) float64 { return d.Seconds() * 1e3 }

// command is Postern's whole command.
func (c *cluster) command(ctx context.Context, postern string) (took time.Duration, subjects int, err error) {
	var out bytes.Buffer
	took, err = timed(func() error {
		return command(ctx, &out, postern, "who-can", "get", "secrets", "-n", "ns-7", "-q", "--names", "never", "-o", "name", "--kubeconfig", c.kubeconfig)
	})
	return took, bytes.Count(out.Bytes(), []byte("\n")), err
}

// rbacTool is the rival: RBAC_TOOL, or rbac-tool on PATH. It bounds the memory
// of its query language and gives up on large clusters: it is asked about
// smaller ones until it answers, and compared there.
func rbacTool(ctx context.Context, dir, postern string) error {
	tool := os.Getenv("RBAC_TOOL")
	if tool == "" {
		var err error
		if tool, err = exec.LookPath("rbac-tool"); err != nil {
			fmt.Println("\nrbac-tool: not found, not compared: set RBAC_TOOL (source: github.com/alcideio/rbac-tool)")
			return nil
		}
	}
	fmt.Printf("\n| roles, bindings | rbac-tool who-can get secrets, whole command | postern, whole command | ratio | postern, in process | ratio |\n|---|---|---|---|---|---|\n")
	for _, smaller := range []int{1, 2, 5, 10, 20, 50, 100} {
		c, err := newCluster(dir, 5_000/smaller, 50_000/smaller)
		if err != nil {
			return err
		}
		answered, err := c.compare(ctx, tool, postern)
		c.close()
		if err != nil || answered {
			return err
		}
	}
	return nil
}

func (c *cluster) compare(ctx context.Context, tool, postern string) (answered bool, err error) {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, tool, "who-can", "get", "secrets", "-o", "json")
	cmd.Env = append(os.Environ(), "KUBECONFIG="+c.kubeconfig)
	cmd.Stdout = &out
	theirs, failed := timed(cmd.Run)
	size := fmt.Sprintf("%d, %d", len(c.policy.Roles), len(c.policy.Bindings))
	if failed != nil {
		line, _, _ := strings.Cut(out.String(), "\n")
		fmt.Printf("| %s | no answer after %.2f s: %s | | | | |\n", size, theirs.Seconds(), line)
		return false, nil
	}
	var list []rbac.Subject
	if err := json.Unmarshal(out.Bytes(), &list); err != nil {
		return false, fmt.Errorf("read rbac-tool's answer: %w", err)
	}
	ours, _, err := c.command(ctx, postern)
	if err != nil {
		return false, err
	}
	c.index = rbac.NewIndex(c.policy)
	answer := fastest(20, func() { c.index.WhoCan(rbac.Request{Verb: "get", Resource: "secrets", Namespace: "ns-7"}) })
	fmt.Printf("| %s | %.2f s | %.2f s | %.1f × | %.3f ms | %.0f × |\n", size, theirs.Seconds(), ours.Seconds(), theirs.Seconds()/ours.Seconds(), ms(answer), theirs.Seconds()/answer.Seconds())
	c.judge(list)
	return true, nil
}

// judge compares rbac-tool's subjects with those who may in any namespace, for
// all secrets or for named ones: it does not tell these apart.
func (c *cluster) judge(list []rbac.Subject) {
	want := map[rbac.Subject]bool{}
	for _, b := range c.policy.Bindings {
		role, _ := c.index.Role(b)
		for _, r := range role.Rules {
			r.ResourceNames = nil
			if r.Allows(rbac.Request{Verb: "get", Resource: "secrets"}) {
				for _, s := range b.Subjects {
					want[s.Canonical()] = true
				}
			}
		}
	}
	extra, missing := 0, len(want)
	for _, s := range list {
		if s.Kind != rbac.ServiceAccountKind {
			s.Namespace = ""
		}
		if want[s.Canonical()] {
			missing--
		} else {
			extra++
		}
	}
	fmt.Printf("\nrbac-tool names %d subjects, without saying in which namespace or for which names; %d who may somewhere are missing, %d may nowhere.\n", len(list), missing, extra)
}

// fastest of several runs.
func fastest(runs int, f func()) (best time.Duration) {
	for i := range runs {
		start := time.Now()
		f()
		if took := time.Since(start); i == 0 || took < best {
			best = took
		}
	}
	return best
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
