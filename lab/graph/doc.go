// Package graph is the lab's Microsoft Graph: the directory reads that az and
// Postern make to put names to object ids. It is read-only; people and groups
// change by loading another world.
//
// Any signed-in member of the tenant may read. Guests read themselves and
// objects by id only. Applications need one of the application permissions
// Directory.Read.All, User.Read.All, Group.Read.All, GroupMember.Read.All or
// Application.Read.All, as the world grants them, for what each covers.
package graph
