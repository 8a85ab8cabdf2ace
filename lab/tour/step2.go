package tour

import "context"

// powerBehind: system:masters is bound to cluster-admin.
func (w *walk) powerBehind(ctx context.Context, t *transcript) error {
	if err := w.boundToClusterAdmin(ctx, t, w.hshahin, "system:masters", "system:masters"); err != nil {
		return err
	}
	t.means("whoever holds the file may do everything, everywhere in the cluster")
	return nil
}
