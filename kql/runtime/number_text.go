package runtime

import (
	"math"
	"strconv"
	"strings"
)

// formatReal writes a real as tostring does: the shortest text that reads back,
// with a fraction or an exponent.
func formatReal(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e15) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// parseLong reads a decimal or 0x number with spaces around it.
func parseLong(s string) (int64, bool) {
	s = strings.TrimSpace(s)
	if len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' {
		if strings.ContainsAny(s[2:], "_+-") {
			return 0, false
		}
		u, err := strconv.ParseUint(s[2:], 16, 64)
		return int64(u), err == nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

func parseInt(s string) (int32, bool) {
	n, ok := parseLong(s)
	if t := strings.TrimSpace(s); ok && len(t) > 2 && t[1]|0x20 == 'x' && n >= 0 && n <= math.MaxUint32 {
		return int32(uint32(n)), true
	}
	return int32(n), ok && n >= math.MinInt32 && n <= math.MaxInt32
}

func parseReal(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	switch strings.ToLower(s) {
	case "nan":
		return math.NaN(), true
	case "infinity", "inf", "+infinity", "+inf":
		return math.Inf(1), true
	case "-infinity", "-inf":
		return math.Inf(-1), true
	}
	if s == "" || strings.ContainsAny(s, "xXpP_nNiI") {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil || math.IsInf(f, 0)
}

func parseBool(s string) (bool, bool) {
	switch strings.ToLower(s) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	if s == "" || s[0] == ' ' || s[len(s)-1] == ' ' {
		return false, false
	}
	n, ok := parseLong(s)
	return n != 0, ok
}

// realToLong cuts the fraction; false for what no long holds.
func realToLong(f float64) (int64, bool) {
	if math.IsNaN(f) || f >= math.MaxInt64 || f < math.MinInt64 {
		return 0, false
	}
	return int64(f), true
}
