package entra

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // x5t is a SHA-1 thumbprint by definition
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

var b64 = base64.RawURLEncoding.Strict()

// Key signs and verifies the tenant's tokens and seals refresh tokens.
type Key struct {
	private *rsa.PrivateKey
	cert    []byte // self-signed, DER: what the key set publishes as x5c
	id      string
	seal    cipher.AEAD
}

// OpenKey loads the signing key kept in dir, or makes one.
func OpenKey(dir string) (*Key, error) {
	path := filepath.Join(dir, "entra.key")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		private, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, fmt.Errorf("make signing key: %w", err)
		}
		der, err := x509.MarshalPKCS8PrivateKey(private)
		if err != nil {
			return nil, fmt.Errorf("make signing key: %w", err)
		}
		text = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return nil, fmt.Errorf("keep signing key: %w", err)
		}
		return newKey(private)
	}
	if err != nil {
		return nil, fmt.Errorf("read signing key: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("read signing key %s: no PEM block; remove the file to have a new key made", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read signing key %s: %w", path, err)
	}
	private, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("read signing key %s: not an RSA key", path)
	}
	return newKey(private)
}

func newKey(private *rsa.PrivateKey) (*Key, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "LAB accounts.accesscontrol"},
		NotBefore: time.Unix(1577836800, 0), NotAfter: time.Unix(4102444800, 0),
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		return nil, fmt.Errorf("certify signing key: %w", err)
	}
	public := x509.MarshalPKCS1PublicKey(&private.PublicKey)
	secret := sha256.Sum256(append([]byte("refresh token sealing\x00"), x509.MarshalPKCS1PrivateKey(private)...))
	block, err := aes.NewCipher(secret[:])
	if err != nil {
		return nil, fmt.Errorf("derive sealing key: %w", err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("derive sealing key: %w", err)
	}
	thumb := sha1.Sum(public) //nolint:gosec // an identifier, not a proof
	return &Key{private: private, cert: cert, id: b64.EncodeToString(thumb[:]), seal: gcm}, nil
}

// keySet is the JWKS document.
func (k *Key) keySet() map[string]any {
	return map[string]any{"keys": []any{map[string]any{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": k.id, "x5t": k.id,
		"n":   b64.EncodeToString(k.private.N.Bytes()),
		"e":   b64.EncodeToString(big.NewInt(int64(k.private.E)).Bytes()),
		"x5c": []string{base64.StdEncoding.EncodeToString(k.cert)},
	}}}
}

// sign makes a JWT of the claims.
func (k *Key) sign(claims map[string]any) (string, error) {
	head, err := json.Marshal(map[string]string{"typ": "JWT", "alg": "RS256", "kid": k.id, "x5t": k.id})
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	text := b64.EncodeToString(head) + "." + b64.EncodeToString(body)
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, k.private, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return text + "." + b64.EncodeToString(sig), nil
}

// sealed encrypts a value for this server's own later use.
func (k *Key) sealed(v any) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	nonce := make([]byte, k.seal.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	return "1." + b64.EncodeToString(k.seal.Seal(nonce, nonce, text, nil)), nil
}

var errSeal = errors.New("not sealed by this server")

func (k *Key) unseal(text string, v any) error {
	if len(text) < 2 || text[:2] != "1." {
		return errSeal
	}
	raw, err := b64.DecodeString(text[2:])
	if err != nil || len(raw) < k.seal.NonceSize() {
		return errSeal
	}
	n := k.seal.NonceSize()
	plain, err := k.seal.Open(nil, raw[:n], raw[n:], nil)
	if err != nil {
		return errSeal
	}
	return json.Unmarshal(plain, v)
}
