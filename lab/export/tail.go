package export

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
)

// position is how far a source was read: in which file, and up to which byte.
// The file is known by its inode and by a checksum of its beginning, because
// inodes are used again.
type position struct {
	Inode  uint64 `json:"inode"`
	Probe  int64  `json:"probe"` // bytes the checksum covers
	Sum    uint32 `json:"sum"`
	Offset int64  `json:"offset"`
}

const probeSize = 512

// readLines returns complete lines from pos on, at most about limit bytes of
// them, and the position behind them. lost is true where the file that pos
// speaks of is gone: then reading begins with the oldest file there is.
func readLines(path string, pos position, limit int64) (lines [][]byte, next position, lost bool, err error) {
	names, err := generations(path)
	if err != nil || len(names) == 0 {
		return nil, pos, false, err
	}
	first := 0
	if pos != (position{}) {
		first = -1
		for i, name := range names {
			same, err := matches(name, pos)
			if err != nil {
				return nil, pos, false, err
			}
			if same {
				first = i
				break
			}
		}
		if first < 0 {
			lost, first, pos = true, 0, position{}
		}
	}
	for i, name := range names[first:] {
		last := first+i == len(names)-1
		lines, next, err = readFile(name, pos, limit, !last)
		if err != nil || next != pos || last {
			return lines, next, lost, err
		}
		pos = position{} // this one is read to its end; a younger one exists
	}
	return nil, pos, lost, nil
}

// generations lists the files of a rotated set, oldest first, the live one
// last. lumberjack, which kube-apiserver rotates with, names an old
// audit.log audit-2026-11-23T17-58-21.960.log.
func generations(path string) ([]string, error) {
	ext := filepath.Ext(path)
	old, err := filepath.Glob(strings.TrimSuffix(path, ext) + "-*" + ext)
	if err != nil {
		return nil, fmt.Errorf("list rotations of %s: %w", path, err)
	}
	sort.Strings(old)
	switch _, err := os.Stat(path); {
	case err == nil:
		return append(old, path), nil
	case errors.Is(err, fs.ErrNotExist):
		return old, nil
	default:
		return nil, fmt.Errorf("look at %s: %w", path, err)
	}
}

// matches says whether the file is the one that pos speaks of.
func matches(name string, pos position) (bool, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("open log: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return false, fmt.Errorf("look at %s: %w", name, err)
	}
	if inode(st) != pos.Inode || st.Size() < pos.Offset {
		return false, nil
	}
	sum, err := probe(f, pos.Probe)
	return sum == pos.Sum, err
}

func inode(st fs.FileInfo) uint64 { return st.Sys().(*syscall.Stat_t).Ino }

func probe(f *os.File, n int64) (uint32, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, n), b); err != nil {
		return 0, fmt.Errorf("read beginning of %s: %w", f.Name(), err)
	}
	return crc32.ChecksumIEEE(b), nil
}

// readFile reads the complete lines behind pos. A file that is closed for good
// may end without a line end: its last line counts too.
func readFile(name string, pos position, limit int64, closed bool) ([][]byte, position, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, pos, fmt.Errorf("open log: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, pos, fmt.Errorf("look at %s: %w", name, err)
	}
	size := st.Size()
	data, whole, err := readUpTo(f, pos.Offset, size, limit)
	if err != nil {
		return nil, pos, err
	}
	if !(closed && whole) {
		data = data[:bytes.LastIndexByte(data, '\n')+1]
	}
	if len(data) == 0 {
		return nil, pos, nil
	}
	next := position{Inode: inode(st), Offset: pos.Offset + int64(len(data))}
	next.Probe = min(next.Offset, probeSize)
	if next.Sum, err = probe(f, next.Probe); err != nil {
		return nil, pos, err
	}
	var lines [][]byte
	for line := range bytes.Lines(data) {
		if line = bytes.TrimRight(line, "\r\n"); len(line) > 0 {
			lines = append(lines, line)
		}
	}
	return lines, next, nil
}

// readUpTo reads limit bytes, or more where one line is longer than that.
func readUpTo(f *os.File, from, size, limit int64) (data []byte, whole bool, err error) {
	for ; ; limit *= 2 {
		n := min(limit, size-from)
		if n <= 0 {
			return nil, true, nil
		}
		data = make([]byte, n)
		if _, err := f.ReadAt(data, from); err != nil && !errors.Is(err, io.EOF) {
			return nil, false, fmt.Errorf("read %s at %d: %w", f.Name(), from, err)
		}
		whole = n == size-from
		if whole || bytes.IndexByte(data, '\n') >= 0 {
			return data, whole, nil
		}
	}
}
