package standin

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/postern-dev/postern/lab/cloud"
)

// authority is a cluster's CA and the certificate that it shows.
type authority struct {
	der  []byte
	leaf tls.Certificate
}

// authority makes a cluster's CA when it is first needed. It begins when the
// world says that certificates were rotated, else when the cluster was made.
func (f *Fleet) authority(c cloud.Cluster) (*authority, error) {
	begin := c.CertificatesRotated
	if begin.IsZero() {
		begin = c.Created
	}
	key := f.State.World().ClusterID(c) + " " + FQDN(c) + " " + begin.UTC().Format(time.RFC3339)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cas == nil {
		f.cas = map[string]*authority{}
	}
	if a, ok := f.cas[key]; ok {
		return a, nil
	}
	a, err := f.kept(key)
	if errors.Is(err, fs.ErrNotExist) {
		if a, err = newAuthority(c, begin); err == nil {
			err = f.keep(key, a)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("make CA of %s: %w", c.Name, err)
	}
	f.cas[key] = a
	return a, nil
}

// file is where an authority is kept: the CA, then the certificate that it
// signed and its key. The CA's own key is not needed again.
func (f *Fleet) file(key string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(key)))
	return filepath.Join(f.Dir, hex.EncodeToString(sum[:8])+".pem")
}

// kept reads an authority; fs.ErrNotExist where there is none that can be used
// still.
func (f *Fleet) kept(key string) (*authority, error) {
	if f.Dir == "" {
		return nil, fs.ErrNotExist
	}
	text, err := os.ReadFile(f.file(key))
	if err != nil {
		return nil, err
	}
	ca, rest := pem.Decode(text)
	if ca == nil {
		return nil, fmt.Errorf("%s holds no certificate", f.file(key))
	}
	leaf, err := tls.X509KeyPair(rest, rest)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.file(key), err)
	}
	if time.Now().After(leaf.Leaf.NotAfter) {
		return nil, fs.ErrNotExist
	}
	return &authority{der: ca.Bytes, leaf: leaf}, nil
}

func (f *Fleet) keep(key string, a *authority) error {
	if f.Dir == "" {
		return nil
	}
	secret, err := x509.MarshalPKCS8PrivateKey(a.leaf.PrivateKey)
	if err != nil {
		return err
	}
	var text []byte
	for _, b := range []*pem.Block{{Type: "CERTIFICATE", Bytes: a.der}, {Type: "CERTIFICATE", Bytes: a.leaf.Certificate[0]}, {Type: "PRIVATE KEY", Bytes: secret}} {
		text = append(text, pem.EncodeToMemory(b)...)
	}
	if err := os.MkdirAll(f.Dir, 0o700); err != nil {
		return err
	}
	// Whole or not at all.
	fresh := f.file(key) + ".new"
	if err := os.WriteFile(fresh, text, 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, f.file(key))
}

func newAuthority(c cloud.Cluster, begin time.Time) (*authority, error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	ca := &x509.Certificate{SerialNumber: big.NewInt(begin.UnixNano()), Subject: pkix.Name{CommonName: "LAB " + c.Name + " ca"}, NotBefore: begin, NotAfter: begin.AddDate(30, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		return nil, err
	}
	parent, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "apiserver"}, DNSNames: []string{FQDN(c)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	shown, err := x509.CreateCertificate(rand.Reader, leaf, parent, &key.PublicKey, caKey)
	if err != nil {
		return nil, err
	}
	return &authority{der: der, leaf: tls.Certificate{Certificate: [][]byte{shown}, PrivateKey: key}}, nil
}

// Certificate is what the stand-in at a host shows.
func (f *Fleet) Certificate(host string) (*tls.Certificate, bool) {
	c, ok := f.Cluster(host)
	if !ok {
		return nil, false
	}
	a, err := f.authority(c)
	if err != nil {
		return nil, false
	}
	return &a.leaf, true
}
