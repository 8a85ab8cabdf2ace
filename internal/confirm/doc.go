// Package confirm is what rbac and a real kube-apiserver say to each other
// through files: JSON lines of worlds, questions and verdicts.
//
// ask writes worlds of rbac/world as Kubernetes objects and SubjectAccessReviews;
// the lab (lab/confirm) puts them to an API server and adds what it answered;
// judge reads that recording and says where rbac disagrees; bugs plants errors
// into rbac and expects judge to notice each; roles compares aggregated roles
// given as files with a cluster's. They are programs of their own because the
// lab and the product import nothing of each other. This package owns the format
// and the comparison, not the running of anything.
package confirm
