package tail

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
)

const (
	headSize = 4096 // bytes from the beginning that tell a file from others
	tailSize = 1024 // bytes before the place reached that tell it was reached in this file
)

// digest is what is remembered of some bytes of a file.
type digest struct {
	Size int    `json:"n,omitempty"`
	Sum  string `json:"sum,omitempty"`
}

func digestOf(b []byte) digest {
	if len(b) == 0 {
		return digest{}
	}
	sum := sha256.Sum256(b)
	return digest{Size: len(b), Sum: hex.EncodeToString(sum[:16])}
}

func (d digest) matches(b []byte) bool { return len(b) >= d.Size && digestOf(b[:d.Size]) == d }

// head digests what was consumed of the beginning of a file read to offset.
func headDigest(r io.ReaderAt, offset int64) (digest, error) {
	return digestAt(r, 0, int(min(offset, headSize)))
}

// tailDigest digests the bytes before offset, as far as the head does not
// cover them.
func tailDigest(r io.ReaderAt, offset int64) (digest, error) {
	n := min(offset-headSize, tailSize)
	if n <= 0 {
		return digest{}, nil
	}
	return digestAt(r, offset-n, int(n))
}

func digestAt(r io.ReaderAt, from int64, n int) (digest, error) {
	b := make([]byte, n)
	if _, err := r.ReadAt(b, from); err != nil {
		return digest{}, fmt.Errorf("read back %d bytes at %d: %w", n, from, err)
	}
	return digestOf(b), nil
}
