// Package graph is the lab's Microsoft Graph: the directory reads that az and
// Postern make to put names to object ids. It is read-only; people and groups
// change by loading another world.
//
// Any signed-in member of the tenant may read, what PIM keeps as holder of a
// directory role only. Guests read themselves and objects by id only.
// Applications need, for each kind, one of the application permissions that
// call.may lists, as the world grants them.
package graph
