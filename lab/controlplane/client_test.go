package controlplane

import (
	"strconv"

	authenticationv1 "k8s.io/api/authentication/v1"
	"k8s.io/client-go/rest"

	"github.com/postern-dev/postern/lab/cloud"
)

func itoa(n int) string { return strconv.Itoa(n) }

func selfReview() *authenticationv1.SelfSubjectReview { return &authenticationv1.SelfSubjectReview{} }

func restConfig(c cloud.Credential) *rest.Config {
	return &rest.Config{Host: c.Server, QPS: 50, Burst: 100, TLSClientConfig: rest.TLSClientConfig{
		CAData: c.CA, CertData: c.Certificate, KeyData: c.Key,
	}}
}
