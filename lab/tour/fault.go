package tour

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// fault is something planted in the lab that the walk must notice. The
// assertions do not know about it.
type fault struct {
	id    string // step, and a letter where a step has several
	step  int
	about string
	at    string // the point of the walk where plant acts
	plant func(*walk, context.Context, *transcript) error
	// daemon is a fault that the lab is started with instead.
	daemon string
}

// faults lists what --break can plant; each step has at least one.
func faults() []fault {
	return []fault{
		{id: "1", step: 1, about: "the second user gets another certificate (the CA is rotated between the two fetches)", at: "between fetches",
			plant: func(w *walk, ctx context.Context, t *transcript) error {
				a, err := w.owner.azure.rotateCertificates(ctx, t)
				return a.must("rotate certificates", err)
			}},
		{id: "2", step: 2, about: "the ClusterRoleBinding cluster-admin is deleted", at: "step 2",
			plant: func(w *walk, ctx context.Context, t *transcript) error {
				return w.asAdmin(ctx, t, "delete", "clusterrolebinding", "cluster-admin")
			}},
		{id: "3", step: 3, about: "the admin group is unbound (another group is made admin group behind hshahin's back)", at: "entra on", plant: (*walk).unbindAdmins},
		{id: "4", step: 4, about: "test-user's role is not removed (somebody assigns it again at once)", at: "role removed",
			plant: func(w *walk, ctx context.Context, t *transcript) error {
				return grant(ctx, t, w.owner, w.testUser.ID, clusterUserRole)
			}},
		{id: "5", step: 5, about: "the back door is closed already (local accounts are disabled before --admin is tried)", at: "step 5",
			plant: func(w *walk, ctx context.Context, t *transcript) error {
				return w.putCluster(ctx, t, func(p map[string]any) { p["disableLocalAccounts"] = true })
			}},
		{id: "6", step: 6, about: "local accounts are left on", at: "local accounts off",
			plant: func(w *walk, ctx context.Context, t *transcript) error {
				return w.putCluster(ctx, t, func(p map[string]any) { p["disableLocalAccounts"] = false })
			}},
		{id: "6b", step: 6, about: "the CA is not rotated, though the rotation reports success", daemon: "rotation-noop"},
		{id: "7", step: 7, about: "the log exporter is off", at: "step 7", plant: (*walk).pauseExporter},
		{id: "7b", step: 7, about: "the diagnostic setting is deleted right after it was made", at: "logs routed",
			plant: func(w *walk, ctx context.Context, t *transcript) error {
				a, err := w.owner.azure.rest(ctx, t, http.MethodDelete, managementURL+w.lab.ClusterID+"/providers/Microsoft.Insights/diagnosticSettings/tour?api-version=2021-05-01-preview", nil)
				return a.must("delete diagnostic setting", err)
			}},
	}
}

// findFault looks one up by id.
func findFault(id string) (*fault, error) {
	all := faults()
	var ids []string
	for i := range all {
		if all[i].id == id {
			return &all[i], nil
		}
		ids = append(ids, all[i].id)
	}
	return nil, fmt.Errorf("unknown fault %q: known are %s (`--break list` says what they do)", id, strings.Join(ids, ", "))
}

// reach is called at each named point and plants the fault that waits there.
func (w *walk) reach(ctx context.Context, t *transcript, point string) error {
	if w.fault == nil || w.fault.at != point {
		return nil
	}
	t.means("[--break %s] %s", w.fault.id, w.fault.about)
	if err := w.fault.plant(w, ctx, t); err != nil {
		return fmt.Errorf("plant fault %s: %w", w.fault.id, err)
	}
	return nil
}

const pollCluster = 30 * time.Second

// putCluster changes the cluster's properties as the subscription's owner.
func (w *walk) putCluster(ctx context.Context, t *transcript, edit func(properties map[string]any)) error {
	url := managementURL + w.lab.ClusterID + "?api-version=" + clusterVersion
	get := func() (cluster, properties map[string]any, err error) {
		a, err := w.owner.azure.rest(ctx, t, http.MethodGet, url, nil)
		if err := a.must("read cluster", err); err != nil {
			return nil, nil, err
		}
		if err := json.Unmarshal(a.Body, &cluster); err != nil {
			return nil, nil, fmt.Errorf("read cluster: %w", err)
		}
		properties, _ = cluster["properties"].(map[string]any)
		return cluster, properties, nil
	}
	cluster, properties, err := get()
	if err != nil {
		return err
	}
	edit(properties)
	a, err := w.owner.azure.rest(ctx, t, http.MethodPut, url, cluster)
	if err := a.must("change cluster", err); err != nil {
		return err
	}
	return eventually(ctx, pollCluster, func() error {
		_, p, err := get()
		if err == nil && p["provisioningState"] != "Succeeded" {
			err = fmt.Errorf("change cluster: provisioning state %v", p["provisioningState"])
		}
		return err
	})
}

// unbindAdmins makes break-glass the admin group and waits until the add-on
// manager has taken the binding from hshahin's group.
func (w *walk) unbindAdmins(ctx context.Context, t *transcript) error {
	admins, err := w.lab.group("aks-admins")
	if err != nil {
		return err
	}
	other, err := w.lab.group("break-glass")
	if err != nil {
		return err
	}
	if err := w.putCluster(ctx, t, func(p map[string]any) {
		p["aadProfile"] = map[string]any{"managed": true, "adminGroupObjectIDs": []string{other.ID}}
	}); err != nil {
		return err
	}
	return eventually(ctx, pollCluster, func() error {
		r, _, err := w.hshahin.signingIn(ctx, "kubectl", "--kubeconfig", "step1.kubeconfig", "get", "clusterrolebindings", "-o", "json")
		switch {
		case err != nil:
			return err
		case !r.ok():
			return errors.New(firstLine(r.Stderr))
		case strings.Contains(r.Stdout, admins.ID) || !strings.Contains(r.Stdout, other.ID):
			return errors.New("the add-on manager has not reconciled the admin binding")
		}
		return nil
	})
}

// pauseExporter turns the exporter off.
func (w *walk) pauseExporter(context.Context, *transcript) error {
	file := filepath.Join(w.lab.StateDir, "export", "paused")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("pause exporter: %w", err)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		return fmt.Errorf("pause exporter: %w", err)
	}
	return nil
}
