package cluster

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/postern-dev/postern/internal/snapshot"
)

// Pods is the part about mounted tokens: ServiceAccounts and Pods.
const Pods Part = "pods"

// tokenPath is where client libraries look for the token.
const tokenPath = "/var/run/secrets/kubernetes.io/serviceaccount"

func (c *Client) podParts(s *snapshot.Snapshot) []*part {
	accounts, pods := []snapshot.ServiceAccount{}, []snapshot.Pod{}
	return []*part{
		{what: snapshot.ServiceAccountList, read: func(ctx context.Context) error {
			return list(ctx, c, "/api/v1/serviceaccounts", func(a corev1.ServiceAccount) {
				accounts = append(accounts, snapshot.ServiceAccount{Namespace: a.Namespace, Name: a.Name, Automount: a.AutomountServiceAccountToken})
			})
		}, done: func() { s.ServiceAccounts = accounts }},
		{what: snapshot.PodList, read: func(ctx context.Context) error {
			return list(ctx, c, "/api/v1/pods", func(p corev1.Pod) { pods = append(pods, pod(p)) })
		}, done: func() { s.Pods = pods }},
	}
}

// pod is what is kept of a Pod. One that has ended gives nobody its token any more.
func pod(p corev1.Pod) snapshot.Pod {
	out := snapshot.Pod{Namespace: p.Namespace, Name: p.Name, ServiceAccount: p.Spec.ServiceAccountName, Automount: p.Spec.AutomountServiceAccountToken}
	if o := metav1.GetControllerOf(&p); o != nil {
		out.Owner = o.Kind + "/" + o.Name
	}
	out.Mounts = p.Status.Phase != corev1.PodSucceeded && p.Status.Phase != corev1.PodFailed && mountsToken(p.Spec)
	return out
}

// mountsToken: a container mounts a token that the API server takes. Tokens for
// another audience, such as workload identity's, are none of that.
func mountsToken(spec corev1.PodSpec) bool {
	holds := map[string]bool{}
	for _, v := range spec.Volumes {
		if v.Projected != nil && slices.ContainsFunc(v.Projected.Sources, func(p corev1.VolumeProjection) bool {
			return p.ServiceAccountToken != nil && p.ServiceAccountToken.Audience == ""
		}) {
			holds[v.Name] = true
		}
	}
	mounts := func(all []corev1.VolumeMount) bool {
		return slices.ContainsFunc(all, func(m corev1.VolumeMount) bool {
			secret := slices.ContainsFunc(spec.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name && v.Secret != nil })
			return holds[m.Name] || secret && m.MountPath == tokenPath
		})
	}
	return slices.ContainsFunc(spec.InitContainers, func(c corev1.Container) bool { return mounts(c.VolumeMounts) }) ||
		slices.ContainsFunc(spec.Containers, func(c corev1.Container) bool { return mounts(c.VolumeMounts) }) ||
		slices.ContainsFunc(spec.EphemeralContainers, func(c corev1.EphemeralContainer) bool { return mounts(c.VolumeMounts) })
}
