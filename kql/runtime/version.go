package runtime

import "strings"

func versions() []Func {
	return []Func{
		fn("parse_version", "string -> decimal", func(a []any) any {
			parts := strings.Split(strings.TrimSpace(str(a, 0)), ".")
			if len(parts) > 4 {
				return nil
			}
			b := make([]byte, 0, 40)
			for i := range 4 {
				part := "0"
				if i < len(parts) {
					part = parts[i]
				}
				if part == "" || len(part) > 8 || strings.Trim(part, "0123456789") != "" {
					return nil
				}
				b = append(append(b, "00000000"[len(part):]...), part...)
			}
			s := strings.TrimLeft(string(b), "0")
			if s == "" {
				return "0"
			}
			return s
		}),
	}
}
