package cli

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/postern-dev/postern/internal/azure"
	"github.com/postern-dev/postern/internal/report"
	"github.com/postern-dev/postern/internal/snapshot"
)

// tenantOptions are what doors and snapshot --all-clusters know of how a tenant
// is read.
type tenantOptions struct {
	clusters   []string
	principals []string
	cas        []string // HOST=FILE
	none       bool     // no Kubernetes parts
}

func (o *tenantOptions) flags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&o.cas, "cluster-ca", nil, "HOST=FILE: the CA certificate of an API server that no kubeconfig has; may be repeated")
	cmd.Flags().BoolVar(&o.none, "no-kubernetes", false, "do not ask the API servers")
}

// givenCA is the CA that --cluster-ca gives for a host, or a cluster's name.
type givenCA struct {
	host string
	pem  []byte
}

func (o *tenantOptions) given() (all []givenCA, err error) {
	for _, text := range o.cas {
		host, file, ok := strings.Cut(text, "=")
		if !ok || host == "" || file == "" {
			return nil, usageError("--cluster-ca aks-1.hcp.westeurope.azmk8s.io=ca.crt", "--cluster-ca %q is not HOST=FILE", text)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, usageError("", "read --cluster-ca %s: %w", file, reason(err))
		}
		if block, _ := pem.Decode(data); block == nil || block.Type != "CERTIFICATE" {
			return nil, usageError("a file that begins with -----BEGIN CERTIFICATE-----", "--cluster-ca %s holds no certificate", file)
		}
		host = strings.TrimPrefix(strings.ToLower(host), "https://")
		all = append(all, givenCA{strings.TrimSuffix(host, ":443"), data})
	}
	return all, nil
}

// collectTenant reads Azure, the API servers and the directory with the
// caller's own credential.
func (e *Env) collectTenant(ctx context.Context, o tenantOptions, tape *azure.Tape) (*snapshot.Tenant, error) {
	given, err := o.given()
	if err != nil {
		return nil, err
	}
	line := e.newProgressLine()
	options := azure.TenantOptions{
		Clusters: o.clusters, Principals: o.principals, Getenv: e.Getenv, Version: buildVersion(), Now: e.Now, Tape: tape,
		Progress: func(p azure.Progress) { line.show(p) },
	}
	if !o.none {
		options.Kubernetes = e.kubernetesReader(given, options)
	}
	t, err := azure.CollectTenant(ctx, options)
	line.clear()
	var none *azure.NotFound
	switch {
	case err == nil:
		t.Lab = t.Lab || e.Getenv("POSTERN_LAB") != "" // the environment of postern lab env
		e.Log.Info("azure", "tenant", t.ID, "clusters", len(t.Clusters), "principals", len(t.Principals), "unread", len(t.Unread))
		return t, nil
	case ctx.Err() != nil || !errors.As(err, &none):
		return nil, err
	}
	return nil, signedOut(err)
}

// progressLine says how far collecting has come: on a terminal on one line that
// is written again and again, elsewhere on a line now and then.
type progressLine struct {
	mu       sync.Mutex
	w        io.Writer // nil: silent
	terminal bool
	now      func() time.Time
	last     time.Time
	shown    bool
}

// Between lines of progress.
const (
	progressTerminal = 100 * time.Millisecond
	progressLog      = 5 * time.Second
)

func (e *Env) newProgressLine() *progressLine {
	p := &progressLine{w: e.Stderr, terminal: e.StderrTerminal, now: e.Now, last: e.Now()}
	if e.Flags.Quiet {
		p.w = nil
	}
	if p.terminal {
		p.last = time.Time{}
	}
	return p
}

func (p *progressLine) show(at azure.Progress) {
	if p.w == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	wait := progressLog
	if p.terminal {
		wait = progressTerminal
	}
	if p.now().Sub(p.last) < wait {
		return
	}
	p.last = p.now()
	text := "postern: reading " + report.Clean(at.What)
	if at.Total > 0 {
		text += fmt.Sprintf(" (%d of %d)", at.Done, at.Total)
	}
	if !p.terminal {
		fmt.Fprintln(p.w, text)
		return
	}
	const width = 79 // a longer line would not be overwritten
	if r := []rune(text); len(r) > width {
		text = string(r[:width-1]) + "…"
	}
	fmt.Fprint(p.w, "\r\x1b[K"+text)
	p.shown = true
}

// clear leaves the terminal's line to what comes next.
func (p *progressLine) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}
