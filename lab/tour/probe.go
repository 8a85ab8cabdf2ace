package tour

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"time"
)

// probe asks the API server one question with a certificate or a token, over a
// connection verified by ca, and returns the status it answered. A client-side
// certificate error is an error here and never an answer: only the server can
// say that a credential is dead.
func probe(ctx context.Context, server string, ca []byte, with credential) (int, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return 0, fmt.Errorf("ask %s: no certificate in the CA bundle", server)
	}
	conf := &tls.Config{RootCAs: roots}
	if len(with.Certificate) > 0 {
		pair, err := tls.X509KeyPair(with.Certificate, with.Key)
		if err != nil {
			return 0, fmt.Errorf("read client certificate: %w", err)
		}
		// Not Certificates: the server announces the CAs it accepts, and Go
		// would silently send nothing where the old one is not among them.
		conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	}
	transport := &http.Transport{TLSClientConfig: conf}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server+"/api/v1/namespaces/default/pods", nil)
	if err != nil {
		return 0, fmt.Errorf("ask %s: %w", server, err)
	}
	if with.Token != "" {
		req.Header.Set("Authorization", "Bearer "+with.Token)
	}
	res, err := (&http.Client{Transport: transport, Timeout: 10 * time.Second}).Do(req)
	if err != nil {
		return 0, fmt.Errorf("ask %s: %w", server, err)
	}
	defer res.Body.Close()
	return res.StatusCode, nil
}
