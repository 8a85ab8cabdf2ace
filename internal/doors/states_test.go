package doors_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/postern-dev/postern/internal/doors"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/azrbac"
)

const (
	aks          = "Microsoft.ContainerService/managedClusters/"
	refusal      = "Getting static credential"
	clientSigner = "kubernetes.io/kube-apiserver-client"

	sub     = "11110000-0000-4000-8000-000000000001"
	scope   = "/subscriptions/" + sub
	shop    = scope + "/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/shop"
	identID = scope + "/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/web"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// guid makes an object id of a word.
func guid(word string) string {
	return fmt.Sprintf("%08x-0000-4000-8000-%012x", []byte(word + "    ")[:4], len(word))
}

const (
	clusterAdminRole = "0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8"
	ownerRole        = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
)

func assigned(who, role, at string) snapshot.Assignment {
	return snapshot.Assignment{Assignment: azrbac.Assignment{ID: at + "/ra/" + who + role, PrincipalID: guid(who), RoleDefinitionID: "/roleDefinitions/" + role, Scope: at}}
}

func user(name string, more ...func(*snapshot.Principal)) snapshot.Principal {
	p := snapshot.Principal{ID: guid(name), Kind: snapshot.UserPrincipal, UPN: name + "@x.example"}
	for _, m := range more {
		m(&p)
	}
	return p
}

func group(name string, members ...string) snapshot.Principal {
	p := snapshot.Principal{ID: guid(name), Kind: snapshot.GroupPrincipal, Name: name}
	for _, m := range members {
		p.Members = append(p.Members, guid(m))
	}
	return p
}

// body is a cluster's, with settings laid over an Entra cluster's.
func body(t testing.TB, over map[string]any) json.RawMessage {
	t.Helper()
	props := map[string]any{"disableLocalAccounts": true, "nodeResourceGroup": "MC_shop", "aadProfile": map[string]any{"managed": true, "adminGroupObjectIDs": []string{}}}
	for k, v := range over {
		props[k] = v
	}
	text, err := json.Marshal(map[string]any{"id": shop, "name": "shop", "properties": props})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// rich is a tenant of one cluster in which everything was read.
func rich(t testing.TB) *snapshot.Tenant {
	return &snapshot.Tenant{
		Taken: now, ID: guid("tenant"), Subscriptions: []snapshot.Subscription{{ID: sub, ActivitySince: now.AddDate(0, 0, -90), ActivityUntil: now}},
		Clusters: []snapshot.AzureCluster{{ID: shop, Raw: body(t, nil), Kubernetes: &snapshot.Snapshot{
			RBAC:     rbac.Policy{Complete: true, Roles: []rbac.Role{{Name: "cluster-admin", Rules: []rbac.Rule{{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}}, {Verbs: []string{"*"}, NonResourceURLs: []string{"*"}}}}}},
			Requests: []snapshot.CertificateRequest{}, TokenSecrets: []snapshot.TokenSecret{}, ClientCAs: []snapshot.Authority{{NotBefore: now.AddDate(0, 0, -1)}},
		}}},
		Assignments: []snapshot.Assignment{assigned("team", clusterAdminRole, shop), assigned("sam", ownerRole, scope)},
		Denies:      []azrbac.DenyAssignment{{ID: "d", Scope: shop, Principals: []azrbac.Principal{{ID: guid("lock")}}, Permissions: []azrbac.Permission{{Actions: []string{"*"}}}}},
		Principals: []snapshot.Principal{user("ann"), user("bob"), user("sam"), user("own"), user("glo"), group("team", "ann"), group("lock", "bob"),
			{ID: guid("web"), Kind: snapshot.ServicePrincipal, Name: "web", ManagedIdentity: identID}, {ID: guid("dep"), Kind: snapshot.ServicePrincipal, Name: "dep", AppOwners: []string{guid("own")}, ApplicationID: guid("app")}},
		DirectoryRoles: []snapshot.DirectoryRole{{Name: "Groups Administrator", PrincipalID: guid("glo"), Scope: "/"}},
	}
}

func find(t *snapshot.Tenant) *Report { return Find(t, Options{Now: now}) }

func doorOf(r *Report, kind Kind) Door {
	for _, d := range append(slices.Clone(r.Clusters[0].Doors), r.Tenant...) {
		if d.Kind == kind {
			return d
		}
	}
	panic("no door " + kind)
}

// who are a door's holders: NAME how, with ? where unsure.
func who(d Door) string {
	var all []string
	for _, h := range d.Holders {
		text := strings.TrimSuffix(h.Principal.Name, "@x.example") + " " + string(h.How)
		if h.Unsure != "" {
			text += "?"
		}
		if !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return strings.Join(all, ", ")
}

// TestStates: each world is the rich tenant with one thing changed.
func TestStates(t *testing.T) {
	props := func(over map[string]any) func(*snapshot.Tenant) {
		return func(x *snapshot.Tenant) { x.Clusters[0].Raw = body(t, over) }
	}
	const adminKey = aks + "listClusterAdminCredential/action"
	activity := func(list ...snapshot.Activity) func(*snapshot.Tenant) {
		return func(x *snapshot.Tenant) { x.Activity = list }
	}
	event := func(days int, operation, status, message string) snapshot.Activity {
		return snapshot.Activity{Time: now.AddDate(0, 0, -days), Operation: operation, Resource: strings.ToUpper(shop), Caller: "ann@x.example", CallerID: guid("ann"), Status: status, Message: message}
	}
	bind := func(b rbac.Binding) func(*snapshot.Tenant) {
		return func(x *snapshot.Tenant) { x.Clusters[0].Kubernetes.RBAC.Bindings = []rbac.Binding{b} }
	}
	everything := rbac.RoleRef{Kind: rbac.ClusterRoleKind, Name: "cluster-admin"}
	for _, c := range []struct {
		name  string
		edit  func(*snapshot.Tenant)
		kind  Kind
		state State
		who   string
	}{
		{"account off", nil, LocalAccount, Closed, ""},
		{"account on", props(map[string]any{"disableLocalAccounts": false}), LocalAccount, Open, ""},
		{"absent is on", props(map[string]any{"disableLocalAccounts": nil}), AdminCredential, Open, "ann active, sam active, glo editor"},
		{"held though closed", nil, AdminCredential, Closed, "ann active, sam active, glo editor"},
		{"refusal seen", activity(event(3, strings.ToUpper(adminKey), "Failed", refusal+" is not allowed")), AdminCredential, Proved, "ann active, sam active, glo editor"},
		{"a 403 proves nothing", activity(event(3, adminKey, "Failed", "AuthorizationFailed")), AdminCredential, Closed, "ann active, sam active, glo editor"},
		{"written after the refusal", activity(event(3, adminKey, "Failed", refusal), event(1, aks+"write", "Succeeded", "")), AdminCredential, Closed, "ann active, sam active, glo editor"},
		{"with Entra no credential", props(map[string]any{"disableLocalAccounts": false}), UserCredential, Closed, "sam active"},
		{"without Entra the account", props(map[string]any{"disableLocalAccounts": false, "aadProfile": nil}), UserCredential, Open, "sam active"},
		{"pulled", activity(event(3, adminKey, "Succeeded", "")), LocalAccount, Closed, "ann pulled"},
		{"pulled before the CA", activity(event(3, adminKey, "Succeeded", "")), OldCredentials, Closed, ""},
		{"pulled after the CA", activity(event(0, adminKey, "Succeeded", "")), OldCredentials, Open, "ann pulled"},
		{"written after the CA", activity(event(0, aks+"write", "Succeeded", "")), OldCredentials, Unknown, ""},
		{"rotation failed", func(x *snapshot.Tenant) {
			x.Clusters[0].Kubernetes.ClientCAs = nil
			x.Activity = []snapshot.Activity{event(1, aks+"rotateClusterCertificates/action", "Failed", "")}
		}, OldCredentials, Unknown, ""},
		{"rotated, CA unknown", func(x *snapshot.Tenant) {
			x.Clusters[0].Kubernetes.ClientCAs = nil
			x.Activity = []snapshot.Activity{event(3, aks+"write", "Succeeded", ""), event(1, aks+"rotateClusterCertificates/action", "Succeeded", "")}
		}, OldCredentials, Closed, ""},
		{"two CAs: the older counts", func(x *snapshot.Tenant) {
			x.Clusters[0].Kubernetes.ClientCAs = append(x.Clusters[0].Kubernetes.ClientCAs, snapshot.Authority{NotBefore: now.AddDate(-1, 0, 0)})
		}, OldCredentials, Unknown, ""},
		{"run command off", props(map[string]any{"apiServerAccessProfile": map[string]any{"disableRunCommand": true}}), RunCommand, Closed, "ann active, sam active, glo editor"},
		{"admin group", props(map[string]any{"aadProfile": map[string]any{"adminGroupObjectIDs": []string{guid("team")}}}), AdminGroup, Open, "ann active, glo editor"},
		{"role-assignable group", func(x *snapshot.Tenant) {
			x.Clusters[0].Raw = body(t, map[string]any{"aadProfile": map[string]any{"adminGroupObjectIDs": []string{guid("team")}}})
			x.Principals[5].RoleAssignable = true
		}, AdminGroup, Open, "ann active"},
		{"eligible members and owners", func(x *snapshot.Tenant) {
			x.Principals[5].EligibleIn = []snapshot.GroupEligibility{{PrincipalID: guid("bob"), Access: "member"}, {PrincipalID: guid("own"), Access: "owner"}}
		}, RunCommand, Open, "ann active, sam active, own owner, glo editor"}, // bob is denied
		{"nested, in a circle", func(x *snapshot.Tenant) {
			x.Principals[5].Members = []string{guid("ring")}
			x.Principals = append(x.Principals, group("ring", "team", "own"))
		}, RunCommand, Open, "own active, sam active, glo editor"},
		{"deleted principal", func(x *snapshot.Tenant) {
			x.Assignments = []snapshot.Assignment{assigned("left", ownerRole, shop)}
			x.Principals = append(x.Principals, snapshot.Principal{ID: guid("left"), Kind: snapshot.UnknownPrincipal, Deleted: true, Name: "left"})
		}, ClusterWrite, Closed, "left active"},
		{"disabled principal", func(x *snapshot.Tenant) { x.Principals[2].Disabled = true }, ClusterWrite, Closed, "sam active"},
		{"eligible only", func(x *snapshot.Tenant) { x.Eligible, x.Assignments = x.Assignments[1:], nil }, ClusterWrite, Open, "sam eligible"},
		{"under a condition", func(x *snapshot.Tenant) { x.Assignments[1].Condition = "@Resource[x] StringEquals 'y'" }, AssignmentWrite, Unknown, "sam active?"},
		{"nobody", func(x *snapshot.Tenant) { x.Assignments = nil }, ClusterWrite, Closed, ""},
		{"cluster-admin in one namespace", bind(rbac.Binding{Namespace: "dev", Name: "b", Role: everything, Subjects: []rbac.Subject{rbac.User("zoe")}}), KubernetesRBAC, Closed, ""},
		{"cluster-admin", bind(rbac.Binding{Name: "b", Role: everything, Subjects: []rbac.Subject{rbac.User("bob@x.example")}}), KubernetesRBAC, Open, "bob active"},
		{"cluster-admin, spelt otherwise", bind(rbac.Binding{Name: "b", Role: everything, Subjects: []rbac.Subject{rbac.User("BOB@x.example")}}), KubernetesRBAC, Open, "bob active?"},
		{"the system's own", bind(rbac.Binding{Name: "b", Role: everything, Subjects: []rbac.Subject{rbac.Group("system:masters"), rbac.ServiceAccount("kube-system", "x")}}), KubernetesRBAC, Closed, ""},
		{"the provider's binding", func(x *snapshot.Tenant) {
			x.Clusters[0].Raw = body(t, map[string]any{"aadProfile": map[string]any{"adminGroupObjectIDs": []string{guid("team")}}})
			bind(rbac.Binding{Name: "aks-cluster-admin-binding-aad", Role: everything, Subjects: []rbac.Subject{rbac.Group(guid("team")), rbac.User("clusterAdmin")}})(x)
		}, KubernetesRBAC, Closed, ""},
		{"somebody in the provider's binding", bind(rbac.Binding{Name: "aks-cluster-admin-binding-aad", Role: everything, Subjects: []rbac.Subject{rbac.User("bob@x.example")}}), KubernetesRBAC, Open, "bob active"},
		{"a denied request", func(x *snapshot.Tenant) {
			x.Clusters[0].Kubernetes.Requests = []snapshot.CertificateRequest{{Signer: clientSigner, User: "eve", Denied: true}, {Signer: "kubernetes.io/kubelet-serving", User: "n", Approved: true}}
		}, Certificates, Closed, ""},
		{"Azure RBAC off", nil, AzureRBAC, Closed, ""},
		{"RBAC Reader is no door", func(x *snapshot.Tenant) {
			x.Clusters[0].Raw = body(t, map[string]any{"aadProfile": map[string]any{"enableAzureRBAC": true}})
			x.Assignments = []snapshot.Assignment{assigned("ann", "7f6c6a51-bcf8-42ba-9220-52d62157d7db", shop)}
		}, AzureRBAC, Closed, ""},
		{"body unread", func(x *snapshot.Tenant) { x.Clusters[0].Raw = nil }, RunCommand, Unknown, ""},
	} {
		x := rich(t)
		if c.edit != nil {
			c.edit(x)
		}
		if d := doorOf(find(x), c.kind); d.State != c.state || who(d) != c.who {
			t.Errorf("%s: %s is %s, held by %q; want %s, %q (%s)", c.name, c.kind, d.State, who(d), c.state, c.who, d.Why)
		}
	}
}

// TestUnreadPieces: whatever could not be read is said, makes nothing closed that was
// not, and makes a door that only its absence closed unknown.
func TestUnreadPieces(t *testing.T) {
	before := find(rich(t))
	if before.Incomplete() {
		t.Fatalf("the rich tenant is incomplete: %+v", before.NotExamined)
	}
	for _, u := range []struct {
		piece   snapshot.Piece
		scope   string
		unknown Kind // a door that this decides
	}{
		{snapshot.PieceSubscriptions, "", ElevatedAccess}, {snapshot.PieceClusters, scope, ""}, {snapshot.PieceCluster, shop, RunCommand},
		{snapshot.PieceAssignments, scope, ElevatedAccess}, {snapshot.PieceEligible, scope, ElevatedAccess}, {snapshot.PieceDenies, scope, ""},
		{snapshot.PieceDiagnostic, shop, ""}, {snapshot.PieceTrustedAccess, shop, TrustedAccess}, {snapshot.PieceFlux, shop, Flux}, {snapshot.PieceExtensions, shop, Extensions},
		{snapshot.PieceFleets, scope, Fleet}, {snapshot.PieceActivity, scope, OldCredentials}, {snapshot.PieceMembers, guid("team"), ""}, {snapshot.PieceOwners, guid("team"), ""},
		{snapshot.PieceGroupEligible, guid("team"), ""}, {snapshot.PieceDirectoryRoles, "", ElevatedAccess}, {snapshot.PieceDirectoryElig, "", ElevatedAccess}, {snapshot.PieceAppRoles, "", ""},
		{snapshot.PieceApplications, guid("dep"), ""}, {snapshot.PieceFederated, guid("web"), ""},
	} {
		x := rich(t)
		x.Unread = []snapshot.Unread{{Piece: u.piece, Scope: strings.ToUpper(u.scope), Why: "refused"}}
		r := find(x)
		if !r.Incomplete() {
			t.Errorf("%s unread: nothing says so", u.piece)
		}
		for i, d := range append(slices.Clone(r.Clusters[0].Doors), r.Tenant...) {
			was := append(slices.Clone(before.Clusters[0].Doors), before.Tenant...)[i]
			if d.State == Closed && was.State != Closed {
				t.Errorf("%s unread: %s was %s and is closed", u.piece, d.Kind, was.State)
			}
		}
		if u.unknown != "" {
			if d := doorOf(r, u.unknown); d.State != Unknown {
				t.Errorf("%s unread: %s is %s, want unknown (%s)", u.piece, u.unknown, d.State, d.Why)
			}
		}
	}
	for _, part := range []string{snapshot.ClusterRoles, snapshot.ClusterRoleBindings, snapshot.CSRs, snapshot.TokenSecretList} {
		x := rich(t)
		x.Clusters[0].Kubernetes.Unknown = []snapshot.Unknown{{What: part, Why: "forbidden"}}
		r := find(x)
		kind := map[string]Kind{snapshot.CSRs: Certificates, snapshot.TokenSecretList: TokenSecrets}[part]
		if kind == "" {
			kind = KubernetesRBAC
		}
		if d := doorOf(r, kind); d.State != Unknown || !r.Incomplete() {
			t.Errorf("%s unread: %s is %s", part, kind, d.State)
		}
	}
}

// TestProve: only 401 to both parts, by a verified server, proves.
func TestProve(t *testing.T) {
	cert, token := Tried{What: Certificate, Verified: true, Status: 401}, Tried{What: Token, Verified: true, Status: 401}
	works := Tried{What: Token, Verified: true, Status: 201, User: "masterclient"}
	for _, c := range []struct {
		name  string
		tried []Tried
		want  State
	}{
		{"both dead", []Tried{cert, token}, Proved},
		{"certificate only", []Tried{cert}, Closed},
		{"x509 error of ours", []Tried{{What: Certificate, Error: "x509: unknown authority"}, token}, Closed},
		{"forbidden to nobody", []Tried{{What: Certificate, Verified: true, Status: 403}, token}, Closed},
		{"token works", []Tried{cert, works}, Open},
		{"nothing in it", nil, Closed},
	} {
		r := find(rich(t))
		if !r.Prove(strings.ToUpper(shop), c.tried, now, "old") || doorOf(r, OldCredentials).State != c.want {
			t.Errorf("%s: %s, want %s", c.name, doorOf(r, OldCredentials).State, c.want)
		}
	}
}

// TestCompare: each change once; the unknown has neither come nor gone.
func TestCompare(t *testing.T) {
	if d := Compare(find(rich(t)), find(rich(t))); len(d.States)+len(d.Holders)+len(d.Keys) != 0 || d.Worse() {
		t.Errorf("nothing changed: %+v", d)
	}
	x := rich(t)
	x.Clusters[0].Raw = body(t, map[string]any{"disableLocalAccounts": false})
	x.Assignments = append(x.Assignments, assigned("own", clusterAdminRole, shop))
	x.Principals[8].AppOwners = append(x.Principals[8].AppOwners, guid("ann"))
	d := Compare(find(rich(t)), find(x))
	var opened []string
	for _, s := range d.States {
		opened = append(opened, string(s.Kind))
	}
	if got := strings.Join(opened, " "); got != "local-account admin-credential access-profile old-credentials" || !d.Worse() || len(d.Keys) != 1 || len(d.Holders) != 3 {
		t.Errorf("opened %s, %d holders, %d keys", got, len(d.Holders), len(d.Keys))
	}
	x = rich(t)
	x.Unread = []snapshot.Unread{{Piece: snapshot.PieceFlux, Scope: shop, Why: "refused"}}
	for _, pair := range [][2]*snapshot.Tenant{{rich(t), x}, {x, rich(t)}} {
		if d := Compare(find(pair[0]), find(pair[1])); d.Worse() || len(d.NotComparable) == 0 {
			t.Errorf("unread in one: %+v", d)
		}
	}
}

// TestBreaks tells people from pipelines.
func TestBreaks(t *testing.T) {
	x := rich(t)
	x.Activity = []snapshot.Activity{{Time: now.AddDate(0, 0, -2), Operation: aks + "listClusterAdminCredential/action", Resource: shop, Caller: guid("dep"), CallerID: guid("dep"), Status: "Succeeded"}}
	r := find(x)
	r.Breaks(x, []Use{{Cluster: strings.ToLower(shop), Account: "masterclient", Agent: "kubectl/v1.33", Last: now, Count: 3}, {Cluster: "shop", Account: "masterclient", Agent: "Terraform/1.9", Last: now.Add(-time.Hour)},
		{Cluster: "shop", Account: "masterclient", Agent: "curl/8", Last: now.Add(-2 * time.Hour)}, {Cluster: "else", Account: "masterclient"}}, now.AddDate(0, 0, -30))
	var got []string
	for _, u := range r.Clusters[0].Breaks {
		got = append(got, u.Name+" "+u.What+" "+u.Kind)
	}
	if want := "masterclient used person, masterclient used pipeline, masterclient used unknown, dep pulled pipeline"; strings.Join(got, ", ") != want {
		t.Errorf("%s\nwant %s", strings.Join(got, ", "), want)
	}
	r = find(x)
	if r.Breaks(x, nil, now.AddDate(0, 0, -1)); len(r.Clusters[0].Breaks) != 0 {
		t.Errorf("before the window: %+v", r.Clusters[0].Breaks)
	}
}
