package browser_test

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"testing"

	"github.com/postern-dev/postern/tools/browser"
)

// wide are elements that stick out of the page to the right.
const wide = `[...document.body.querySelectorAll("*")].filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1).length`

func TestEvidencePage(t *testing.T) {
	page := tenantPage(t, 0, "scan")
	tab := open(t, page)
	wantSays(t, tab, `document.body.innerText`, "Contoso", "ann@contoso.example", "aks-open", "aks-shut", "SHA-256 of the snapshot", "Local accounts are disabled", "ISO 27001 A.5.15", "SOC 2 CC6.1", "MCSB")
	if n := number(t, tab, `document.querySelectorAll("img").length`); n != 0 {
		t.Error("a name became an element")
	}
	if n := number(t, tab, `[...document.querySelectorAll("td.finding")].filter(e => e.closest("tr").innerText.includes("aks-open") && e.closest("tr").innerText.includes("local-accounts")).length`); n != 1 {
		t.Errorf("local-accounts of aks-open is a finding %d times", n)
	}
	if n := number(t, tab, wide); n != 0 {
		t.Errorf("%d elements stick out", n)
	}
	keep(t, tab, "evidence-1280.png")
}

// TestEvidenceOnPaper: every row gets onto paper whole, and no column is cut off.
func TestEvidenceOnPaper(t *testing.T) {
	tab := open(t, tenantPage(t, 0, "scan"))
	rows := number(t, tab, `document.querySelectorAll("tbody tr").length`)
	must(t, tab.Emulate("print", "light"))
	if n := number(t, tab, `[...document.querySelectorAll("tbody tr")].filter(e => e.getBoundingClientRect().height > 0).length`); n != rows {
		t.Errorf("%d of %d rows are printed", n, rows)
	}
	pdf, err := tab.PDF()
	must(t, err)
	if !bytes.HasPrefix(pdf, []byte("%PDF-")) {
		t.Fatal("what is printed is no PDF")
	}
	if pages := len(regexp.MustCompile(`/Type\s*/Page[^s]`).FindAll(pdf, -1)); pages < 2 {
		t.Errorf("%d rows are printed on %d pages", rows, pages)
	}
	if dir := os.Getenv("POSTERN_SHOTS"); dir != "" {
		must(t, os.WriteFile(dir+"/evidence.pdf", pdf, 0o600))
	}
	// As wide as A4 lies, less its margins: 273 mm at 96 dots an inch.
	narrow, err := browser.Open(1031, 800)
	must(t, err)
	defer func() { must(t, narrow.Close()) }()
	must(t, narrow.Go(tenantPage(t, 0, "scan")))
	must(t, narrow.Emulate("print", "light"))
	if n := number(t, narrow, wide); n != 0 {
		t.Errorf("%d elements are cut off on paper", n)
	}
}

// TestEvidenceOnTelephone: a narrow screen cuts nothing off.
func TestEvidenceOnTelephone(t *testing.T) {
	tab, err := browser.Open(390, 800)
	must(t, err)
	defer func() { must(t, tab.Close()) }()
	must(t, tab.Go(tenantPage(t, 0, "scan")))
	must(t, tab.Settle())
	var out []string
	must(t, tab.Eval(`[...document.body.querySelectorAll("*")].filter(e => !e.closest(".wide") && e.getBoundingClientRect().right > 391).map(e => e.tagName + " " + e.textContent.slice(0, 40))`, &out))
	if len(out) > 0 {
		t.Errorf("cut off: %s", fmt.Sprint(out))
	}
	keep(t, tab, "evidence-390.png")
}

// keep leaves a picture in POSTERN_SHOTS, for people to look at.
func keep(t *testing.T, tab *browser.Tab, name string) {
	t.Helper()
	dir := os.Getenv("POSTERN_SHOTS")
	if dir == "" {
		return
	}
	picture, err := tab.Screenshot()
	must(t, err)
	must(t, os.WriteFile(dir+"/"+name, picture, 0o600))
}
