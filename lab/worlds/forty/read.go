package forty

import (
	"time"

	"sigs.k8s.io/yaml"

	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/lab/worlds/expect"
)

// Read is the world of a seed as a file, and what the lab makes of it.
func Read(seed uint64, now time.Time) ([]byte, *cloud.World, error) {
	text, err := yaml.Marshal(World(seed))
	if err != nil {
		return nil, nil, err
	}
	text = append([]byte("# Written by lab/worlds/gen; docs/worlds.md describes the schema.\n"), text...)
	w, err := cloud.ParseWorldAt(text, now)
	return text, w, err
}

// Unread is what the faults of the world hide.
func Unread(w *cloud.World) expect.Unread {
	var u expect.Unread
	for _, s := range w.AllSubscriptions() {
		if s.DisplayName == Refusing {
			u.Subscriptions = append(u.Subscriptions, s.ID)
		}
	}
	return u
}
