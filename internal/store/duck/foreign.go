package duck

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/postern-dev/postern/internal/store"
)

// foreign refuses what is certainly no DuckDB file, before its mode is changed
// and a file beside it is made. An empty file may be one that another process
// is making: DuckDB's lock tells.
func foreign(path string) error {
	if path == "" {
		return nil
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("open store %s: %w", path, err)
	case info.IsDir():
		return &store.NoStore{Path: path, Is: "a directory"}
	case !info.Mode().IsRegular():
		return &store.NoStore{Path: path, Is: "no regular file"}
	case info.Size() == 0:
		return nil
	}
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open store %s: %w", path, err)
	}
	defer file.Close()
	// The main header: a checksum of eight bytes, then the magic.
	var head [12]byte
	if _, err := io.ReadFull(file, head[:]); errors.Is(err, io.ErrUnexpectedEOF) || err == nil && string(head[8:]) != "DUCK" {
		return &store.NoStore{Path: path, Is: "a file that no postern has written"}
	} else if err != nil {
		return fmt.Errorf("open store %s: %w", path, err)
	}
	return nil
}
