package cloud

import "testing"

// TestRunning: an empty standard cluster at home is run, wherever it stands.
func TestRunning(t *testing.T) {
	empty := &Kubernetes{}
	w := &World{Subscription: Subscription{ID: "home"}, Clusters: []Cluster{
		{Name: "full", Kubernetes: empty}, {Name: "locked", Kind: KindAutomatic}, {Name: "away", Subscription: "two"}, {Name: "mine", Kind: KindStandard, Subscription: "home"},
	}}
	if got := w.Running().Name; got != "mine" {
		t.Errorf("runs %s", got)
	}
	w.Clusters = w.Clusters[:3]
	if got := w.Running().Name; got != "full" {
		t.Errorf("with none that is empty, standard and at home, runs %s", got)
	}
	d := DefaultWorld()
	if got := d.Running().Name; got != "aks-lab" {
		t.Errorf("the default world runs %s", got)
	}
}
