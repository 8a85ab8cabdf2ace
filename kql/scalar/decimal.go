package scalar

import "strings"

// ParseDecimal checks and normalises the text of a decimal: sign, digits, point,
// exponent; at most 34 significant digits.
func ParseDecimal(s string) (string, bool) {
	body := s
	sign := ""
	if strings.HasPrefix(body, "-") || strings.HasPrefix(body, "+") {
		sign, body = strings.TrimPrefix(body[:1], "+"), body[1:]
	}
	mantissa, exp := body, ""
	if i := strings.IndexAny(body, "eE"); i >= 0 {
		mantissa, exp = body[:i], body[i+1:]
		if !allDigits(strings.TrimLeft(exp, "+-")) || len(exp) > 5 {
			return "", false
		}
	}
	whole, frac, dotted := strings.Cut(mantissa, ".")
	if whole+frac == "" || !allDigits(whole+frac) && whole+frac != "" || dotted && frac == "" && whole == "" {
		return "", false
	}
	if len(strings.TrimLeft(whole+frac, "0")) > 34 {
		return "", false
	}
	if whole == "" {
		whole = "0"
	}
	out := sign + whole
	if frac != "" {
		out += "." + frac
	}
	if exp != "" {
		out += "e" + exp
	}
	return out, true
}

func allDigits(s string) bool {
	if s == "" {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
