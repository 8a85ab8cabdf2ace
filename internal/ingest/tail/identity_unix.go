//go:build unix

package tail

import (
	"io/fs"
	"syscall"
)

// identity is what the file system calls a file.
type identity struct{ dev, ino uint64 }

func identify(info fs.FileInfo, _ string) identity {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return identity{}
	}
	return identity{uint64(st.Dev), st.Ino}
}
