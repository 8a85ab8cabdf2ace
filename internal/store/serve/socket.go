package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
)

// SocketOf is the socket of the process that holds the store at path.
func SocketOf(path string) string { return path + ".sock" }

// maxName is the longest name every system takes for a socket: 104 bytes on
// macOS, 108 on Linux, the closing zero included. Longer ones are reached
// through a short symbolic link.
const maxName = 100

// listen makes the socket under its final name and mode in one step: it is born
// in a directory of its own, where nobody else can reach it before its mode is
// 0600.
func listen(socket string) (net.Listener, error) {
	nursery, err := os.MkdirTemp(filepath.Dir(socket), ".postern-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(nursery)
	born := filepath.Join(nursery, "s")
	name, done, err := shorten(nursery, "s")
	if err != nil {
		return nil, err
	}
	defer done()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: name, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false) // it is about to get another name
	if err := errors.Join(os.Chmod(born, 0o600), os.Rename(born, socket)); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func dial(ctx context.Context, socket string) (net.Conn, error) {
	name, done, err := shorten(filepath.Dir(socket), filepath.Base(socket))
	if err != nil {
		return nil, err
	}
	defer done()
	return (&net.Dialer{}).DialContext(ctx, "unix", name)
}

// shorten names dir/base in at most maxName bytes, for the length of a call.
func shorten(dir, base string) (name string, done func(), err error) {
	if name := filepath.Join(dir, base); len(name) <= maxName {
		return name, func() {}, nil
	}
	abs, err := filepath.Abs(filepath.Join(dir, base))
	if err != nil {
		return "", nil, err
	}
	tmp, err := os.MkdirTemp("", "pst")
	if err != nil {
		return "", nil, err
	}
	done = func() { os.RemoveAll(tmp) }
	// The link is to the directory: a socket cannot be bound through a link to
	// a name that is not there yet.
	if err := os.Symlink(filepath.Dir(abs), filepath.Join(tmp, "d")); err != nil {
		done()
		return "", nil, err
	}
	name = filepath.Join(tmp, "d", base)
	if len(name) > maxName {
		// A long file name in the store's directory: link to the file itself.
		if err := os.Symlink(abs, filepath.Join(tmp, "s")); err != nil {
			done()
			return "", nil, err
		}
		name = filepath.Join(tmp, "s")
	}
	if len(name) > maxName {
		done()
		return "", nil, fmt.Errorf("name a socket: the temporary directory's name %s is too long", filepath.Dir(tmp))
	}
	return name, done, nil
}
