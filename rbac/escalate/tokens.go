package escalate

import (
	"regexp"

	"github.com/postern-dev/postern/rbac"
)

// tokens: create on serviceaccounts/token; the name in the URL is the service
// account's, so resourceNames count.
func (h *holder) tokens(ns string) {
	s := h.over(rbac.Request{Resource: "serviceaccounts", Subresource: "token", Namespace: ns}, "create")
	h.eachAccount(s, ns, hop{kind: Token, sure: true, text: "may request tokens of {to}", needs: []string{exists}})
}

// secrets: a Secret of type kubernetes.io/service-account-token that names a
// service account is filled with a token by kube-controller-manager; who may
// also read it has the token. Tokens that lie there already need reading only.
func (h *holder) secrets(ns string) {
	q := rbac.Request{Resource: "secrets", Namespace: ns}
	reads := h.over(q, read...)
	if reads.none() {
		return
	}
	if name, made, ok := h.create(q); ok {
		if name == "" {
			_, name = reads.any()
		}
		if a, ok := reads.of(name); ok {
			h.add(hop{to: accounts(ns), kind: MintSecret, sure: true, allows: evidence(append(made, a)...), needs: []string{exists},
				text: "may create a Secret of type kubernetes.io/service-account-token for {to} and read the token put into it"})
		}
	}
	if reads.all != nil {
		h.add(hop{to: accounts(ns), kind: ReadSecrets, allows: evidence(*reads.all), needs: []string{legacySecret}, text: "may read Secrets " + inText(ns) + ", tokens of {to} among them"})
		return
	}
	named := span{by: map[string]rbac.Allow{}}
	for _, n := range reads.names {
		if m := legacyName.FindStringSubmatch(n); m != nil {
			if _, twice := named.by[m[1]]; !twice {
				named.names = append(named.names, m[1])
				named.by[m[1]] = reads.by[n]
			}
		}
	}
	h.eachAccount(named, ns, hop{kind: ReadSecrets, needs: []string{legacySecret}, text: "may read a Secret that is called as token Secrets of {to} are"})
}

// legacyName is how the token controller called the Secrets it made: the
// service account's name, -token- and five characters.
var legacyName = regexp.MustCompile(`^(.+)-token-[a-z0-9]{5}$`)
