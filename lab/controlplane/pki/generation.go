package pki

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Names under which the cluster knows the holders of its certificates.
const (
	// MasterClient is the one user behind every AKS local account.
	MasterClient = "masterclient"
	// AKSService is the provider's own identity.
	AKSService = "aksService"
	// Masters is the group that kube-apiserver lets pass before any
	// authorizer is asked.
	Masters = "system:masters"
)

// controllerAccounts are the service accounts as which the controllers act.
// kube-controller-manager gives each its own token; here each has a
// certificate with the same user and group names, so the bootstrap RBAC rules
// and the audit log see no difference.
var controllerAccounts = []string{
	"clusterrole-aggregation-controller",
	"service-account-controller",
	"namespace-controller",
	"root-ca-cert-publisher",
}

const current = "current"

// Generation is one set of cluster credentials, as files below Dir.
type Generation struct {
	Number int
	Dir    string
}

// File returns the path of one of the generation's files.
func (g Generation) File(name string) string { return filepath.Join(g.Dir, name) }

// CA returns the cluster's CA certificate.
func (g Generation) CA() ([]byte, error) { return os.ReadFile(g.File("ca.crt")) }

// Client returns a certificate by the name its files have.
func (g Generation) Client(name string) (Pair, error) { return readPair(g.Dir, name) }

// Token returns the static token of MasterClient.
func (g Generation) Token() (string, error) {
	text, err := os.ReadFile(g.File("tokens.csv"))
	if err != nil {
		return "", err
	}
	token, _, _ := strings.Cut(string(text), ",")
	return token, nil
}

// Current opens the generation in force below dir; os.ErrNotExist when there
// is none yet.
func Current(dir string) (Generation, error) {
	target, err := os.Readlink(filepath.Join(dir, current))
	if err != nil {
		return Generation{}, err
	}
	number, err := strconv.Atoi(target)
	if err != nil {
		return Generation{}, fmt.Errorf("read %s: %q is no generation", filepath.Join(dir, current), target)
	}
	return Generation{Number: number, Dir: filepath.Join(dir, target)}, nil
}

// Prepare makes the files of the generation after the current one, or the
// first, without putting it in force. Hosts are names of the API server besides
// those that it has in every cluster.
func Prepare(dir string, now time.Time, hosts ...string) (Generation, error) {
	previous, err := Current(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return Generation{}, err
	}
	next := Generation{Number: previous.Number + 1}
	next.Dir = filepath.Join(dir, strconv.Itoa(next.Number))
	// What an interrupted rotation left there was never in force.
	if err := os.RemoveAll(next.Dir); err != nil {
		return Generation{}, fmt.Errorf("prepare credentials: %w", err)
	}
	if err := os.MkdirAll(next.Dir, 0o700); err != nil {
		return Generation{}, fmt.Errorf("prepare credentials: %w", err)
	}
	if err := next.fill(now, hosts); err != nil {
		return Generation{}, fmt.Errorf("prepare credentials: %w", err)
	}
	return next, nil
}

// Activate puts a prepared generation in force and removes the others.
func Activate(dir string, g Generation) error {
	link := filepath.Join(dir, current)
	fresh := link + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("activate credentials: %w", err)
	}
	if err := os.Symlink(strconv.Itoa(g.Number), fresh); err != nil {
		return fmt.Errorf("activate credentials: %w", err)
	}
	if err := os.Rename(fresh, link); err != nil {
		return fmt.Errorf("activate credentials: %w", err)
	}
	for n := g.Number - 1; n > 0; n-- {
		old := filepath.Join(dir, strconv.Itoa(n))
		if _, err := os.Stat(old); err != nil {
			break
		}
		if err := os.RemoveAll(old); err != nil {
			return fmt.Errorf("remove old credentials: %w", err)
		}
	}
	return nil
}

func (g Generation) fill(now time.Time, hosts []string) error {
	// AKS calls its cluster CA plainly "ca".
	authority, err := NewAuthority("ca", now)
	if err != nil {
		return err
	}
	if err := os.WriteFile(g.File("ca.crt"), authority.Certificate, 0o644); err != nil {
		return err
	}
	leaves := map[string]Leaf{
		"apiserver": {Name: "apiserver", Hosts: append([]string{
			"127.0.0.1", "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
			"kubernetes.default.svc.cluster.local", "10.0.0.1",
		}, hosts...)},
		MasterClient: {Name: MasterClient, Groups: []string{Masters}},
		AKSService:   {Name: AKSService, Groups: []string{Masters}},
	}
	// What the controllers watch they watch together, under this name.
	leaves["kube-controller-manager"] = Leaf{Name: "system:kube-controller-manager"}
	for _, account := range controllerAccounts {
		leaves[account] = Leaf{
			Name:   "system:serviceaccount:kube-system:" + account,
			Groups: []string{"system:serviceaccounts", "system:serviceaccounts:kube-system"},
		}
	}
	for file, leaf := range leaves {
		pair, err := authority.Issue(leaf, now)
		if err != nil {
			return err
		}
		if err := writePair(g.Dir, file, pair); err != nil {
			return err
		}
	}
	return g.writeToken()
}

// writeToken writes kube-apiserver's static token file: token, user, uid,
// groups.
func (g Generation) writeToken() error {
	secret := make([]byte, 64)
	if _, err := rand.Read(secret); err != nil {
		return fmt.Errorf("draw token: %w", err)
	}
	line := fmt.Sprintf("%s,%s,%s,%q\n", hex.EncodeToString(secret), MasterClient, MasterClient, Masters)
	return os.WriteFile(g.File("tokens.csv"), []byte(line), 0o600)
}
