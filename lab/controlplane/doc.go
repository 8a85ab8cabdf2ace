// Package controlplane runs the lab's cluster: etcd, kube-apiserver and the
// controllers as child processes of one binary, with the audit policy, the
// credentials and the provider-managed bindings of AKS.
//
// It owns supervision (start, readiness, stop in order, nothing left behind),
// certificate rotation and the add-on manager, and implements
// cloud.ControlPlane. It knows nothing of Azure's APIs: the guard webhooks are
// URLs to it, the admin groups a list of object ids.
//
//	plane := &controlplane.Plane{Dir: dir, Executable: self, Listener: listener, Guard: guard, Log: log}
//	err := plane.Start(ctx)
//	defer plane.Stop()
package controlplane
