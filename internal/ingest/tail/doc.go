// Package tail reads sets of files that grow, appear, are rotated, compressed
// and truncated, each byte once.
//
// It owns the identity of a file: device and inode, and where these changed the
// content itself, recognised by a digest of its first bytes and of the bytes
// before the place that was reached. So a file that was renamed, compressed or
// copied in its directory goes on where it was left, and one whose content was
// replaced begins anew. It owns the cursors that say so. Which files belong to a
// set is the caller's business (Find), and so is what their records mean.
//
//	set := &tail.Set{Label: "file:audit.log", Find: find, Follow: true}
//	err := set.Read(ctx, sink)
package tail
