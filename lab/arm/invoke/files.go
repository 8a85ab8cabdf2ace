package invoke

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Bounds on what may be attached, unpacked.
const (
	maxFiles    = 500
	maxAttached = 8 << 20
)

// Unpack writes the attached files, a zip in base64 as clients send it, into
// dir. Empty text attaches nothing.
func Unpack(text, dir string) error {
	if text == "" {
		return nil
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return fmt.Errorf("unpack attached files: %w", err)
	}
	archive, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return fmt.Errorf("unpack attached files: %w", err)
	}
	if len(archive.File) > maxFiles {
		return fmt.Errorf("unpack attached files: %d of them, %d are allowed", len(archive.File), maxFiles)
	}
	left := int64(maxAttached)
	for _, f := range archive.File {
		if f.FileInfo().IsDir() {
			continue
		}
		n, err := unpackOne(f, dir, left)
		if err != nil {
			return fmt.Errorf("unpack attached file %q: %w", f.Name, err)
		}
		left -= n
	}
	return nil
}

func unpackOne(f *zip.File, dir string, left int64) (n int64, err error) {
	if !filepath.IsLocal(f.Name) || !f.Mode().IsRegular() {
		return 0, errors.New("neither a file nor inside the archive")
	}
	to := filepath.Join(dir, filepath.FromSlash(f.Name))
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return 0, err
	}
	in, err := f.Open()
	if err != nil {
		return 0, err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	n, err = io.Copy(out, io.LimitReader(in, left+1))
	if err == nil && n > left {
		err = fmt.Errorf("more than %d bytes in all", maxAttached)
	}
	return n, err
}
