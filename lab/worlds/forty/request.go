package forty

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
)

// requestOf is a certificate request for a common name, as the CSR API takes it.
// The key is made of the name, so that the file is the same each time.
func requestOf(name string) string {
	seed := sha256.Sum256([]byte("forty csr " + name))
	der, err := x509.CreateCertificateRequest(nil, &x509.CertificateRequest{Subject: pkix.Name{CommonName: name}}, ed25519.NewKeyFromSeed(seed[:]))
	if err != nil {
		panic("BUG: certificate request: " + err.Error())
	}
	return base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
}
