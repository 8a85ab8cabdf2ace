package pki

import (
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestGenerations(t *testing.T) {
	dir := t.TempDir()
	if _, err := Current(dir); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("current of an empty directory: %v", err)
	}
	first := next(t, dir)
	if err := Activate(dir, first); err != nil {
		t.Fatal(err)
	}
	// Prepared and never put in force: the crash in the middle of a rotation.
	next(t, dir)
	if now, err := Current(dir); err != nil || now != first {
		t.Fatalf("current after an interrupted rotation: %+v, %v", now, err)
	}
	second := next(t, dir)
	if err := Activate(dir, second); err != nil {
		t.Fatal(err)
	}
	if now, err := Current(dir); err != nil || now != second {
		t.Fatalf("current after a rotation: %+v, %v", now, err)
	}
	if _, err := os.Stat(first.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("credentials of before the rotation: %v, want them gone", err)
	}
}

func TestCredentials(t *testing.T) {
	dir := t.TempDir()
	g, other := next(t, dir), next(t, t.TempDir())
	for _, c := range []struct {
		file, name string
		groups     []string
		usage      x509.ExtKeyUsage
	}{
		{MasterClient, "masterclient", []string{"system:masters"}, x509.ExtKeyUsageClientAuth},
		{AKSService, "aksService", []string{"system:masters"}, x509.ExtKeyUsageClientAuth},
		{"kube-controller-manager", "system:kube-controller-manager", nil, x509.ExtKeyUsageClientAuth},
		{"apiserver", "apiserver", nil, x509.ExtKeyUsageServerAuth},
	} {
		pair, err := g.Client(c.file)
		if err != nil {
			t.Fatal(err)
		}
		certificate, err := ParseCertificate(pair.Certificate)
		if err != nil {
			t.Fatal(err)
		}
		if certificate.Subject.CommonName != c.name || len(certificate.Subject.Organization) != len(c.groups) {
			t.Errorf("%s is of %s", c.file, certificate.Subject)
		}
		verify := func(ca Generation) error {
			text, err := ca.CA()
			if err != nil {
				return err
			}
			roots := x509.NewCertPool()
			roots.AppendCertsFromPEM(text)
			_, err = certificate.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{c.usage}})
			return err
		}
		if err := verify(g); err != nil {
			t.Errorf("%s by its own CA: %v", c.file, err)
		}
		if err := verify(other); err == nil {
			t.Errorf("%s passes under the CA of another generation", c.file)
		}
	}
	token, err := g.Token()
	if err != nil || len(token) != 128 {
		t.Errorf("token of %d characters, %v", len(token), err)
	}
	keys, err := filepath.Glob(g.File("*.key"))
	if err != nil || len(keys) < 5 {
		t.Fatalf("keys: %v, %v", keys, err)
	}
	for _, path := range append(keys, g.File("tokens.csv")) {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v; want 0600", path, info.Mode(), err)
		}
	}
	if _, err := os.Stat(g.File("ca.key")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the CA's key is kept: %v; nothing needs it", err)
	}
}

func next(t *testing.T, dir string) Generation {
	t.Helper()
	g, err := Prepare(dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return g
}
