package runtime

import "math"

// distributions are the beta distribution and the test that is built on it.
func distributions() []Func {
	three := func(name string, f func(x, a, b float64) float64) Func {
		return fn(name, "real real real -> real", strict(func(a []any) any {
			return f(a[0].(float64), a[1].(float64), a[2].(float64))
		}))
	}
	return []Func{
		three("beta_cdf", betaCDF), three("beta_pdf", betaPDF), three("beta_inv", betaInv),
		fn("welch_test", "real real real real real real -> real", strict(welch)),
	}
}

// betaCDF is the regularized incomplete beta function. Where a parameter is
// zero or a negative integer, a pole of the gamma function, the distribution has
// no mass inside and the value is 0 or 1; other negative parameters have none.
func betaCDF(x, a, b float64) float64 {
	if !(x >= 0 && x <= 1) || math.IsNaN(a+b) {
		return math.NaN()
	}
	if a <= 0 || b <= 0 {
		if pole(a) || pole(b) {
			return step(x >= (a+1)/(a+b+2))
		}
		return math.NaN()
	}
	if x == 0 || x == 1 {
		return x
	}
	front := math.Exp(lgamma(a+b) - lgamma(a) - lgamma(b) + a*math.Log(x) + b*math.Log1p(-x))
	if x < (a+1)/(a+b+2) {
		return front * betaFraction(a, b, x) / a
	}
	return 1 - front*betaFraction(b, a, 1-x)/b
}

func pole(v float64) bool { return v <= 0 && v == math.Trunc(v) }

func step(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func lgamma(v float64) float64 {
	l, _ := math.Lgamma(v)
	return l
}

// betaFraction is the continued fraction of the incomplete beta function (NIST
// DLMF 8.17.22), evaluated by Lentz's method.
func betaFraction(a, b, x float64) float64 {
	const tiny = 1e-300
	guard := func(v float64) float64 {
		if math.Abs(v) < tiny {
			return tiny
		}
		return v
	}
	c, d := 1.0, 1/guard(1-(a+b)*x/(a+1))
	f := d
	for i := 1; i < 10000; i++ {
		m := float64(i)
		for _, t := range [2]float64{
			m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m)),
			-(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1)),
		} {
			d = 1 / guard(1+t*d)
			c = guard(1 + t/c)
			f *= c * d
		}
		if math.Abs(c*d-1) < 1e-16 {
			break
		}
	}
	return f
}

func betaPDF(x, a, b float64) float64 {
	if !(x >= 0 && x <= 1) || !(a > 0 && b > 0) {
		return math.NaN()
	}
	front := math.Exp(lgamma(a+b) - lgamma(a) - lgamma(b))
	return front * math.Pow(x, a-1) * math.Pow(1-x, b-1)
}

// betaInv finds the x whose betaCDF is p by bisection, which always ends: the
// function rises from 0 to 1.
func betaInv(p, a, b float64) float64 {
	if !(p >= 0 && p <= 1) || !(a > 0 && b > 0) {
		return math.NaN()
	}
	lo, hi := 0.0, 1.0
	for i := 0; i < 1100; i++ {
		mid := lo + (hi-lo)/2
		if mid == lo || mid == hi {
			break
		}
		if betaCDF(mid, a, b) < p {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

// welch is the two-sided probability that two samples, given by mean, variance
// and count, have one mean.
func welch(a []any) any {
	var v [6]float64
	for i := range v {
		v[i] = a[i].(float64)
	}
	e1, e2 := v[1]/v[2], v[4]/v[5]
	t := (v[0] - v[3]) * (v[0] - v[3]) / (e1 + e2)
	freedom := (e1 + e2) * (e1 + e2) / (e1*e1/(v[2]-1) + e2*e2/(v[5]-1))
	return betaCDF(freedom/(freedom+t), freedom/2, 0.5)
}
