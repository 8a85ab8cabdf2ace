package doors

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkFind: 40 clusters over 5 subscriptions, 300 principals in 40 groups,
// 1,000 assignments, deny assignments on every node resource group.
func BenchmarkFind(b *testing.B) {
	var w strings.Builder
	for s := range 5 {
		fmt.Fprintf(&w, "subscription s%d mg=root log=2026-08-26\n", s)
	}
	for c := range 40 {
		fmt.Fprintf(&w, "cluster c%d s%d {\"aadProfile\":{\"enableAzureRBAC\":true,\"adminGroupObjectIDs\":[\"g%d\"]}}\n", c, c%5, c)
	}
	for u := range 220 {
		fmt.Fprintf(&w, "user u%d\n", u)
	}
	for p := range 40 {
		fmt.Fprintf(&w, "sp p%d\n", p)
	}
	for g := range 40 {
		var members []string
		for m := range 12 {
			members = append(members, fmt.Sprintf("u%d", (g*7+m*5)%220))
		}
		if g%4 == 0 {
			members = append(members, fmt.Sprintf("g%d", g+1))
		}
		fmt.Fprintf(&w, "group g%d members=%s owners=u%d eligible=u%d:member\n", g, strings.Join(members, ","), g, g+50)
	}
	roles := strings.Fields("Contributor ClusterAdmin ClusterUser RBACWriter RBACReader Reader Reader Reader Owner RBACAdmin")
	for a := range 1000 {
		who := fmt.Sprintf([]string{"u%d", "p%d", "g%d"}[a%3], a%40)
		scope := []string{fmt.Sprintf("c%d", a%40), fmt.Sprintf("c%d/ns/n%d", a%40, a%3), fmt.Sprintf("s%d/resourceGroups/x%d", a%5, a), fmt.Sprintf("c%d/nodes", a%40)}[a/3%4]
		word := "assign"
		if a%11 == 0 {
			word = "eligible"
		}
		fmt.Fprintf(&w, "%s %s %s %s\n", word, roles[a%10], who, scope)
	}
	for s := range 5 {
		fmt.Fprintf(&w, "assign Owner g%d s%d\n", s, s)
	}
	for c := range 40 {
		fmt.Fprintf(&w, "deny nodes c%d/nodes who=everyone not=p%d actions=*/write\n", c, c)
	}
	w.WriteString("directory Global-Administrator u1 /\ndirectory Groups-Administrator u2 /\ndirectory User-Administrator g3 /\n")
	tenant := world(b, w.String())
	for b.Loop() {
		Find(tenant, Options{})
	}
}
