package browser_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/postern-dev/postern/tools/browser"
)

// open loads a page and, when the test ends, holds that it asked for nothing
// beyond itself and complained of nothing.
func open(t *testing.T, url string) *browser.Tab {
	t.Helper()
	tab, err := browser.Open(1280, 800)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, e := range tab.Events {
			text := string(e.Params)
			switch e.Method {
			case "Network.requestWillBeSent":
				if !strings.Contains(text, `"url":"file:///`) || strings.Count(text, `"url":"http`) > 0 {
					t.Errorf("the page asked for something: %s", text)
				}
			case "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded":
				t.Errorf("the page complained: %s %s", e.Method, text)
			}
		}
		if err := tab.Close(); err != nil {
			t.Errorf("close browser: %v", err)
		}
	})
	must(t, tab.Go(url))
	must(t, tab.Settle())
	return tab
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// text evaluates an expression that gives a string.
func text(t *testing.T, tab *browser.Tab, script string) (s string) {
	t.Helper()
	must(t, tab.Eval(script, &s))
	return s
}

func number(t *testing.T, tab *browser.Tab, script string) (n int) {
	t.Helper()
	must(t, tab.Eval(script, &n))
	return n
}

// drawn are the ids of the nodes in the picture, sorted.
func drawn(t *testing.T, tab *browser.Tab) (ids []string) {
	t.Helper()
	must(t, tab.Eval(`[...document.querySelectorAll("#canvas .node")].map(n => n.dataset.id)`, &ids))
	slices.Sort(ids)
	return ids
}

