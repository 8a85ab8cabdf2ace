package snapshot_test

import (
	"testing"

	"github.com/postern-dev/postern/internal/snapshot"
)

func TestShared(t *testing.T) {
	oid := map[string][]string{"oid": {"4f0d9a52"}}
	for _, c := range []struct {
		name        string
		id          snapshot.Identity
		certificate bool
		want        snapshot.Answer
	}{
		{"local account", snapshot.Identity{User: "masterclient", Groups: []string{"system:masters"}}, true, snapshot.Yes},
		{"local account by token", snapshot.Identity{User: "clusterAdmin"}, false, snapshot.Yes},
		{"another certificate in system:masters", snapshot.Identity{User: "ops", Groups: []string{"system:masters"}}, true, snapshot.Yes},
		{"a token in system:masters", snapshot.Identity{User: "ops", Groups: []string{"system:masters"}}, false, snapshot.Unclear},
		{"Entra user", snapshot.Identity{User: "ann@contoso.example", Extra: oid}, false, snapshot.No},
		{"Entra service principal or guest", snapshot.Identity{User: "4f0d9a52", Extra: oid}, false, snapshot.Unclear},
		{"ServiceAccount", snapshot.Identity{User: "system:serviceaccount:ci:bot"}, false, snapshot.Unclear},
		{"certificate", snapshot.Identity{User: "ann"}, true, snapshot.Unclear},
		{"anything else", snapshot.Identity{User: "ann"}, false, snapshot.Unclear},
	} {
		got := c.id.Shared(c.certificate)
		if got.Answer != c.want || got.Why == "" {
			t.Errorf("%s: %+v, want %s with a reason", c.name, got, c.want)
		}
	}
}
