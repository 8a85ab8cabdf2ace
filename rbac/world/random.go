package world

// random is splitmix64 (Steele, Lea, Flood 2014): small, and the same on every
// machine and with every release of Go.
type random struct{ state uint64 }

func (r *random) next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

// below is uniform enough in [0, n) for n far below 2^64.
func (r *random) below(n int) int { return int(r.next() % uint64(n)) }

// chance is true in so many of a hundred cases.
func (r *random) chance(percent int) bool { return r.below(100) < percent }

func pick[T any](r *random, list []T) T { return list[r.below(len(list))] }

// some are between least and most elements of a list, each at most once, in
// random order.
func some[T any](r *random, least, most int, list []T) []T {
	shuffled := append([]T(nil), list...)
	for i := len(shuffled) - 1; i > 0; i-- {
		j := r.below(i + 1)
		shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
	}
	return shuffled[:min(len(shuffled), least+r.below(most-least+1))]
}
