// Package confirm puts questions to a real kube-apiserver: it creates a world's
// RBAC objects, waits until the authorizer has seen them and the controllers have
// filled in aggregated roles, asks SubjectAccessReviews, and records what was
// answered.
//
// Which worlds and which questions, and whether the answers are right, is not its
// business: both come from programs of the product (internal/confirm) as JSON
// lines, so that lab and product share a format and no code. One world is in the
// cluster at a time: bindings of system:authenticated and roles labelled for
// Kubernetes' own aggregated ones would otherwise leak from one to the next.
//
// The lab's chain is Node, RBAC, Webhook. The webhook here has no opinion, and no
// question is asked as system:nodes, so every answer is RBAC's, or that of the
// rule for system:masters which stands before all of them.
package confirm
