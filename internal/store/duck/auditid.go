package duck

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/postern-dev/postern/audit"
)

// auditID is an event's id as it is stored. Ids are what the client sent in the
// Audit-ID header, so any text: only lower-case UUIDs are held as the 16 bytes
// they stand for, others as text beside a key made from it.
type auditID struct {
	set  bool
	key  duckdb.UUID
	uuid bool   // key says it all
	text string // otherwise
}

func idOf(t audit.Text) auditID {
	if !t.Set {
		return auditID{}
	}
	if key, ok := parseUUID(t.Value); ok {
		return auditID{set: true, key: key, uuid: true}
	}
	sum := sha256.Sum256([]byte(t.Value))
	id := auditID{set: true, text: t.Value}
	copy(id.key[:], sum[:])
	return id
}

// parseUUID reads exactly what UUID.String writes.
func parseUUID(s string) (u duckdb.UUID, ok bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return u, false
	}
	compact := make([]byte, 0, 32)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9' || c >= 'a' && c <= 'f':
			compact = append(compact, c)
		case c == '-' && (i == 8 || i == 13 || i == 18 || i == 23):
		default:
			return u, false
		}
	}
	_, err := hex.Decode(u[:], compact)
	return u, err == nil
}

// fingerprint is a keyed hash of an event's content within its cluster. The key
// is the store's own, so nobody outside can prepare two events that collide.
func fingerprint(secret []byte, cluster, text string) uint64 {
	h := sha256.New()
	h.Write(secret)
	var n [8]byte
	binary.LittleEndian.PutUint64(n[:], uint64(len(cluster)))
	h.Write(n[:])
	h.Write([]byte(cluster))
	h.Write([]byte(text))
	var sum [sha256.Size]byte
	return binary.LittleEndian.Uint64(h.Sum(sum[:0]))
}
