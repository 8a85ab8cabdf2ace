package store

import "testing"

func TestCountsAddUp(t *testing.T) {
	c := Counts{Read: 10, Stored: 4, Merged: 3, Duplicate: 2, Dead: 1, Cut: 1}
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	sum := c.Add(c)
	if sum.Read != 20 || sum.Stored != 8 || sum.Merged != 6 || sum.Duplicate != 4 || sum.Dead != 2 || sum.Cut != 2 {
		t.Fatalf("sum is %+v", sum)
	}
	c.Merged--
	if c.Check() == nil {
		t.Fatal("a lost record was not reported")
	}
}
