package scalar

import "testing"

func TestParseGuid(t *testing.T) {
	const want = "01234567-89ab-cdef-0123-456789abcdef"
	for _, in := range []string{want, "0123456789ABCDEF0123456789abcdef", "{01234567-89ab-cdef-0123-456789abcdef}", "0123456789ab-cdef-0123-456789abcdef"} {
		if got, ok := ParseGuid(in); !ok || got != want {
			t.Errorf("ParseGuid(%q) = %q", in, got)
		}
	}
	for _, in := range []string{"", "not a guid", want + "0", "g1234567-89ab-cdef-0123-456789abcdef"} {
		if got, ok := ParseGuid(in); ok {
			t.Errorf("ParseGuid(%q) = %q, want none", in, got)
		}
	}
}

func TestParseDecimal(t *testing.T) {
	for in, want := range map[string]string{"1.50": "1.50", ".5": "0.5", "+3": "3", "-0.1e5": "-0.1e5", "": "", "1.2.3": "", "x": "", "1e": "", "12345678901234567890123456789012345": ""} {
		got, ok := ParseDecimal(in)
		if got != want || ok != (want != "") {
			t.Errorf("ParseDecimal(%q) = %q, want %q", in, got, want)
		}
	}
}
