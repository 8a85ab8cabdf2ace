// Package harden tries `postern harden --apply` on a world: Azure's endpoints of
// the lab in this process, stand-ins for API servers, and the real binary beside
// it, killed and refused wherever that can happen.
package harden
