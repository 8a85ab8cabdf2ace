// Package guard plays the webhook that an AKS API server asks about Entra
// tokens (TokenReview) and, with Azure RBAC for Kubernetes, about permissions
// (SubjectAccessReview).
//
// It owns the names an Entra principal gets in the cluster, the mapping of
// Kubernetes verbs to Azure data actions, the reasons as AKS words them, and
// the klog-shaped lines of the guard log category. Who exists and who may what
// is package cloud's; what a valid token is, entra's.
//
// Facts followed: the webhook's published source (go.kubeguard.dev) and
// messages captured on AKS 1.35 in October 2026. While the cluster has no Entra
// integration the token webhook knows nobody; without Azure RBAC the
// authorization webhook has no opinion.
package guard
