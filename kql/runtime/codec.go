package runtime

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/postern-dev/postern/kql/scalar"
)

func codecs() []Func {
	return []Func{
		fn("base64_encode_tostring", "string -> string", func(a []any) any {
			return base64.StdEncoding.EncodeToString([]byte(str(a, 0)))
		}),
		fn("base64_decode_tostring", "string -> string", func(a []any) any {
			b, err := base64.StdEncoding.DecodeString(str(a, 0))
			if err != nil || !utf8.Valid(b) {
				return ""
			}
			return string(b)
		}),
		fn("base64_decode_toarray", "string -> dynamic", func(a []any) any {
			b, err := base64.StdEncoding.DecodeString(str(a, 0))
			if err != nil {
				return nil
			}
			out := make([]value, len(b))
			for i, c := range b {
				out[i] = integer(int64(c))
			}
			return jsonArray(out)
		}),
		fn("base64_encode_fromarray", "dynamic -> string", func(a []any) any {
			elements, _ := list(a, 0)
			b := make([]byte, len(elements))
			for i, e := range elements {
				n, ok := e.long()
				if !ok || n < 0 || n > 255 {
					return ""
				}
				b[i] = byte(n)
			}
			return base64.StdEncoding.EncodeToString(b)
		}),
		fn("base64_decode_toguid", "string -> guid", func(a []any) any {
			b, err := base64.StdEncoding.DecodeString(str(a, 0))
			if err != nil || len(b) != 16 {
				return nil
			}
			swapGuid(b)
			return maybe(scalar.ParseGuid(hex.EncodeToString(b)))
		}),
		fn("base64_encode_fromguid", "guid -> string", func(a []any) any {
			b, err := hex.DecodeString(strings.ReplaceAll(str(a, 0), "-", ""))
			if err != nil || len(b) != 16 {
				return ""
			}
			swapGuid(b)
			return base64.StdEncoding.EncodeToString(b)
		}),
		fn("tohex", "long long -> string", func(a []any) any {
			n, ok := num(a, 0)
			if !ok {
				return ""
			}
			return hexText(uint64(n), a)
		}),
		fn("tohex.int", "int long -> string", func(a []any) any {
			n, ok := a[0].(int32)
			if !ok {
				return ""
			}
			return hexText(uint64(uint32(n)), a)
		}),
	}
}

// swapGuid turns the first three fields of a GUID between their two byte orders.
func swapGuid(b []byte) {
	b[0], b[1], b[2], b[3] = b[3], b[2], b[1], b[0]
	b[4], b[5] = b[5], b[4]
	b[6], b[7] = b[7], b[6]
}

// hexText writes n with the zeros that the width, argument 1, asks for.
func hexText(n uint64, a []any) string {
	s := strconv.FormatUint(n, 16)
	if width, ok := num(a, 1); ok && width > int64(len(s)) && width <= 1024 {
		s = strings.Repeat("0", int(width)-len(s)) + s
	}
	return s
}
