package access

import (
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/azrbac"
)

// verdict is what the authorizers together say to one request.
type verdict struct {
	allowed    snapshot.Answer
	by         By
	kubernetes rbac.Decision
	azure      *azrbac.Decision // nil: not examined
	unknown    []string         // what could turn a no
}

// decide joins the authorizers: what one allows is allowed, and what could
// allow but was not read, or cannot be told, makes a no unknown.
func (a *Asker) decide(q Question) (v verdict) {
	v.kubernetes = a.index.Evaluate(q.Who, q.Request)
	if a.azure != nil {
		d := a.azure.Evaluate(q.Who, q.Request)
		v.azure = &d
	}
	azure := v.azure != nil && v.azure.Verdict == azrbac.Allow
	switch {
	case v.kubernetes.Allowed && azure:
		v.allowed, v.by = snapshot.Yes, ByBoth
	case v.kubernetes.Allowed:
		v.allowed, v.by = snapshot.Yes, ByKubernetes
	case azure:
		v.allowed, v.by = snapshot.Yes, ByAzure
	default:
		v.allowed = snapshot.No
		v.unknown = append(a.unread(q.Who, q.Request.Namespace), a.unsure(q, v.azure)...)
		if len(v.unknown) > 0 {
			v.allowed = snapshot.Unclear
		}
	}
	return v
}

// unsure is why Azure's part of a no is not certain.
func (a *Asker) unsure(q Question, d *azrbac.Decision) (why []string) {
	switch {
	case d == nil:
		return a.azureUnread(q.Who)
	case d.Verdict == azrbac.Unknown:
		for _, r := range d.Reasons {
			why = append(why, "Azure RBAC: "+r)
		}
	case d.Code == azrbac.NoObjectID && !q.Stranger:
		return a.withoutID(q.Who)
	}
	return why
}

// azureUnread is why Azure's assignments are wanting, where somebody whom Azure
// may know is asked about.
func (a *Asker) azureUnread(u rbac.UserInfo) (why []string) {
	if strings.HasPrefix(u.Username, "system:") {
		return nil
	}
	for _, u := range a.snapshot.Unknown {
		if u.What == snapshot.Azure {
			why = append(why, "Azure role assignments could not be read: "+u.Why)
		}
	}
	return why
}

// basis names the authorizers that were asked and the rule that joins them.
func (a *Asker) basis() string {
	switch {
	case a.snapshot.Azure != nil && a.snapshot.Azure.Enabled:
		return "either allows: Kubernetes RBAC and Azure RBAC were both evaluated, and what one of them allows is allowed; which one AKS asks first is not published, authorization.k8s.io/reason in the audit log names the one that decided"
	case a.azure != nil && a.azureKnown():
		return "Kubernetes RBAC; Azure RBAC for Kubernetes is not enabled at this cluster"
	case a.snapshot.Source.Kind == snapshot.Files:
		return "Kubernetes RBAC as these files hold it"
	}
	return "Kubernetes RBAC"
}

// azureKnown reports whether the cluster's settings were read.
func (a *Asker) azureKnown() bool {
	return !slices.ContainsFunc(a.snapshot.Azure.Unread, func(u azrbac.Unread) bool { return u.Part == azrbac.Cluster })
}

// ifInAzureGroup are the groups whose assignments would allow it.
func (a *Asker) ifInAzureGroup(q Question) (holders []azrbac.Holder) {
	if a.azure == nil || q.Groups != GroupsOpen {
		return nil
	}
	for _, h := range a.azure.WhoCan(q.Request) {
		if isGroup(h) && h.Verdict == azrbac.Allow && !inGroup(q.Who, strings.ToLower(h.PrincipalID)) {
			holders = append(holders, h)
		}
	}
	return holders
}

func isGroup(h azrbac.Holder) bool {
	return strings.Contains(strings.ToLower(h.PrincipalType), "group")
}

// azureHolders are the principals whom Azure lets do it; unsure are those it
// may, and those of single namespaces where all were asked about.
func (a *Asker) azureHolders(q rbac.Request, namespaced bool) (holders, partial []Holder) {
	if a.azure == nil {
		return nil, nil
	}
	whole := map[string]bool{}
	for _, h := range a.azure.WhoCan(q) {
		holder := Holder{Subject: principal(h), Azure: &h}
		if h.Verdict == azrbac.Allow {
			whole[h.PrincipalID] = true
			holders = append(holders, holder)
			continue
		}
		holder.Uncertain = h.Reasons
		partial = append(partial, holder)
	}
	if q.Namespace != "" || q.Path != "" || !namespaced {
		return holders, partial
	}
	for _, namespace := range a.azureNamespaces() {
		there := q
		there.Namespace = namespace
		for _, h := range a.azure.WhoCan(there) {
			if _, in := within(a.snapshot.Azure, h.Grant.Scope()); in && !whole[h.PrincipalID] && h.Verdict == azrbac.Allow {
				partial = append(partial, Holder{Subject: principal(h), Azure: &h, Within: namespace})
			}
		}
	}
	return holders, partial
}

// azureNamespaces are the namespaces that assignments are made in.
func (a *Asker) azureNamespaces() (all []string) {
	for _, assignment := range a.snapshot.Azure.Assignments {
		if namespace, concerns := within(a.snapshot.Azure, assignment.Scope); concerns && namespace != "" && !slices.Contains(all, namespace) {
			all = append(all, namespace)
		}
	}
	slices.Sort(all)
	return all
}

// principal is a holder as a Kubernetes Subject: people and service principals
// are Users there.
func principal(h azrbac.Holder) rbac.Subject {
	if isGroup(h) {
		return rbac.Group(strings.ToLower(h.PrincipalID))
	}
	return rbac.User(strings.ToLower(h.PrincipalID))
}
