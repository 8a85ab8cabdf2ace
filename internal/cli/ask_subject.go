package cli

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/postern-dev/postern/internal/access"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

// Who a question is about: --as, --as-group, or the caller.

// asFlags are --as and --as-group, as kubectl has them.
type asFlags struct {
	as     string
	groups []string
}

func (a *asFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.as, "as", "", "ask about this SUBJECT: user:NAME, group:NAME, sa:NAMESPACE/NAME, or bare (default: whoever asks)")
	cmd.Flags().StringArrayVar(&a.groups, "as-group", nil, "a group the subject is in, and with it exactly these; may be repeated")
}

// who is one reading of --as.
type who struct {
	text   string // user:ann; empty: the caller
	info   rbac.UserInfo
	groups access.Groups
	notes  []string
	// stranger: the directory told that nobody whom an object id lets do this is
	// this user.
	stranger bool
}

// check refuses flags that make no sense whatever the cluster says.
func (a asFlags) check(env *Env) error {
	switch {
	case a.as == "" && len(a.groups) > 0:
		return usageError("--as group:NAME asks about the group itself", "--as-group needs --as: groups of whom?")
	case a.as == "" && len(env.Flags.Filename) > 0:
		return usageError("--as user:NAME, --as group:NAME or --as sa:NAMESPACE/NAME", "files do not know who asks: -f needs --as")
	case slices.Contains(a.groups, ""):
		return usageError("", "--as-group is empty")
	case a.as == "":
		return nil
	}
	_, err := parseSubject(a.as)
	return err
}

// readings are the callers that --as can mean in one snapshot. A bare name is a
// user, but where bindings name a group or a ServiceAccount so and no such
// user, it is those.
func (a asFlags) readings(env *Env, asker *access.Asker, known names) ([]who, error) {
	if a.as == "" {
		return self(asker.Snapshot())
	}
	s, err := parseSubject(a.as)
	if err != nil {
		return nil, err
	}
	if s.Subject.Kind != "" {
		return []who{a.as1(asker, s.Subject)}, nil
	}
	if w, found := a.fromDirectory(s.Text, known); found {
		return []who{w}, nil
	}
	var all []who
	user := rbac.User(s.Text)
	for _, c := range a.bare(asker, s.Text) {
		all = append(all, a.as1(asker, c))
	}
	if len(all) == 0 || len(asker.Index().Bindings(user)) > 0 || is(asker.Snapshot(), s.Text) || snapshot.LocalAccount(s.Text) {
		all = append([]who{a.as1(asker, user)}, all...)
	}
	return all, nil
}

// bare are the groups and ServiceAccounts of a bare name that bindings know.
func (a asFlags) bare(asker *access.Asker, text string) (found []rbac.Subject) {
	if text == rbac.Masters || len(asker.Index().Bindings(rbac.Group(text))) > 0 {
		found = append(found, rbac.Group(text))
	}
	if namespace, name, cut := strings.Cut(text, "/"); cut && namespace != "" && name != "" && !strings.Contains(name, "/") {
		return append(found, rbac.ServiceAccount(namespace, name))
	}
	for _, s := range asker.Index().Subjects() {
		if s.Kind == rbac.ServiceAccountKind && s.Name == text {
			found = append(found, s)
		}
	}
	return found
}

// as1 is a Subject as an API server would present it.
func (a asFlags) as1(asker *access.Asker, s rbac.Subject) who {
	snap := asker.Snapshot()
	w := who{text: s.String(), info: s.UserInfo(a.groups...), groups: access.GroupsOpen}
	switch {
	case len(a.groups) > 0:
		w.groups = access.GroupsGiven
	case s.Kind == rbac.UserKind && is(snap, s.Name):
		id := snap.Identity
		w.info, w.groups = rbac.UserInfo{Username: id.User, UID: id.UID, Groups: id.Groups, Extra: id.Extra}, access.GroupsTold
	case s.Kind == rbac.UserKind && snapshot.LocalAccount(s.Name):
		w.info.Groups, w.groups = append([]string{rbac.Masters}, w.info.Groups...), access.GroupsLocal
	case s.Canonical().Kind == rbac.ServiceAccountKind, s.Name == rbac.Anonymous:
		w.groups = access.GroupsFixed
	case s.Kind == rbac.GroupKind:
		w.groups = access.GroupsFixed
	}
	if s.Kind == rbac.GroupKind {
		w.info.Groups = memberOf(w.info.Groups, s.Name)
	}
	return w
}

// memberOf adds what everybody in a group is in as well.
func memberOf(groups []string, group string) []string {
	add := []string{rbac.Authenticated}
	switch {
	case group == rbac.Unauthenticated:
		add = nil
	case strings.HasPrefix(group, rbac.ServiceAccounts+":"):
		add = []string{rbac.ServiceAccounts, rbac.Authenticated}
	}
	for _, g := range add {
		if !slices.Contains(groups, g) {
			groups = append(groups, g)
		}
	}
	return groups
}

// is reports whether the snapshot was read as this user.
func is(s *snapshot.Snapshot, user string) bool { return s.Identity != nil && s.Identity.User == user }

// self is the caller, as the server said.
func self(s *snapshot.Snapshot) ([]who, error) {
	if s.Identity == nil {
		return nil, &ExitError{Code: ExitRefused, Err: errors.New("the server does not say who asks"), Hint: "--as user:NAME asks about a user by name"}
	}
	id := s.Identity
	return []who{{text: "user:" + id.User, info: rbac.UserInfo{Username: id.User, UID: id.UID, Groups: id.Groups, Extra: id.Extra}, groups: access.GroupsTold}}, nil
}
