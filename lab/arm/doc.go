// Package arm is the lab's Azure Resource Manager: management.azure.com as far
// as the access plane of AKS goes. It owns the routes, the wire shapes and
// messages, the permission check of every request (from role bodies, see
// cloud.World.Decide), long-running operations and the Activity Log records
// that changes and credential listings leave behind.
//
// What a change means inside the cluster is the ControlPlane's. Requests the
// lab cannot honour (creating clusters, say) are refused in plain words, after
// the same permission check.
package arm
