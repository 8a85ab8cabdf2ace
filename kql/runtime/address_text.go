package runtime

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"net/netip"
	"strconv"
	"strings"
)

// addressText are functions that give addresses as numbers and texts, or find
// them in texts.
func addressText() []Func {
	return []Func{
		fn("parse_ipv4", "string -> long", func(a []any) any { return ipv4Long(str(a, 0), 32) }),
		fn("parse_ipv4_mask", "string long -> long", func(a []any) any {
			bits, ok := num(a, 1)
			if !ok || bits < 0 || bits > 32 {
				return nil
			}
			return ipv4Long(str(a, 0), int(bits))
		}),
		fn("parse_ipv6", "string -> string", func(a []any) any { return ipv6Text(str(a, 0), 128) }),
		fn("parse_ipv6_mask", "string long -> string", func(a []any) any {
			bits, ok := num(a, 1)
			if !ok || bits < 0 || bits > 128 {
				return ""
			}
			return ipv6Text(str(a, 0), int(bits))
		}),
		fn("ipv4_netmask_suffix", "string -> long", func(a []any) any {
			n, ok := parse4(str(a, 0))
			return maybe(int64(n.bits), ok)
		}),
		fn("format_ipv4", "string long -> string", func(a []any) any { return formatIPv4(a, false) }),
		fn("format_ipv4_mask", "string long -> string", func(a []any) any { return formatIPv4(a, true) }),
		fn("ipv4_range_to_cidr_list", "string string -> dynamic", cidrList),
		fn("has_ipv4", "string string -> bool", func(a []any) any { return hasAddress(str(a, 0), str(a, 1)) }),
		fn("has_ipv4_prefix", "string string -> bool", func(a []any) any { return hasAddressPrefix(str(a, 0), str(a, 1)) }),
		fn("has_any_ipv4", "string dynamic... -> bool", func(a []any) any { return anyAddress(a, hasAddress) }),
		fn("has_any_ipv4_prefix", "string dynamic... -> bool", func(a []any) any { return anyAddress(a, hasAddressPrefix) }),
	}
}

func toUint(a netip.Addr) uint32 {
	b := a.As4()
	return binary.BigEndian.Uint32(b[:])
}

func fromUint(n uint32) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], n)
	return netip.AddrFrom4(b)
}

func ipv4Long(s string, bits int) any {
	n, ok := parse4(s)
	if !ok {
		return nil
	}
	p, err := n.addr.Prefix(min(n.bits, bits))
	if err != nil {
		return nil
	}
	return int64(toUint(p.Addr()))
}

// ipv6Text is the full form: eight groups of four digits.
func ipv6Text(s string, bits int) any {
	n, ok := parse6(s)
	if !ok {
		return ""
	}
	if strings.Contains(s, ":") && strings.Contains(s, ".") && n.bits <= 32 {
		n.bits += 96 // the prefix of ::1.2.3.4/24 counts the IPv4 part
	}
	b := []byte(masked(n.addr, min(n.bits, bits)))
	groups := make([]string, 8)
	for i := range groups {
		groups[i] = fmt.Sprintf("%04x", binary.BigEndian.Uint16(b[2*i:]))
	}
	return strings.Join(groups, ":")
}

func formatIPv4(a []any, suffix bool) any {
	n, ok := parse4(str(a, 0))
	bits, ok2 := num(a, 1)
	if !ok {
		if v, err := strconv.ParseUint(str(a, 0), 10, 32); err == nil {
			n, ok = network{fromUint(uint32(v)), 32}, true
		}
	}
	if !ok || !ok2 || bits < 0 || bits > 32 {
		return ""
	}
	p, err := n.addr.Prefix(min(n.bits, int(bits)))
	if err != nil {
		return ""
	}
	if suffix {
		return p.String()
	}
	return p.Addr().String()
}

// cidrList covers the addresses from one to another with the fewest networks.
func cidrList(a []any) any {
	x, ok1 := parse4(str(a, 0))
	y, ok2 := parse4(str(a, 1))
	if !ok1 || !ok2 {
		return nil
	}
	from, to := uint64(toUint(x.addr)), uint64(toUint(y.addr))
	var out []value
	for from <= to {
		size := bits.TrailingZeros64(from | 1<<32)
		for from+1<<size-1 > to {
			size--
		}
		out = append(out, quoted(netip.PrefixFrom(fromUint(uint32(from)), 32-size).String()))
		from += 1 << size
	}
	return jsonArray(out)
}

func anyAddress(a []any, has func(s, t string) bool) any {
	for i := 1; i < len(a); i++ {
		v := dyn(a, i)
		wanted := v.list
		if v.kind == word {
			wanted = []value{v}
		}
		for _, w := range wanted {
			if w.kind == word && has(str(a, 0), w.text) {
				return true
			}
		}
	}
	return false
}

// eachAddress calls f with every IPv4 address that stands as a term of its own.
func eachAddress(s string, f func(string) bool) bool {
	for i := 0; i < len(s); {
		if s[i] < '0' || s[i] > '9' || i > 0 && (inTerm(rune(s[i-1])) || s[i-1] == '.') {
			i++
			continue
		}
		j := i
		for j < len(s) && (s[j] >= '0' && s[j] <= '9' || s[j] == '.') {
			j++
		}
		text := strings.TrimRight(s[i:j], ".")
		if _, ok := parse4(text); ok && (j == len(s) || !inTerm(rune(s[j]))) && f(text) {
			return true
		}
		i = j
	}
	return false
}

func hasAddress(s, want string) bool {
	w, ok := parse4(want)
	return ok && eachAddress(s, func(t string) bool { return t == w.addr.String() })
}

// hasAddressPrefix wants whole octets, the last followed by a dot, or an
// address.
func hasAddressPrefix(s, want string) bool {
	if _, ok := parse4(want); ok {
		return hasAddress(s, want)
	}
	if !strings.HasSuffix(want, ".") || strings.Count(want, ".") > 3 {
		return false
	}
	for _, octet := range strings.Split(strings.TrimSuffix(want, "."), ".") {
		if n, err := strconv.ParseUint(octet, 10, 8); err != nil || strconv.FormatUint(n, 10) != octet {
			return false
		}
	}
	return eachAddress(s, func(t string) bool { return strings.HasPrefix(t, want) })
}
