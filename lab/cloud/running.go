package cloud

// Running is the cluster of a world that the lab runs a real control plane for:
// the first of the home subscription that is standard and has no content of its
// own, else the first of all. A world has at least one.
func (w *World) Running() Cluster {
	for _, c := range w.Clusters {
		home := c.Subscription == "" || c.Subscription == w.Subscription.ID
		if home && c.Kubernetes == nil && (c.Kind == "" || c.Kind == KindStandard) {
			return c
		}
	}
	return w.Clusters[0]
}
