package doors

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Tried is one old credential tried against the API server.
type Tried struct {
	What     string // certificate or token
	Verified bool   // the connection was verified against the current CA, and the server answered
	Status   int    // HTTP; 0 without an answer
	User     string // who the server took it for, where it works
	Error    string // why there is no answer that decides
}

// What a Tried is.
const (
	Certificate = "certificate"
	Token       = "token"
)

// Prove settles old-credentials of a cluster by what the server said to an old
// kubeconfig: dead only by 401 to the certificate and to the token, over a
// connection verified against the current CA. A dead copy does not close a door
// through which others were fetched later.
func (r *Report) Prove(cluster string, tried []Tried, at time.Time, file string) bool {
	for i := range r.Clusters {
		if c := &r.Clusters[i]; fold(c.ID) == fold(cluster) {
			for j := range c.Doors {
				if c.Doors[j].Kind == OldCredentials {
					prove(&c.Doors[j], tried, at, file)
					return true
				}
			}
		}
	}
	return false
}

// works: the server let it in, though it may not have let it ask.
func (t Tried) works() bool {
	return t.Status >= 200 && t.Status < 300 || t.Status == 403 && t.User != ""
}

// sharedAccounts are the user names by which API servers have known the local
// account.
func sharedAccounts() []string { return []string{"masterclient", "clusterAdmin", "clusterUser"} }

func prove(d *Door, tried []Tried, at time.Time, file string) {
	if len(tried) == 0 {
		d.Evidence = append(d.Evidence, Evidence{What: file + " holds neither a certificate nor a token: it proves nothing", From: file, At: at})
		return
	}
	dead, works, doubt := map[string]bool{}, false, false
	var said []string
	for _, t := range tried {
		text := fmt.Sprintf("the %s of %s got %d", t.What, file, t.Status)
		switch {
		case !t.Verified || t.Status == 0:
			doubt = true
			text = fmt.Sprintf("the %s of %s could not be tried: %s; that proves nothing", t.What, file, cmp.Or(t.Error, "the server did not answer"))
		case t.Status == 401:
			dead[t.What] = true
			text += " from the server, verified against the current CA: it is dead"
		case t.works() && t.User != "" && !slices.Contains(sharedAccounts(), t.User):
			doubt = true
			text += ": it works, as " + t.User + ", which is not the shared account: that proves nothing"
		case t.works():
			works = true
			text += ": it works, as " + cmp.Or(t.User, "somebody the server did not name")
		default:
			doubt = true
			text += ", which proves nothing"
		}
		said = append(said, text)
		d.Evidence = append(d.Evidence, Evidence{What: text, From: file, At: at})
	}
	switch {
	case works:
		d.State, d.Why = Open, strings.Join(said, "; ")
	case d.State != Open && dead[Certificate] && dead[Token] && !doubt:
		d.State, d.Why, d.Fix = Proved, strings.Join(said, "; "), ""
	}
}
