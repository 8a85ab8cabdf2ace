// Package cloud is the lab's Azure world: one tenant and one subscription with
// their users, groups, service principals, role definitions and assignments,
// managed clusters, diagnostic settings and Activity Log.
//
// It owns the plain values, the permission arithmetic over them (Decide), the
// world file (ParseWorld) and the persisted, thread-safe State. It speaks no
// HTTP: the rooms entra, arm, graph and guard do, each over a *State. What the
// API server behind a managed cluster must be able to do is the ControlPlane
// interface, declared here and implemented by package controlplane.
//
//	s, err := cloud.Open(cloud.Options{Dir: dir})
//	w := s.World()                       // an immutable picture
//	d := w.Decide(oid, "Microsoft.ContainerService/managedClusters/read", scope)
package cloud
