package resource

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Options of Parse.
type Options struct {
	// Subresource is the value of --subresource where it was given, even empty:
	// then what follows a / is a name.
	Subresource *string
}

// Target is what a RESOURCE argument means.
type Target struct {
	Path     string   // a URL; the others are empty
	Resource Resource // Name and Group may be "*"
	Sub      string
	Name     string
	// Others are resources of other groups that the same word could mean.
	Others []Resource
	// Assumed: the table does not know the resource; it was taken as written.
	Assumed bool
	// Warnings say what is likely a mistake.
	Warnings []string
}

// Error is an argument that cannot be understood, with what to write instead.
type Error struct {
	Msg  string
	Hint string
}

func (e *Error) Error() string { return e.Msg }

const forms = "RESOURCE is a resource (pods, deploy, roles.rbac.authorization.k8s.io), RESOURCE/NAME, RESOURCE/SUBRESOURCE (pods/exec), or a URL (/healthz)"

// Parse reads a RESOURCE argument: RESOURCE[.GROUP], RESOURCE[.GROUP]/NAME,
// RESOURCE[.GROUP]/SUBRESOURCE, or a URL.
//
// What follows the / is a subresource where the table knows it as one of the
// resource's. It is a name where it cannot be meant as a subresource. In
// between, where the resource's subresources are not known, where the word is
// a subresource of others, or a misspelt one of its own, both readings are
// named and neither is taken: a wrong guess would answer another question.
func Parse(t *Table, text string, o Options) (Target, error) {
	if strings.HasPrefix(text, "/") {
		if o.Subresource != nil {
			return Target{}, &Error{text + " is a URL: it has no subresource", forms}
		}
		return Target{Path: text}, nil
	}
	head, rest, slash := strings.Cut(text, "/")
	if head == "" || strings.ContainsAny(text, " \t\n,") {
		return Target{}, &Error{fmt.Sprintf("%q is no resource", text), forms}
	}
	if slash && rest == "" {
		return Target{}, &Error{fmt.Sprintf("%q has nothing behind the /", text), forms}
	}
	target, err := t.target(head)
	if err != nil {
		return Target{}, err
	}
	switch {
	case o.Subresource != nil:
		target.Sub, target.Name = *o.Subresource, rest
		target.warnSub()
	case rest == "":
	case target.Resource.Name == "userextras" && target.Resource.Virtual:
		target.Sub = rest // userextras/KEY, whatever the key
	case target.Resource.Virtual:
		target.Name = rest // signers/kubernetes.io/kubelet-serving
	case strings.Contains(rest, "/"):
		return Target{}, tooDeep(target.Resource, rest)
	case target.knows(rest):
		target.Sub = rest
	case target.doubtful(t, rest):
		return Target{}, target.twoReadings(rest)
	default:
		target.Name = rest
	}
	return target, nil
}

var versionPattern = regexp.MustCompile(`^v[0-9]+((alpha|beta)[0-9]+)?$`)

// target is the resource that the part before a / means.
func (t *Table) target(head string) (Target, error) {
	name, group, dotted := strings.Cut(head, ".")
	if name == "*" {
		if !dotted {
			group = "*"
		}
		return Target{Resource: Resource{Group: group, Name: "*", Namespaced: true}}, nil
	}
	if found := t.Find(head); len(found) > 0 {
		return Target{Resource: found[0], Others: found[1:]}, nil
	}
	if !dotted {
		return Target{}, t.notFound(head)
	}
	if version, rest, found := strings.Cut(group, "."); found && versionPattern.MatchString(version) {
		group = rest
	} else if versionPattern.MatchString(group) {
		group = ""
	}
	if name == "" || strings.HasSuffix(group, ".") {
		return Target{}, &Error{fmt.Sprintf("%q is no resource", head), forms}
	}
	target := Target{Resource: Resource{Group: group, Name: strings.ToLower(name), Namespaced: true}, Assumed: true}
	if t.Live && !slices.Contains(t.Unread, group) {
		target.Warnings = append(target.Warnings, fmt.Sprintf("the server does not serve %s: taken as written", target.Resource))
	}
	return target, nil
}

func (t *Table) notFound(name string) error {
	msg := fmt.Sprintf("resource %q is not among Kubernetes' own (%s)", name, BuiltinVersion)
	if t.Live {
		msg = fmt.Sprintf("the server has no resource %q", name)
		if len(t.Unread) > 0 {
			msg += ", or has it in " + strings.Join(t.Unread, ", ") + ", which it could not tell"
		}
	}
	hint := "any other resource can be asked for as RESOURCE.GROUP, e.g. certificates.cert-manager.io"
	if near := t.Near(name); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, " or ") + "? " + hint
	}
	return &Error{msg, hint}
}

// finalizers is a subresource of every resource, for authorization only: who
// sets an owner reference that blocks deletion needs update on it
// (OwnerReferencesPermissionEnforcement).
const finalizers = "finalizers"

// knows reports whether the resource has the subresource. Any resource is * and
// may have it.
func (t Target) knows(sub string) bool {
	_, found := t.Resource.Sub(sub)
	return found || sub == finalizers && !t.Resource.Virtual || t.Resource.Name == "*"
}

func (t Target) doubtful(table *Table, word string) bool {
	if t.Assumed {
		return true
	}
	for _, s := range t.Resource.Subresources {
		if near(word, s.Name) {
			return true
		}
	}
	return slices.ContainsFunc(table.all, func(r Resource) bool {
		_, found := r.Sub(word)
		return found
	})
}

func (t Target) twoReadings(word string) error {
	why := fmt.Sprintf("%s has no subresource %s", t.Resource, word)
	if t.Assumed {
		why = "the subresources of " + t.Resource.String() + " are not known"
	}
	hint := fmt.Sprintf("for the object write %s/%s --subresource='', for the subresource %s --subresource=%s", t.Resource, word, t.Resource, word)
	if subs := t.subs(); subs != "" {
		hint += "; subresources there are: " + subs
	}
	return &Error{fmt.Sprintf("%s/%s is the subresource %q or the object named %q: %s", t.Resource, word, word, word, why), hint}
}

func tooDeep(r Resource, rest string) error {
	name, sub, _ := strings.Cut(rest, "/")
	return &Error{
		fmt.Sprintf("%s/%s names a resource, an object and more: one / is allowed", r, rest),
		fmt.Sprintf("for the subresource %s of the object %s write %s/%s --subresource=%s", sub, name, r, name, sub),
	}
}

// warnSub says so when --subresource names none of the resource's.
func (t *Target) warnSub() {
	if t.Sub == "" || t.Assumed || t.knows(t.Sub) || t.Resource.Virtual {
		return
	}
	text := fmt.Sprintf("%s has no subresource %q", t.Resource, t.Sub)
	if subs := t.subs(); subs != "" {
		text += "; there are: " + subs
	}
	t.Warnings = append(t.Warnings, text)
}

func (t Target) subs() string {
	var names []string
	for _, s := range t.Resource.Subresources {
		names = append(names, s.Name)
	}
	return strings.Join(names, ", ")
}
