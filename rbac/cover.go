package rbac

// grainSet holds grains by value: whether rules cover a grain is a few look-ups.
type grainSet map[grain]bool

func grainsOf(rules []Rule) (list []grain, set grainSet) {
	set = grainSet{}
	for _, r := range rules {
		for _, g := range r.grains() {
			if !set[g] {
				set[g] = true
				list = append(list, g)
			}
		}
	}
	return list, set
}

func (s grainSet) covers(g grain) bool {
	return g.wider(func(h grain) bool { return s[h] })
}

// maximal are the grains of a list that no other grain of it covers. Rules mean
// the same exactly when these are the same.
func maximal(list []grain, set grainSet) []grain {
	var top []grain
	for _, g := range list {
		if !g.wider(func(h grain) bool { return h != g && set[h] }) {
			top = append(top, g)
		}
	}
	return top
}

// Covers reports whether have allows every request that want allows. Uncovered
// is the part of want for which that is not so, as Difference gives it.
func Covers(have, want []Rule) (covered bool, uncovered []Rule) {
	uncovered = Difference(want, have)
	return len(uncovered) == 0, uncovered
}

// Difference is the part of a that b does not cover. Rules cannot say "all but":
// where b takes only a piece out of an element of a (pods out of *), the element
// stays whole. Subtract says which pieces these are.
func Difference(a, b []Rule) []Rule { return Subtract(a, b).Rules }

// Rest is what remains of rules: everything Rules allow, except what Except
// allows. With Except empty, Rules alone say it.
type Rest struct {
	Rules  []Rule `json:"rules"`
	Except []Rule `json:"except,omitempty"`
}

// Subtract gives exactly the requests that a allows and b does not.
func Subtract(a, b []Rule) Rest {
	taken, set := grainsOf(b)
	var left, except []grain
	for _, g := range maximal(grainsOf(a)) {
		if set.covers(g) {
			continue
		}
		left = append(left, g)
		for _, h := range taken {
			if both, meets := g.meet(h); meets {
				except = append(except, both)
			}
		}
	}
	return Rest{Rules: compact(left), Except: Union(compact(except))}
}

// Union says with few rules exactly what the rules allow together. Nothing in
// the result can be left out: no rule, and no element of a rule. A rule with
// resourceNames never narrows one without; one that is for all takes it in.
func Union(rules []Rule) []Rule { return compact(maximal(grainsOf(rules))) }
