package rbac

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/postern-dev/postern/rbac/resource"
)

// NearKind is how a refused request missed a rule.
type NearKind string

// The kinds of NearMiss, the most telling first: somebody spelled wrongly was
// surely meant; another verb may well be withheld on purpose.
const (
	NearObjectID    NearKind = "bound by object id"     // the binding names another identifier of the caller
	NearSubjectKind NearKind = "subject kind"           // a group bound as User, a user as Group, an account as User
	NearCase        NearKind = "upper and lower case"   // the binding spells the caller otherwise
	NearAccount     NearKind = "other ServiceAccount"   // same name, another namespace
	NearScope       NearKind = "scope"                  // cluster-wide is asked, the binding is for a namespace
	NearNamespace   NearKind = "other namespace"        // allowed elsewhere
	NearGroup       NearKind = "API group"              // the rule names another group
	NearResource    NearKind = "resource spelled"       // singular, short name, kind, wrong plural
	NearSubresource NearKind = "subresource"            // pods for pods/exec, or the reverse
	NearName        NearKind = "resourceNames"          // for certain objects only
	NearPath        NearKind = "URL"                    // /healthz/* is not /healthz
	NearVerb        NearKind = "verb"                   // another verb of the same resource
	NearDangling    NearKind = "role that is not there" // bound, but to nothing
)

func nearRank(k NearKind) int {
	return slices.Index([]NearKind{
		NearObjectID, NearSubjectKind, NearCase, NearAccount, NearScope, NearNamespace, NearGroup,
		NearResource, NearSubresource, NearName, NearPath, NearVerb, NearDangling,
	}, k)
}

// At most so many near misses are given, and so many of one kind: who is bound
// to much misses much.
const (
	nearLimit     = 12
	nearKindLimit = 3
)

// NearMiss is one thing that nearly allowed a refused request, and what would
// have to differ.
type NearMiss struct {
	Kind       NearKind `json:"kind"`
	Text       string   `json:"text"`    // one sentence
	Subject    Subject  `json:"subject"` // whom the binding names
	Binding    *Binding `json:"-"`
	Role       *Role    `json:"-"`                    // nil where the role does not exist
	Rule       int      `json:"rule"`                 // index in Role.Rules; -1: no rule is meant
	Namespaces []string `json:"namespaces,omitempty"` // NearNamespace and NearScope: all where it is allowed
	Request    *Request `json:"request,omitempty"`    // what would have been allowed; nil where not the request has to differ
}

// builtin are the resources that Kubernetes itself serves: how they are called
// and which are in no namespace. Read once, and only read.
var builtin = sync.OnceValue(resource.Builtin)

// NearMisses are what nearly allows a refused request, the most telling first;
// none for a request that is allowed. What they know of a caller's other names
// is what UserInfo.Extra and UID carry.
func (x *Index) NearMisses(u UserInfo, q Request) []NearMiss {
	if x.Evaluate(u, q).Allowed {
		return nil
	}
	near := x.nearSubjects(u, q)
	near = append(near, x.nearPlaces(u, q)...)
	x.visit(u, q.scope(), func(s Subject, b *Binding) {
		role := x.role(b)
		if role == nil {
			near = append(near, NearMiss{Kind: NearDangling, Text: b.dangling().Msg, Subject: s, Binding: b, Rule: -1})
			return
		}
		for i, r := range role.Rules {
			if miss, ok := r.nearly(q, builtin()); ok {
				miss.Subject, miss.Binding, miss.Role, miss.Rule = s, b, role, i
				miss.Text = "rule " + strconv.Itoa(i+1) + " of " + role.Title() + " " + miss.Text
				near = append(near, miss)
			}
		}
	})
	return bounded(near)
}

// bounded sorts and keeps the first of each kind. Two bindings of one role miss
// by the same rule: that is said once.
func bounded(near []NearMiss) []NearMiss {
	slices.SortStableFunc(near, func(a, b NearMiss) int { return cmp.Compare(nearRank(a.Kind), nearRank(b.Kind)) })
	kinds, said := map[NearKind]int{}, map[string]bool{}
	kept := near[:0]
	for _, n := range near {
		if said[n.Text] || kinds[n.Kind] == nearKindLimit || len(kept) == nearLimit {
			continue
		}
		said[n.Text] = true
		kinds[n.Kind]++
		kept = append(kept, n)
	}
	return kept
}

// nearPlaces is where the caller's own bindings allow it: in other namespaces.
func (x *Index) nearPlaces(u UserInfo, q Request) []NearMiss {
	var near []NearMiss
	places := map[string]bool{}
	for _, namespace := range x.namespaces(u) {
		if namespace == q.scope() {
			continue
		}
		x.visit(u, namespace, func(s Subject, b *Binding) {
			if b.Namespace == "" {
				return
			}
			role := x.role(b)
			if role == nil {
				return
			}
			for i, r := range role.Rules {
				if r.Allows(q) {
					places[namespace] = true
					near = append(near, NearMiss{Subject: s, Binding: b, Role: role, Rule: i})
					return
				}
			}
		})
	}
	if len(near) == 0 {
		return nil
	}
	first := near[0]
	for namespace := range places {
		first.Namespaces = append(first.Namespaces, namespace)
	}
	slices.Sort(first.Namespaces)
	first.tellPlaces(q)
	return []NearMiss{first}
}

// inNoNamespace reports whether this is one of Kubernetes' own cluster-scoped
// resources.
func inNoNamespace(q Request) bool {
	r, found := builtin().Get(q.APIGroup, q.Resource)
	return found && !r.Namespaced
}

func (n *NearMiss) tellPlaces(q Request) {
	by, where := n.Binding.Title()+" of "+n.Role.Title(), "namespace "+n.Binding.Namespace
	elsewhere := ""
	if len(n.Namespaces) > 1 {
		elsewhere = " (allowed in " + listed(n.Namespaces, 5) + ")"
	}
	there := q
	there.Namespace = n.Binding.Namespace
	switch {
	case q.Path != "":
		n.Kind, n.Namespaces = NearScope, nil
		n.Text = by + " names the URL, but URLs are in no namespace: only a ClusterRoleBinding grants them"
	case q.Namespace == "" && inNoNamespace(q):
		n.Kind, n.Namespaces = NearScope, nil
		n.Text = by + " names it, but " + q.Resource + " are in no namespace: only a ClusterRoleBinding grants them"
	case q.Namespace == "":
		n.Kind, n.Request = NearScope, &there
		n.Text = by + " allows it in " + where + " only; the request is cluster-wide and needs a ClusterRoleBinding" + elsewhere
	default:
		n.Kind, n.Request = NearNamespace, &there
		n.Text = by + " allows it in " + where + ", not in " + q.Namespace + elsewhere
	}
}

// listed is a list for a sentence: at most n words, and how many more there are.
func listed(words []string, n int) string {
	if i := slices.Index(words, ""); i >= 0 {
		words = slices.Clone(words)
		words[i] = `""`
	}
	if len(words) <= n {
		return strings.Join(words, ", ")
	}
	return strings.Join(words[:n], ", ") + " and " + strconv.Itoa(len(words)-n) + " more"
}
