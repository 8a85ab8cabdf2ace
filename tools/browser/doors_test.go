package browser_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// doorsPage has postern make the page of the doors of a tenant.
func doorsPage(t *testing.T) string {
	t.Helper()
	return tenantPage(t, 5, "doors") // the API servers were not asked
}

// tenantPage has a command of postern make its page of a tenant: one cluster with
// local accounts on and one with them off, and a name that wants to be a script.
func tenantPage(t *testing.T, code int, args ...string) string {
	t.Helper()
	const sub = "/subscriptions/5e0a7c1e-0000-4000-8000-000000000001"
	id := func(name string) string {
		return sub + "/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/" + name
	}
	cluster := func(name string, properties object) object {
		return object{"id": id(name), "raw": object{"id": id(name), "name": name, "properties": properties}}
	}
	file := object{"kind": "TenantSnapshot", "apiVersion": "postern.dev/v1", "kubernetes": []object{}, "tenant": object{
		"taken": "2026-11-23T10:00:00Z", "reader": object{"name": "ann@contoso.example"}, "id": "7f2b0c5e-0000-4000-8000-000000000001", "name": "Contoso",
		"subscriptions": []object{{"id": "5e0a7c1e-0000-4000-8000-000000000001"}},
		"clusters":      []object{cluster("aks-open", object{"fqdn": "a.example"}), cluster("aks-shut", object{"disableLocalAccounts": true, "aadProfile": object{"managed": true}})},
		"fleets":        []object{}, "eligible": []object{}, "definitions": []object{}, "denies": []object{}, "directoryRoles": []object{}, "appRoles": []object{}, "activity": []object{}, "unread": []object{},
		"assignments": []object{{"id": sub + "/x", "principalId": "bbbbbbbb-0000-4000-8000-000000000002", "principalType": "User", "roleDefinitionId": "0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8", "scope": sub}},
		"principals":  []object{{"id": "bbbbbbbb-0000-4000-8000-000000000002", "kind": "user", "name": "x", "upn": `<img src=x onerror="document.title='taken'">@contoso.example`}},
	}}
	postern, err := filepath.Abs("../../bin/postern")
	must(t, err)
	if _, err := os.Stat(postern); err != nil {
		t.Fatalf("%s is not there: run `make build` first", postern)
	}
	dir := t.TempDir()
	data, err := json.Marshal(file)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "tenant.json"), data, 0o600))
	cmd := exec.Command(postern, append(args, "-q", "-o", "html", "-f", filepath.Join(dir, "tenant.json"))...)
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME=", "XDG_DATA_HOME=")
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == code {
		err = nil
	}
	if err != nil || cmd.ProcessState.ExitCode() != code {
		t.Fatalf("postern %s: exit %d, want %d: %v", args[0], cmd.ProcessState.ExitCode(), code, err)
	}
	page := filepath.Join(dir, args[0]+".html")
	must(t, os.WriteFile(page, out, 0o600))
	return "file://" + page
}

const shownDoors = `[...document.querySelectorAll(".door")].filter(d => d.offsetParent !== null).length`

func TestDoorsPage(t *testing.T) {
	tab := open(t, doorsPage(t))
	wantSays(t, tab, `document.title`, "Doors · Contoso")
	wantSays(t, tab, `document.body.innerText`, "aks-open", "aks-shut", "Who can open again", "Not examined", "conditional access")
	if n := number(t, tab, `document.querySelectorAll("img").length`); n != 0 {
		t.Error("a name became an element")
	}
	all := number(t, tab, shownDoors)
	if all != 41 { // 20 of each cluster, and the tenant's
		t.Errorf("%d doors are shown, want 41", all)
	}
	// Its policy refuses what somebody might have got into it.
	if said := text(t, tab, `(() => { const s = document.createElement("script"); s.textContent = "document.title = 'taken'"; document.body.append(s); return document.title; })()`); said == "taken" {
		t.Error("a foreign script ran")
	}
	tab.Events = nil // the complaint about that script
	// A door unfolds, with its evidence and the path of each holder.
	must(t, tab.Click(`[id$="aks-open"] .door summary`))
	wantSays(t, tab, `document.querySelector("[id$=aks-open] .door[open]").innerText`, "Evidence", "disableLocalAccounts")
	// Finding: by cluster and by state.
	must(t, tab.Press("/"))
	must(t, tab.Type("aks-shut run-command"))
	if n := number(t, tab, shownDoors); n != 1 {
		t.Errorf("%d doors are found, want 1", n)
	}
	wantSays(t, tab, `document.getElementById("found").textContent`, "1 door")
	must(t, tab.Eval(`document.getElementById("search").value = ""; document.getElementById("search").dispatchEvent(new Event("input"))`, nil))
	must(t, tab.Click("#openonly"))
	if n := number(t, tab, shownDoors); n == 0 || n >= all {
		t.Errorf("%d doors are open or unknown, of %d", n, all)
	}
	if n := number(t, tab, `document.querySelectorAll(".door[data-state=closed]:not([hidden])").length`); n != 0 {
		t.Errorf("%d closed doors are shown", n)
	}
}

// TestDoorsOnPaper: what is folded on the screen is unfolded in print.
func TestDoorsOnPaper(t *testing.T) {
	tab := open(t, doorsPage(t))
	if n := number(t, tab, `document.querySelectorAll(".door[open]").length`); n != 0 {
		t.Errorf("%d doors are unfolded on the screen", n)
	}
	must(t, tab.Eval(`dispatchEvent(new Event("beforeprint"))`, nil))
	must(t, tab.Emulate("print", "light"))
	if n := number(t, tab, `[...document.querySelectorAll(".door .inside")].filter(e => e.getBoundingClientRect().height === 0).length`); n != 0 {
		t.Errorf("%d doors are folded in print", n)
	}
	if n := number(t, tab, `document.getElementById("find").getBoundingClientRect().height`); n != 0 {
		t.Error("the search is printed")
	}
	pdf, err := tab.PDF()
	must(t, err)
	if !bytes.HasPrefix(pdf, []byte("%PDF-")) {
		t.Error("what is printed is no PDF")
	}
	must(t, tab.Eval(`dispatchEvent(new Event("afterprint"))`, nil))
	must(t, tab.Emulate("screen", "light"))
	if n := number(t, tab, `document.querySelectorAll(".door[open]").length`); n != 0 {
		t.Errorf("%d doors stay unfolded after printing", n)
	}
}
