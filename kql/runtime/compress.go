package runtime

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"hash/adler32"
	"hash/crc32"
	"io"
	"unicode/utf8"
)

// compression packs strings. What a compressor makes of a text is its own
// affair: the bytes may differ from Kusto's, what they unpack to may not.
func compression() []Func {
	unpack := func(name string, open func(io.Reader) (io.Reader, error)) Func {
		return fn(name, "string -> string", func(a []any) any {
			packed, err := base64.StdEncoding.DecodeString(str(a, 0))
			if err != nil {
				return ""
			}
			r, err := open(bytes.NewReader(packed))
			if err != nil {
				return ""
			}
			text, err := io.ReadAll(io.LimitReader(r, maxUnpacked+1))
			if err != nil || len(text) > maxUnpacked || !utf8.Valid(text) {
				return ""
			}
			return string(text)
		})
	}
	pack := func(name, head string, tail func([]byte) []byte) Func {
		return fn(name, "string -> string", func(a []any) any {
			text := []byte(str(a, 0))
			out := append([]byte(head), deflate(text)...)
			return base64.StdEncoding.EncodeToString(append(out, tail(text)...))
		})
	}
	return []Func{
		unpack("gzip_decompress_from_base64_string", func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }),
		unpack("zlib_decompress_from_base64_string", func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) }),
		pack("gzip_compress_to_base64_string", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", func(text []byte) []byte {
			sum := binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(text))
			return binary.LittleEndian.AppendUint32(sum, uint32(len(text)))
		}),
		pack("zlib_compress_to_base64_string", "\x78\x01", func(text []byte) []byte {
			return binary.BigEndian.AppendUint32(nil, adler32.Checksum(text))
		}),
	}
}

// maxUnpacked bounds what a packed string may hold: far more than the megabyte
// that Kusto lets a string have, far less than a bomb unpacks to.
const maxUnpacked = 16 << 20

// deflate packs a text, or stores it where packing would not make it smaller.
func deflate(text []byte) []byte {
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestSpeed)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	_, _ = w.Write(text) // a buffer takes everything
	_ = w.Close()
	if packed.Len() < len(text) {
		return packed.Bytes()
	}
	var stored []byte
	for {
		n := min(len(text), 0xffff)
		last := byte(0)
		if n == len(text) {
			last = 1
		}
		stored = append(stored, last, byte(n), byte(n>>8), ^byte(n), ^byte(n>>8))
		stored = append(stored, text[:n]...)
		if text = text[n:]; last == 1 {
			return stored
		}
	}
}
