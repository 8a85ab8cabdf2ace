package confirm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/postern-dev/postern/rbac"
)

// Report is what judging a recording found.
type Report struct {
	Worlds, Objects, Refused int
	Families                 map[string]*Count
	WhoCan                   Count // single reviews that answers of who-can were held against
	WhoCanWorlds             int
	WhoCanLists              int // answers of who-can
	Reasons                  int // sentences that were compared
	Absent                   int // denials whose reason names absent roles, compared too
	Disagreements            []string
}

// Count is how many were allowed and how many not.
type Count struct{ Allowed, Denied int }

func (c *Count) add(allowed bool) {
	if allowed {
		c.Allowed++
	} else {
		c.Denied++
	}
}

// Judge compares every verdict of a recording with rbac's, on the world as it
// was written, taken as it is, and as the cluster then had it, read as manifests
// are. It stops after most disagreements.
func Judge(recording io.Reader, most int) (*Report, error) {
	j := judge{report: &Report{Families: map[string]*Count{}}}
	dec := json.NewDecoder(recording)
	for n := 1; ; n++ {
		var line Line
		err := dec.Decode(&line)
		if errors.Is(err, io.EOF) {
			return j.report, nil
		}
		if err == nil {
			err = j.line(line)
		}
		if err != nil {
			return nil, fmt.Errorf("read recording: line %d: %w", n, err)
		}
		if len(j.report.Disagreements) >= most {
			return j.report, nil
		}
	}
}

type judge struct {
	report *Report
	base   rbac.Policy

	// Of the current world.
	seed    uint64
	indexes []*rbac.Index // as written, as it was live
	asked   string        // the request whose holders are known
	holders []map[rbac.Subject]bool
}

func (j *judge) line(line Line) error {
	if line.Base != nil {
		var err error
		j.base, err = decode(line.Base)
		return err
	}
	written, err := plain(line.Written)
	if err != nil {
		return fmt.Errorf("world %d: %w", line.Seed, err)
	}
	live, err := decode(line.Live)
	if err != nil {
		return fmt.Errorf("world %d as it was live: %w", line.Seed, err)
	}
	r := j.report
	r.Worlds++
	r.Objects += len(line.Written)
	r.Refused += len(line.Refused)
	j.seed, j.asked = line.Seed, ""
	j.indexes = []*rbac.Index{rbac.NewIndex(overlay(j.base, written)), rbac.NewIndex(overlay(j.base, live))}
	lists := r.WhoCanLists
	for _, q := range line.Questions {
		if q.WhoCan {
			j.whoCan(q)
		} else {
			j.verdict(q)
		}
	}
	if r.WhoCanLists > lists {
		r.WhoCanWorlds++
	}
	return nil
}

// overlay is the base with what stands over it, object by object.
func overlay(base, over rbac.Policy) rbac.Policy {
	p := rbac.Policy{Complete: true, Roles: slices.Clone(over.Roles), Bindings: slices.Clone(over.Bindings)}
	for _, r := range base.Roles {
		if !slices.ContainsFunc(over.Roles, func(o rbac.Role) bool { return o.Name == r.Name && o.Namespace == r.Namespace }) {
			p.Roles = append(p.Roles, r)
		}
	}
	for _, b := range base.Bindings {
		if !slices.ContainsFunc(over.Bindings, func(o rbac.Binding) bool { return o.Name == b.Name && o.Namespace == b.Namespace }) {
			p.Bindings = append(p.Bindings, b)
		}
	}
	return p
}

func (j *judge) disagree(q Question, how, format string, args ...any) {
	u, r := q.Spec.Question()
	j.report.Disagreements = append(j.report.Disagreements, fmt.Sprintf("world %d (%s), %s, %q in groups %q: %s: %s",
		j.seed, how, q.Family, u.Username, u.Groups, r, fmt.Sprintf(format, args...)))
}

func (j *judge) states() []string { return []string{"as written", "as it was live"} }

func (j *judge) verdict(q Question) {
	count := j.report.Families[q.Family]
	if count == nil {
		count = &Count{}
		j.report.Families[q.Family] = count
	}
	count.add(q.Status.Allowed)
	u, r := q.Spec.Question()
	for i, how := range j.states() {
		d := j.indexes[i].Evaluate(u, r)
		switch {
		case q.Status.EvaluationError != "" && q.Status.Allowed:
			j.disagree(q, how, "allowed with an error: %s", q.Status.EvaluationError)
		case d.Allowed != q.Status.Allowed:
			j.disagree(q, how, "rbac says %v, the API server %v (%s)", d.Allowed, q.Status.Allowed, q.Status.Reason)
		case d.Allowed:
			if i == 0 {
				j.report.Reasons++
			}
			if !slices.ContainsFunc(d.Allows, func(a rbac.Allow) bool { return a.Because() == q.Status.Reason }) {
				j.disagree(q, how, "no reason of rbac's is the API server's: %s", q.Status.Reason)
			}
		default:
			if i == 0 && (len(d.Faults) > 0 || q.Status.Reason != "") {
				j.report.Absent++
			}
			j.absent(q, how, d)
		}
	}
}

// absent holds the roles that a denial says do not exist against rbac's faults.
func (j *judge) absent(q Question, how string, d rbac.Decision) {
	if d.Allows != nil {
		j.disagree(q, how, "denied, and yet allowed by %s", d.Allows[0].Because())
	}
	if (len(d.Faults) > 0) != (q.Status.Reason != "") {
		j.disagree(q, how, "rbac finds %d absent roles, the API server says %q", len(d.Faults), q.Status.Reason)
	}
	for _, f := range d.Faults {
		if !strings.Contains(q.Status.Reason, fmt.Sprintf("%q not found", f.Role.Name)) {
			j.disagree(q, how, "rbac misses role %s, the API server says %q", f.Role.Name, q.Status.Reason)
		}
	}
}

func (j *judge) whoCan(q Question) {
	u, r := q.Spec.Question()
	if key := fmt.Sprintf("%+v", r); key != j.asked {
		j.asked, j.holders = key, nil
		for _, x := range j.indexes {
			who := map[rbac.Subject]bool{}
			for _, a := range x.WhoCan(r) {
				who[a.Subject] = true
			}
			j.holders = append(j.holders, who)
		}
		j.report.WhoCanLists++
	}
	j.report.WhoCan.add(q.Status.Allowed)
	for i, how := range j.states() {
		named := u.Username != "" && j.holders[i][rbac.User(u.Username).Canonical()]
		for _, g := range u.Groups {
			named = named || j.holders[i][rbac.Group(g)]
		}
		if named != q.Status.Allowed {
			j.disagree(q, how, "who-can names them: %v, the API server says %v (%s)", named, q.Status.Allowed, q.Status.Reason)
		}
	}
}