func wantDrawn(t *testing.T, tab *browser.Tab, want ...string) {
	t.Helper()
	slices.Sort(want)
	if got := drawn(t, tab); !slices.Equal(got, want) {
		t.Errorf("drawn are\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

const (
	details = `document.getElementById("details").innerText`
	where   = `document.getElementById("where").textContent`
	focused = `document.body.dataset.focus`
)

func wantSays(t *testing.T, tab *browser.Tab, script string, parts ...string) {
	t.Helper()
	said := text(t, tab, script)
	for _, part := range parts {
		if !strings.Contains(strings.ToLower(said), strings.ToLower(part)) {
			t.Errorf("%q is not said in:\n%s", part, said)
		}
	}
}

func deployer() []string {
	return []string{"sa:ci/deployer", "RoleBinding/dev/team", "ClusterRole/edit", "ClusterRole/view", "Namespace/dev"}
}

func TestWholeGraph(t *testing.T) {
	tab := open(t, page(t, small()))
	if got := len(drawn(t, tab)); got != 24 {
		t.Errorf("%d nodes are drawn, want 24: %v", got, drawn(t, tab))
	}
	wantSays(t, tab, where, "24 nodes")
	wantSays(t, tab, `document.title`, "RBAC of")
	wantSays(t, tab, `document.getElementById("limits").innerText`, "not examined: Azure role assignments", "beside these manifests")
	wantSays(t, tab, details, "hold everything (2)", "gitops/flux", "user:Carol@contoso.example and user:carol@contoso.example differ")
	if n := number(t, tab, `document.querySelectorAll(".node[aria-label][role=button]").length`); n != 24 {
		t.Errorf("%d of 24 nodes have a name for screen readers", n)
	}
	if n := number(t, tab, `[...document.querySelectorAll("button")].filter(b => !(b.textContent.trim() || b.ariaLabel)).length`); n != 0 {
		t.Errorf("%d buttons have no name", n)
	}
	// Nodes of a column do not overlap, and every edge ends at two nodes.
	if n := number(t, tab, `(() => { const r = [...document.querySelectorAll(".node rect")].map(e => e.getBoundingClientRect()); let n = 0;
		for (const a of r) for (const b of r) if (a !== b && a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom) n++; return n; })()`); n != 0 {
		t.Errorf("%d nodes overlap", n)
	}
	if n := number(t, tab, `document.querySelectorAll("#canvas path.edge").length`); n != 22 {
		t.Errorf("%d edges are drawn, want 22", n)
	}
}

func TestFocusByAddress(t *testing.T) {
	url := page(t, small())
	tab := open(t, url+"#focus=sa:ci/deployer")
	wantDrawn(t, tab, deployer()...)
	wantSays(t, tab, details, "ci/deployer", "bound by (1)", "dev/team", "roles in reach (2)")
	must(t, tab.Eval(`location.hash = "#focus=Role%2Fprod%2Freader"`, nil))
	must(t, tab.Settle())
	wantDrawn(t, tab, "Role/prod/reader", "RoleBinding/prod/read", "Namespace/prod", "user:carol@contoso.example", "user:Carol@contoso.example")
	wantSays(t, tab, details, "granted by (1)", "rules (1)", "verbs list", "resources configmaps", "rbac.json:1:")
	must(t, tab.Eval(`location.hash = "#focus=Role/prod/no-such-role"`, nil))
	must(t, tab.Settle())
	wantSays(t, tab, details, "is not here", "unknown")
	must(t, tab.Eval(`location.hash = "#focus=user:nobody"`, nil))
	must(t, tab.Settle())
	wantSays(t, tab, where, "nothing here is called user:nobody")
	must(t, tab.Eval(`history.back()`, nil))
	must(t, tab.Eval(`new Promise(done => { const wait = () => document.body.dataset.focus === "Role/prod/no-such-role" ? done() : setTimeout(wait, 5); wait(); })`, nil))
}

func TestSearchByKeys(t *testing.T) {
	tab := open(t, page(t, small()))
	must(t, tab.Press("/"))
	must(t, tab.Type("DEPLOYER"))
	if n := number(t, tab, `document.querySelectorAll("#hits [role=option]").length`); n != 2 {
		t.Errorf("%d hits, want 2 (deployer, deployers)", n)
	}
	wantSays(t, tab, `document.getElementById("search").getAttribute("aria-activedescendant")`, "hit0")
	must(t, tab.Press("ArrowDown"))
	must(t, tab.Press("ArrowUp"))
	must(t, tab.Press("Enter"))
	if got := text(t, tab, focused); got != "sa:ci/deployer" && got != "RoleBinding/gitops/deployers" {
		t.Errorf("focus is %q", got)
	}
	must(t, tab.Press("Escape"))
	if got := text(t, tab, focused); got != "" {
		t.Errorf("after Escape the focus is %q", got)
	}
	must(t, tab.Press("/"))
	must(t, tab.Type("no such thing"))
	wantSays(t, tab, `document.getElementById("hits").innerText`, "nothing matches")
}

func TestWalkByKeys(t *testing.T) {
	tab := open(t, page(t, small()))
	must(t, tab.Eval(`document.querySelector('[data-id="sa:ci/deployer"]').focus()`, nil))
	at := `document.activeElement.dataset.id`
	must(t, tab.Press("ArrowRight"))
	if got := text(t, tab, at); got != "RoleBinding/dev/team" {
		t.Errorf("right of the account is %q", got)
	}
	must(t, tab.Press("ArrowRight"))
	if got := text(t, tab, at); got != "ClusterRole/edit" {
		t.Errorf("right of the binding is %q", got)
	}
	must(t, tab.Press("ArrowLeft"))
	must(t, tab.Press("Enter"))
	if got := text(t, tab, focused); got != "RoleBinding/dev/team" {
		t.Errorf("Enter focuses %q", got)
	}
	wantSays(t, tab, details, "names (2)", "grants (1)", "in namespace (1)")
}

func TestClickLegendBack(t *testing.T) {
	tab := open(t, page(t, small()))
	must(t, tab.Click(`[data-id="sa:ci/deployer"]`))
	wantDrawn(t, tab, deployer()...)
	must(t, tab.Click(`#details .link`)) // the binding in the details
	if got := text(t, tab, focused); got != "RoleBinding/dev/team" {
		t.Errorf("the details' link focuses %q", got)
	}
	must(t, tab.Click("#back"))
	if got := text(t, tab, focused); got != "sa:ci/deployer" {
		t.Errorf("back leads to %q", got)
	}
	must(t, tab.Click("#all"))
	must(t, tab.Eval(`[...document.querySelectorAll("#legend button")].find(b => b.textContent === "Namespace").click()`, nil))
	must(t, tab.Settle())
	if ids := drawn(t, tab); len(ids) != 21 || slices.Contains(ids, "Namespace/dev") {
		t.Errorf("with namespaces hidden: %v", ids)
	}
	if got := text(t, tab, `[...document.querySelectorAll("#legend button")].find(b => b.textContent === "Namespace").getAttribute("aria-pressed")`); got != "false" {
		t.Errorf("the legend says pressed=%s", got)
	}
}

func TestPaths(t *testing.T) {
	tab := open(t, page(t, small(), "--paths")+"#path=0")
	wantDrawn(t, tab, "user:ann@contoso.example", "sa:gitops/flux", "everything")
	wantSays(t, tab, details, "path to everything", "create-pods", "RoleBinding gitops/deployers", "ClusterRoleBinding flux", "rbac.json:1:")
	wantSays(t, tab, where, "to everything in 2 hops")
	must(t, tab.Press("Escape"))
	wantSays(t, tab, details, "paths to everything (1)")
}

func TestLargeGraph(t *testing.T) {
	tab := open(t, page(t, large(5000)))
	if n := number(t, tab, `document.querySelectorAll(".node").length`); n != 0 {
		t.Errorf("%d nodes are drawn at once", n)
	}
	wantSays(t, tab, where, "too many to draw at once")
	wantSays(t, tab, `document.getElementById("overview").innerText`, "hold everything", "user-0@contoso.example")
	must(t, tab.Press("/"))
	must(t, tab.Type("user-777@"))
	must(t, tab.Press("Enter"))
	wantDrawn(t, tab, "user:user-777@contoso.example", "RoleBinding/ns-57/binding-777", "RoleBinding/ns-57/view-777", "Role/ns-57/role-777", "ClusterRole/view", "Namespace/ns-57")
	must(t, tab.Eval(`location.hash = "#focus=group:everybody"`, nil))
	must(t, tab.Settle())
	if n := len(drawn(t, tab)); n < 10 || n > 150 {
		t.Errorf("of the widest group %d nodes are drawn", n)
	}
	wantSays(t, tab, where, "not drawn")
	if n := number(t, tab, `document.querySelectorAll("#canvas text.more").length`); n < 2 {
		t.Errorf("%d columns say that they go on", n)
	}
	before := number(t, tab, `document.querySelectorAll("#details .link").length`)
	must(t, tab.Click("#details .more button"))
	if after := number(t, tab, `document.querySelectorAll("#details .link").length`); after <= before {
		t.Errorf("more shows %d rows after %d", after, before)
	}
}

// TestHostile: names from a cluster are text, whatever they look like.
func TestHostile(t *testing.T) {
	names := []string{`</script><script>window.owned=1</script>`, `<img src=x onerror="window.owned=1">`, `"'><svg onload=window.owned=1>`, `javascript:window.owned=1`, `{{data}}`, "a\u202eb", `__proto__`, `constructor`, `&lt;b&gt;`, `日本語 🙂`}
	var objects []object
	for i, name := range names {
		objects = append(objects, binding("", fmt.Sprintf("b-%d", i), "ClusterRole", "view", user(name)))
	}
	objects = append(objects, role("ClusterRole", "", "view", []object{{"verbs": names, "apiGroups": names, "resources": names}}, nil))
	tab := open(t, page(t, objects))
	for _, name := range names {
		shown := strings.ReplaceAll(name, "\u202e", `\u202e`)
		must(t, tab.Eval(fmt.Sprintf("location.hash = '#focus=' + encodeURIComponent(%q)", "user:"+name), nil))
		must(t, tab.Settle())
		if got := text(t, tab, `document.querySelector("#details h2").textContent`); got != shown {
			t.Errorf("%q is shown as %q", name, got)
		}
	}
	must(t, tab.Eval(`location.hash = "#focus=ClusterRole/view"`, nil))
	must(t, tab.Settle())
	wantSays(t, tab, details, names[0], names[1])
	if n := number(t, tab, `document.querySelectorAll("img,iframe,object,embed,link,a,form[action]").length + document.scripts.length - 2`); n != 0 {
		t.Errorf("%d elements came out of names", n)
	}
	if got := text(t, tab, `typeof window.owned`); got != "undefined" {
		t.Error("a name ran as script")
	}
}

// TestPolicy: even a script that got into the page could not run or call out.
func TestPolicy(t *testing.T) {
	tab := open(t, page(t, small()))
	must(t, tab.Eval(`(() => { window.broken = []; document.addEventListener("securitypolicyviolation", e => window.broken.push(e.effectiveDirective));
		const s = document.createElement("script"); s.textContent = "window.owned = 1"; document.body.append(s);
		const i = document.createElement("img"); i.src = "https://example.invalid/x.png"; document.body.append(i);
		return fetch("https://example.invalid/").catch(() => {}); })()`, nil))
	must(t, tab.Settle())
	broken := text(t, tab, `window.broken.sort().join()`)
	if broken != "connect-src,img-src,script-src-elem" {
		t.Errorf("refused were %s", broken)
	}
	if got := text(t, tab, `typeof window.owned`); got != "undefined" {
		t.Error("an inline script ran")
	}
	tab.Events = nil // what this test provoked
}

func TestDarkAndPaper(t *testing.T) {
	tab := open(t, page(t, small()))
	paper := `getComputedStyle(document.documentElement).backgroundColor`
	must(t, tab.Emulate("screen", "light"))
	if got := text(t, tab, paper); got != "rgb(255, 255, 255)" {
		t.Errorf("light paper is %s", got)
	}
	must(t, tab.Emulate("screen", "dark"))
	if got := text(t, tab, paper); got != "rgb(18, 22, 29)" {
		t.Errorf("dark paper is %s", got)
	}
	must(t, tab.Emulate("print", "dark"))
	if got := text(t, tab, paper); got != "rgb(255, 255, 255)" {
		t.Errorf("printed paper is %s", got)
	}
	if got := text(t, tab, `getComputedStyle(document.getElementById("find")).display`); got != "none" {
		t.Error("the search box is printed")
	}
	pdf, err := tab.PDF()
	must(t, err)
	if !bytes.HasPrefix(pdf, []byte("%PDF-")) || !bytes.Contains(pdf, []byte("/Count ")) {
		t.Error("what is printed is no PDF")
	}
}
