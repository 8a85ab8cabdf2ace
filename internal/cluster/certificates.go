package cluster

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"

	authv1 "k8s.io/api/authentication/v1"
	certv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/postern-dev/postern/internal/snapshot"
)

// The parts about credentials: what certificates were asked for, which Secrets
// hold tokens (their metadata alone), and the CA of client certificates.
const (
	Certificates Part = "certificates"
	Tokens       Part = "tokens"
	CA           Part = "ca"
)

// Everything is what a snapshot reads.
func Everything() []Part {
	return []Part{RBAC, Discovery, Version, Namespaces, Certificates, Tokens, CA, Pods}
}

func (c *Client) credentialParts(s *snapshot.Snapshot, wanted []Part) (parts []*part) {
	if slices.Contains(wanted, Certificates) {
		requests := []snapshot.CertificateRequest{}
		parts = append(parts, &part{what: snapshot.CSRs, read: func(ctx context.Context) error {
			return list(ctx, c, "/apis/certificates.k8s.io/v1/certificatesigningrequests", func(r certv1.CertificateSigningRequest) {
				requests = append(requests, certificateRequest(r))
			})
		}, done: func() { s.Requests = requests }})
	}
	if slices.Contains(wanted, Tokens) {
		secrets := []snapshot.TokenSecret{}
		parts = append(parts, &part{what: snapshot.TokenSecretList, read: func(ctx context.Context) (err error) {
			secrets, err = c.tokenSecrets(ctx)
			return err
		}, done: func() { s.TokenSecrets = secrets }})
	}
	if slices.Contains(wanted, CA) {
		var all []snapshot.Authority
		parts = append(parts, &part{what: snapshot.ClientCA, read: func(ctx context.Context) (err error) {
			all, err = c.clientCAs(ctx)
			return err
		}, done: func() { s.ClientCAs = all }})
	}
	return parts
}

func certificateRequest(r certv1.CertificateSigningRequest) snapshot.CertificateRequest {
	out := snapshot.CertificateRequest{Name: r.Name, Signer: r.Spec.SignerName, Requester: r.Spec.Username, Created: r.CreationTimestamp.UTC(), Issued: len(r.Status.Certificate) > 0}
	for _, c := range r.Status.Conditions {
		switch c.Type {
		case certv1.CertificateApproved:
			out.Approved = true
		case certv1.CertificateDenied:
			out.Denied = true
		}
	}
	if block, _ := pem.Decode(r.Spec.Request); block != nil {
		if asked, err := x509.ParseCertificateRequest(block.Bytes); err == nil {
			out.User, out.Groups = asked.Subject.CommonName, asked.Subject.Organization
		}
	}
	if block, _ := pem.Decode(r.Status.Certificate); block != nil {
		if issued, err := x509.ParseCertificate(block.Bytes); err == nil {
			out.Expires = issued.NotAfter.UTC()
		}
	}
	return out
}

// metadataOnly asks for objects without their content: no token crosses the wire.
const metadataOnly = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

func (c *Client) tokenSecrets(ctx context.Context) ([]snapshot.TokenSecret, error) {
	all := []snapshot.TokenSecret{}
	query := url.Values{"fieldSelector": {"type=" + string(corev1.SecretTypeServiceAccountToken)}, "limit": {"500"}}
	for {
		var answer metav1.PartialObjectMetadataList
		if err := c.ask(ctx, http.MethodGet, "/api/v1/secrets?"+query.Encode(), metadataOnly, nil, &answer); err != nil {
			return nil, err
		}
		if answer.Kind != "PartialObjectMetadataList" {
			return nil, errors.New("the server does not give the metadata of Secrets alone")
		}
		for _, s := range answer.Items {
			all = append(all, snapshot.TokenSecret{Namespace: s.Namespace, Name: s.Name, ServiceAccount: s.Annotations[corev1.ServiceAccountNameKey],
				Created: s.CreationTimestamp.UTC(), LastUsed: s.Labels["kubernetes.io/legacy-token-last-used"]})
		}
		if answer.Continue == "" {
			return all, nil
		}
		query.Set("continue", answer.Continue)
	}
}

// clientCAs are what the API server verifies client certificates with, as it
// publishes it for extension servers.
func (c *Client) clientCAs(ctx context.Context) ([]snapshot.Authority, error) {
	var published corev1.ConfigMap
	if err := c.do(ctx, http.MethodGet, "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication", nil, &published); err != nil {
		return nil, err
	}
	all := []snapshot.Authority{}
	for rest := []byte(published.Data["client-ca-file"]); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		ca, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, errors.New("client-ca-file of kube-system/extension-apiserver-authentication is damaged")
		}
		sum := sha256.Sum256(ca.Raw)
		all = append(all, snapshot.Authority{Subject: ca.Subject.String(), NotBefore: ca.NotBefore.UTC(), NotAfter: ca.NotAfter.UTC(), SHA256: hex.EncodeToString(sum[:])})
	}
	if len(all) == 0 {
		return nil, errors.New("kube-system/extension-apiserver-authentication has no client-ca-file")
	}
	return all, nil
}

// forbiddenTo is the caller in the refusal of a server.
var forbiddenTo = regexp.MustCompile(`User "([^"]+)" cannot`)

// reviewed is whom a server takes the caller for: as a SelfSubjectReview says,
// or its refusal, which knows the caller too. Empty: neither.
func reviewed(text []byte) string {
	var r authv1.SelfSubjectReview
	if json.Unmarshal(text, &r) == nil && r.Status.UserInfo.Username != "" {
		return r.Status.UserInfo.Username
	}
	var refusal struct{ Kind, Reason, Message string }
	if json.Unmarshal(text, &refusal) == nil && refusal.Kind == "Status" && refusal.Reason == string(metav1.StatusReasonForbidden) {
		if m := forbiddenTo.FindStringSubmatch(refusal.Message); m != nil {
			return m[1]
		}
	}
	return ""
}
