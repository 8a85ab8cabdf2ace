package runtime

import (
	"net/netip"
	"strconv"
	"strings"
)

// network is an address with the prefix written after it, else the full length.
type network struct {
	addr netip.Addr
	bits int
}

func parseNetwork(s string) (network, bool) {
	text, suffix, cut := strings.Cut(strings.TrimSpace(s), "/")
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" {
		return network{}, false
	}
	n := network{a, a.BitLen()}
	if cut {
		bits, err := strconv.Atoi(suffix)
		if err != nil || bits < 0 || bits > n.bits {
			return network{}, false
		}
		n.bits = bits
	}
	return n, true
}

func parse4(s string) (network, bool) {
	n, ok := parseNetwork(s)
	return n, ok && n.addr.Is4()
}

// parse6 reads either kind as IPv6: the prefix of an IPv4 address counts its
// last 32 bits.
func parse6(s string) (network, bool) {
	n, ok := parseNetwork(s)
	if !ok {
		return n, false
	}
	if n.addr.Is4() {
		return network{netip.AddrFrom16(n.addr.As16()), n.bits + 96}, true
	}
	return n, true
}

// masked gives the first bits of the address, comparable.
func masked(a netip.Addr, bits int) string {
	p, err := a.Prefix(bits)
	if err != nil {
		return ""
	}
	b := p.Addr().AsSlice()
	return string(b)
}

// compare orders two addresses by the shortest of the prefixes.
func compare(a []any, read func(string) (network, bool), full int) any {
	x, ok1 := read(str(a, 0))
	y, ok2 := read(str(a, 1))
	bits, ok3 := num(a, 2)
	if !ok1 || !ok2 || !ok3 || bits < 0 || bits > int64(full) {
		return nil
	}
	n := min(x.bits, y.bits, int(bits))
	return int64(strings.Compare(masked(x.addr, n), masked(y.addr, n)))
}

func matching(c any) any {
	if n, ok := c.(int64); ok {
		return n == 0
	}
	return nil
}

func addresses() []Func {
	cmp4 := func(a []any) any { return compare(a, parse4, 32) }
	cmp6 := func(a []any) any {
		if p, ok := num(a, 2); ok && p <= 32 && isV4(str(a, 0)) && isV4(str(a, 1)) {
			return compare([]any{a[0], a[1], p + 96}, parse6, 128)
		}
		return compare(a, parse6, 128)
	}
	list := []Func{
		fn("ipv4_compare", "string string long -> long", cmp4),
		fn("ipv4_is_match", "string string long -> bool", func(a []any) any { return matching(cmp4(a)) }),
		fn("ipv6_compare", "string string long -> long", cmp6),
		fn("ipv6_is_match", "string string long -> bool", func(a []any) any { return matching(cmp6(a)) }),
		fn("ipv4_is_in_range", "string string -> bool", func(a []any) any { return inRange(a[0], a[1], parse4) }),
		fn("ipv6_is_in_range", "string string -> bool", func(a []any) any { return inRange(a[0], a[1], parse6) }),
		fn("ipv4_is_in_any_range", "string dynamic -> bool", func(a []any) any { return inAnyRange(a, parse4) }),
		fn("ipv6_is_in_any_range", "string dynamic -> bool", func(a []any) any { return inAnyRange(a, parse6) }),
		fn("ipv4_is_private", "string -> bool", func(a []any) any {
			n, ok := parse4(str(a, 0))
			if !ok {
				return nil
			}
			for _, p := range []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"} {
				if within(n, netip.MustParsePrefix(p)) {
					return true
				}
			}
			return false
		}),
	}
	return list
}

func isV4(s string) bool {
	_, ok := parse4(s)
	return ok
}

func within(n network, p netip.Prefix) bool { return n.bits >= p.Bits() && p.Contains(n.addr) }

// inRange says whether an address is in a network; a shorter prefix of the
// address itself counts too.
func inRange(addr, ranged any, read func(string) (network, bool)) any {
	s, _ := addr.(string)
	r, _ := ranged.(string)
	x, ok1 := read(s)
	y, ok2 := read(r)
	if !ok1 || !ok2 {
		return nil
	}
	n := min(x.bits, y.bits)
	return masked(x.addr, n) == masked(y.addr, n)
}

func inAnyRange(a []any, read func(string) (network, bool)) any {
	ranges, ok := list(a, 1)
	if v := dyn(a, 1); v.kind == word {
		ranges, ok = []value{v}, true
	}
	if _, valid := read(str(a, 0)); !ok || !valid {
		return nil
	}
	for _, r := range ranges {
		if r.kind == word && inRange(a[0], r.text, read) == true {
			return true
		}
	}
	return false
}
