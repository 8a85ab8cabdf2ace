package tour

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// azCLI drives the real Azure CLI.
type azCLI struct {
	p       *person
	version string
}

func (z *azCLI) describe() string {
	return "az " + z.version + " (role assignments by `az rest`: the role commands of Debian's 2.45 crash)"
}

// findAz returns the version of the az on PATH, "" where there is none.
func findAz(ctx context.Context) (string, error) {
	exe, err := exec.LookPath("az")
	if err != nil {
		return "", nil
	}
	dir, err := os.MkdirTemp("", "postern-az-")
	if err != nil {
		return "", fmt.Errorf("make directory for az: %w", err)
	}
	defer os.RemoveAll(dir)
	r, err := execute(ctx, dir, []string{"HOME=" + dir, "AZURE_CONFIG_DIR=" + dir, "AZURE_CORE_COLLECT_TELEMETRY=0", "PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8"},
		nil, exe, "version", "-o", "json")
	if err != nil {
		return "", err
	}
	var v struct {
		Version string `json:"azure-cli"`
	}
	if err := json.Unmarshal([]byte(r.Stdout), &v); err != nil || v.Version == "" {
		return "", fmt.Errorf("ask az for its version: %s", firstLine(r.text()))
	}
	return v.Version, nil
}

func (z *azCLI) login(ctx context.Context, t *transcript) error {
	t.command(z.p.short, "az login --username "+z.p.UPN+" --password …")
	r, _, err := z.p.signingIn(ctx, "az", "login", "--username", z.p.UPN, "--password", z.p.Password, "-o", "none")
	if err != nil {
		return err
	}
	if !r.ok() {
		return fmt.Errorf("sign in %s: %s", z.p.UPN, firstLine(r.Stderr))
	}
	return nil
}

// cluster are the arguments that name the cluster.
func (z *azCLI) cluster() []string {
	return []string{"--resource-group", z.p.lab.ResourceGroup, "--name", z.p.lab.Cluster}
}

func (z *azCLI) credentials(ctx context.Context, t *transcript, admin bool, file string) (answer, error) {
	args := append([]string{"aks", "get-credentials"}, z.cluster()...)
	if admin {
		args = append(args, "--admin")
	}
	rel, err := filepath.Rel(z.p.dir, file)
	if err != nil {
		rel = file
	}
	return z.call(ctx, t, append(args, "--file", rel, "--overwrite-existing")...)
}

func (z *azCLI) enableEntra(ctx context.Context, t *transcript, group string) (answer, error) {
	args := append([]string{"aks", "update"}, z.cluster()...)
	return z.call(ctx, t, append(args, "--enable-aad", "--aad-admin-group-object-ids", group, "-o", "none")...)
}

func (z *azCLI) rotateCertificates(ctx context.Context, t *transcript) (answer, error) {
	args := append([]string{"aks", "rotate-certs"}, z.cluster()...)
	return z.call(ctx, t, append(args, "--yes")...)
}

func (z *azCLI) routeLogs(ctx context.Context, t *transcript, name, storage, category string) (answer, error) {
	return z.call(ctx, t, "monitor", "diagnostic-settings", "create", "--name", name, "--resource", z.p.lab.ClusterID,
		"--storage-account", storage, "--logs", fmt.Sprintf(`[{"category":%q,"enabled":true}]`, category), "-o", "none")
}

func (z *azCLI) rest(ctx context.Context, t *transcript, method, url string, body any) (answer, error) {
	args := []string{"rest", "--method", strings.ToLower(method), "--url", url}
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return answer{}, fmt.Errorf("encode request: %w", err)
		}
		args = append(args, "--body", string(b))
	}
	return z.call(ctx, t, args...)
}

// azError is az's report of an ARM error. `az rest` prints the body instead.
var (
	azError   = regexp.MustCompile(`(?m)^(?:ERROR: )?\((\w+)\) (.*)$`)
	restError = regexp.MustCompile(`(?s)^ERROR: (?:\w[\w ]*)\((\{.*\})\)`)
)

func (z *azCLI) call(ctx context.Context, t *transcript, args ...string) (answer, error) {
	t.command(z.p.short, shellLine("az", args))
	r, _, err := z.p.signingIn(ctx, "az", args...)
	if err != nil {
		return answer{}, err
	}
	if args[0] != "rest" || !r.ok() {
		t.output(withoutWarnings(r.text()))
	}
	if r.ok() {
		return answer{Body: []byte(r.Stdout)}, nil
	}
	return azRefusal(r), nil
}

// azRefusal reads az's stderr.
func azRefusal(r reply) answer {
	if m := azError.FindStringSubmatch(r.Stderr); m != nil {
		return answer{Code: m[1], Message: m[2]}
	}
	if m := restError.FindStringSubmatch(r.Stderr); m != nil {
		var e struct {
			Error struct{ Code, Message string }
		}
		if json.Unmarshal([]byte(m[1]), &e) == nil && e.Error.Code != "" {
			return answer{Code: e.Error.Code, Message: e.Error.Message}
		}
	}
	return answer{Code: fmt.Sprintf("exit %d", r.Exit), Message: firstLine(withoutWarnings(r.Stderr))}
}

// withoutWarnings leaves out what az says about itself.
func withoutWarnings(text string) string {
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		if strings.Contains(line, "UserWarning") || strings.Contains(line, "pkg_resources") || strings.Contains(line, "CryptographyDeprecationWarning") {
			continue
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

func firstLine(s string) string {
	for line := range strings.SplitSeq(s, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			return line
		}
	}
	return "(nothing printed)"
}
