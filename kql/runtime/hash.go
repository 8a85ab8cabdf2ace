package runtime

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/bits"
)

func hashes() []Func {
	digest := func(name string, f func([]byte) string) Func {
		return fn(name, "string -> string", func(a []any) any { return f([]byte(str(a, 0))) })
	}
	xx := func(name, t string, b func(v any) []byte) Func {
		return fn(name, t+" long -> long", func(a []any) any {
			h := xxhash64(b(a[0]))
			n, ok := num(a, 1)
			if !ok {
				return int64(h)
			}
			if n <= 0 {
				return nil
			}
			return int64(h % uint64(n))
		})
	}
	ofString := func(v any) []byte { s, _ := v.(string); return []byte(s) }
	ofLong := func(v any) []byte { n, _ := v.(int64); return binary.LittleEndian.AppendUint64(nil, uint64(n)) }
	return []Func{
		digest("hash_md5", func(b []byte) string { s := md5.Sum(b); return hex.EncodeToString(s[:]) }),
		digest("hash_sha1", func(b []byte) string { s := sha1.Sum(b); return hex.EncodeToString(s[:]) }),
		digest("hash_sha256", func(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) }),
		xx("hash_xxhash64.string", "string", ofString), xx("hash_xxhash64.long", "long", ofLong),
	}
}

// The constants of XXH64 (xxHash specification, seed 0).
const (
	prime1 uint64 = 0x9E3779B185EBCA87
	prime2 uint64 = 0xC2B2AE3D27D4EB4F
	prime3 uint64 = 0x165667B19E3779F9
	prime4 uint64 = 0x85EBCA77C2B2AE63
	prime5 uint64 = 0x27D4EB2F165667C5
)

func xxhash64(b []byte) uint64 {
	size := uint64(len(b))
	var h uint64
	if len(b) >= 32 {
		v := [4]uint64{prime1, prime2, 0, 0}
		v[0] += prime2
		v[3] -= prime1
		for ; len(b) >= 32; b = b[32:] {
			for i := range v {
				v[i] = round(v[i], binary.LittleEndian.Uint64(b[8*i:]))
			}
		}
		h = bits.RotateLeft64(v[0], 1) + bits.RotateLeft64(v[1], 7) + bits.RotateLeft64(v[2], 12) + bits.RotateLeft64(v[3], 18)
		for _, x := range v {
			h = (h^round(0, x))*prime1 + prime4
		}
	} else {
		h = prime5
	}
	h += size
	for ; len(b) >= 8; b = b[8:] {
		h = bits.RotateLeft64(h^round(0, binary.LittleEndian.Uint64(b)), 27)*prime1 + prime4
	}
	if len(b) >= 4 {
		h = bits.RotateLeft64(h^uint64(binary.LittleEndian.Uint32(b))*prime1, 23)*prime2 + prime3
		b = b[4:]
	}
	for _, c := range b {
		h = bits.RotateLeft64(h^uint64(c)*prime5, 11) * prime1
	}
	h = (h ^ h>>33) * prime2
	h = (h ^ h>>29) * prime3
	return h ^ h>>32
}

func round(acc, input uint64) uint64 {
	return bits.RotateLeft64(acc+input*prime2, 31) * prime1
}
