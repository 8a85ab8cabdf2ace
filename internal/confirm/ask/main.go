// Command ask writes worlds and the questions to put to an API server about
// them, one JSON line a world. The same seed gives the same lines.
//
//	ask -seed 1 -worlds 200 -questions 104 -who-can 20
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"github.com/postern-dev/postern/internal/confirm"
	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/world"
)

func main() {
	seed := flag.Uint64("seed", 1, "seed of the first world; the next have the next")
	worlds := flag.Int("worlds", 20, "number of worlds")
	questions := flag.Int("questions", 104, "questions a world")
	whoCan := flag.Int("who-can", 20, "number of worlds in which everybody is asked for")
	requests := flag.Int("requests", 6, "requests of such a world")
	flag.Parse()
	out := bufio.NewWriter(os.Stdout)
	lines := json.NewEncoder(out)
	for i := range *worlds {
		w := world.Generate(*seed + uint64(i))
		objects, err := confirm.Objects(w.Policy)
		if err == nil {
			line := confirm.Line{Seed: w.Seed, Written: objects, Questions: ask(w, *questions)}
			if i < *whoCan {
				line.Questions = append(line.Questions, everybody(w, *requests)...)
			}
			err = lines.Encode(line)
		}
		if err == nil {
			err = out.Flush()
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "ask: world %d: %v\n", w.Seed, err)
			os.Exit(1)
		}
	}
}

func ask(w *world.World, n int) []confirm.Question {
	var all []confirm.Question
	for _, q := range w.Questions(n) {
		all = append(all, confirm.Question{Family: string(q.Family), Spec: confirm.NewSpec(q.Who, q.Request)})
	}
	return all
}

// everybody asks each request for every subject that the world names or that
// looks like one, by itself and, as it would sign in, with its implicit groups.
func everybody(w *world.World, requests int) []confirm.Question {
	who := map[rbac.Subject]bool{}
	var subjects []rbac.Subject
	add := func(s rbac.Subject) {
		if c := s.Canonical(); !who[c] {
			who[c] = true
			subjects = append(subjects, c)
		}
	}
	add(rbac.Group(rbac.Masters))
	for _, b := range w.Policy.Bindings {
		for _, s := range b.Subjects {
			if s.Kind == rbac.ServiceAccountKind && s.Namespace == "" {
				s.Namespace = b.Namespace
			}
			if s.Kind != rbac.ServiceAccountKind {
				s.Namespace = ""
			}
			add(s)
		}
	}
	for _, s := range w.Strange {
		add(s)
	}
	var all []confirm.Question
	for _, r := range w.Requests(requests) {
		for _, s := range subjects {
			alone := s.UserInfo()
			if len(alone.Groups) > 1 || s.Kind != rbac.GroupKind {
				all = append(all, confirm.Question{Family: "who-can", WhoCan: true, Spec: confirm.NewSpec(alone, r)})
			}
			if s.Kind != rbac.GroupKind {
				alone.Groups = nil
			}
			all = append(all, confirm.Question{Family: "who-can", WhoCan: true, Spec: confirm.NewSpec(alone, r)})
		}
	}
	return all
}
