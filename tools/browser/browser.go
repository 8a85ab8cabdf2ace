// Package browser drives a headless Chromium, so that pages are tested as people
// use them: keys, clicks, the address bar, paper and the dark.
//
// It speaks the DevTools protocol over a pipe, which needs no port, no WebSocket
// and no framework. It owns the browser's process and one tab; what a page must
// do stands in the tests of this package. The browser gets an empty profile and
// resolves no host name: a page that asks for the network is found out.
package browser

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Programs are the names Chromium goes by, the smallest first.
func Programs() []string {
	return []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"}
}

// Find is the path of a browser; the error says what to install.
func Find() (string, error) {
	if path := os.Getenv("POSTERN_BROWSER"); path != "" {
		return exec.LookPath(path)
	}
	for _, name := range Programs() {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("find browser: none of " + strings.Join(Programs(), ", ") + " is on PATH; on Debian: apt-get install -y --no-install-recommends chromium-headless-shell (or set POSTERN_BROWSER)")
}

// Tab is one page in a browser of its own.
type Tab struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	answers *os.File
	dir     string
	session string
	next    int
	// Events are what the page did since it was opened: requests to a network,
	// messages on the console, uncaught errors.
	Events []Event
}

// Event is something a page did.
type Event struct {
	Method string
	Params json.RawMessage
}

// Open starts a browser with one empty tab.
func Open(width, height int) (*Tab, error) {
	path, err := Find()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "postern-browser-")
	if err != nil {
		return nil, fmt.Errorf("make profile: %w", err)
	}
	t := &Tab{dir: dir}
	t.cmd = exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND",
		"--force-device-scale-factor=1", "--hide-scrollbars", fmt.Sprintf("--window-size=%d,%d", width, height),
		"--user-data-dir="+filepath.Join(dir, "profile"), "--remote-debugging-pipe", "about:blank")
	if err := t.start(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := t.attach(width, height); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// start gives the browser its two pipes as descriptors 3 and 4.
func (t *Tab) start() error {
	readCommands, commands, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("make pipe: %w", err)
	}
	answers, writeAnswers, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("make pipe: %w", err)
	}
	t.cmd.ExtraFiles = []*os.File{readCommands, writeAnswers}
	t.answers = answers
	t.in, t.out = commands, bufio.NewReaderSize(answers, 1<<20)
	if err := t.cmd.Start(); err != nil {
		return fmt.Errorf("start browser: %w", err)
	}
	return errors.Join(readCommands.Close(), writeAnswers.Close())
}

func (t *Tab) attach(width, height int) error {
	var targets struct {
		TargetInfos []struct{ TargetID, Type string }
	}
	if err := t.call("Target.getTargets", nil, &targets); err != nil {
		return err
	}
	id := ""
	for _, info := range targets.TargetInfos {
		if info.Type == "page" {
			id = info.TargetID
		}
	}
	if id == "" {
		var made struct{ TargetID string }
		if err := t.call("Target.createTarget", map[string]any{"url": "about:blank"}, &made); err != nil {
			return err
		}
		id = made.TargetID
	}
	var attached struct{ SessionID string }
	if err := t.call("Target.attachToTarget", map[string]any{"targetId": id, "flatten": true}, &attached); err != nil {
		return err
	}
	t.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Network", "Log"} {
		if err := t.call(domain+".enable", nil, nil); err != nil {
			return err
		}
	}
	return t.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}, nil)
}

// patience is how long a browser may be silent before it is taken for stuck.
const patience = 2 * time.Minute

// message is what goes over the pipe, either way.
type message struct {
	ID        int             `json:"id,omitempty"`
	Method    string          `json:"method,omitempty"`
	Params    json.RawMessage `json:"params,omitempty"`
	SessionID string          `json:"sessionId,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
	Error     *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

// call asks the browser something and waits for its answer; what happens
// meanwhile is kept in Events.
func (t *Tab) call(method string, params, result any) error {
	t.next++
	m := message{ID: t.next, Method: method, SessionID: t.session}
	if params != nil {
		raw, err := json.Marshal(params)
		if err != nil {
			return fmt.Errorf("encode %s: %w", method, err)
		}
		m.Params = raw
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode %s: %w", method, err)
	}
	if _, err := t.in.Write(append(raw, 0)); err != nil {
		return fmt.Errorf("ask browser %s: %w", method, err)
	}
	for {
		answer, err := t.read()
		switch {
		case err != nil:
			return fmt.Errorf("ask browser %s: %w", method, err)
		case answer.ID != t.next:
			continue
		case answer.Error != nil:
			return fmt.Errorf("browser refuses %s: %s", method, answer.Error.Message)
		case result == nil:
			return nil
		}
		if err := json.Unmarshal(answer.Result, result); err != nil {
			return fmt.Errorf("decode %s: %w", method, err)
		}
		return nil
	}
}

func (t *Tab) read() (message, error) {
	var m message
	if err := t.answers.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return m, err
	}
	raw, err := t.out.ReadBytes(0)
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(raw[:len(raw)-1], &m); err != nil {
		return m, err
	}
	if m.Method != "" {
		t.Events = append(t.Events, Event{m.Method, m.Params})
	}
	return m, nil
}

// Go loads an address and waits until its scripts have run.
func (t *Tab) Go(url string) error {
	seen := len(t.Events)
	if err := t.call("Page.navigate", map[string]any{"url": url}, nil); err != nil {
		return err
	}
	for !slices.ContainsFunc(t.Events[seen:], func(e Event) bool { return e.Method == "Page.loadEventFired" }) {
		if _, err := t.read(); err != nil {
			return fmt.Errorf("load %s: %w", url, err)
		}
	}
	return nil
}

// Eval runs JavaScript in the page and decodes what it gives; promises are
// waited for.
func (t *Tab) Eval(script string, result any) error {
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	if err := t.call("Runtime.evaluate", map[string]any{"expression": script, "returnByValue": true, "awaitPromise": true}, &answer); err != nil {
		return err
	}
	if x := answer.ExceptionDetails; x != nil {
		return fmt.Errorf("run %q: %s %s", script, x.Text, x.Exception.Description)
	}
	if result == nil || len(answer.Result.Value) == 0 {
		return nil
	}
	if err := json.Unmarshal(answer.Result.Value, result); err != nil {
		return fmt.Errorf("decode the value of %q: %w", script, err)
	}
	return nil
}

// Settle waits until the page has handled what it was told and painted twice.
func (t *Tab) Settle() error {
	return t.Eval("new Promise(done => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(() => done())), 0))", nil)
}

// Press presses one key: Enter, Escape, ArrowDown, or a character.
func (t *Tab) Press(key string) error {
	codes := map[string]int{"Enter": 13, "Escape": 27, "Tab": 9, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
	down := map[string]any{"type": "keyDown", "key": key, "windowsVirtualKeyCode": codes[key]}
	switch {
	case key == "Enter":
		down["text"] = "\r"
	case len([]rune(key)) == 1:
		down["text"] = key
	}
	if err := t.call("Input.dispatchKeyEvent", down, nil); err != nil {
		return err
	}
	if err := t.call("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": key, "windowsVirtualKeyCode": codes[key]}, nil); err != nil {
		return err
	}
	return t.Settle()
}

// Type enters text where the focus is, as a keyboard with any script would.
func (t *Tab) Type(text string) error {
	if err := t.call("Input.insertText", map[string]any{"text": text}, nil); err != nil {
		return err
	}
	return t.Settle()
}

// Click clicks in the middle of the first element a selector finds.
func (t *Tab) Click(selector string) error {
	quoted, err := json.Marshal(selector)
	if err != nil {
		return fmt.Errorf("quote selector: %w", err)
	}
	var at []float64
	script := "(() => { const e = document.querySelector(" + string(quoted) + "); if (!e) return null; e.scrollIntoView({block: 'center', inline: 'center'}); const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()"
	if err := t.Eval(script, &at); err != nil {
		return err
	}
	if len(at) != 2 {
		return fmt.Errorf("click %s: there is no such element", selector)
	}
	for _, kind := range []string{"mouseMoved", "mousePressed", "mouseReleased"} {
		event := map[string]any{"type": kind, "x": at[0], "y": at[1]}
		if kind != "mouseMoved" {
			event["button"], event["clickCount"] = "left", 1
		}
		if err := t.call("Input.dispatchMouseEvent", event, nil); err != nil {
			return err
		}
	}
	return t.Settle()
}

// Emulate sets the medium (screen or print) and the colour scheme (light or dark).
func (t *Tab) Emulate(medium, scheme string) error {
	return t.call("Emulation.setEmulatedMedia", map[string]any{"media": medium, "features": []any{map[string]any{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// Screenshot is a PNG of what is on the screen.
func (t *Tab) Screenshot() ([]byte, error) {
	return t.bytes("Page.captureScreenshot", map[string]any{"format": "png"})
}

// PDF is the page on paper.
func (t *Tab) PDF() ([]byte, error) {
	return t.bytes("Page.printToPDF", map[string]any{"preferCSSPageSize": true, "printBackground": true})
}

func (t *Tab) bytes(method string, params map[string]any) ([]byte, error) {
	var answer struct{ Data string }
	if err := t.call(method, params, &answer); err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(answer.Data)
}

// Close ends the browser and removes its profile.
func (t *Tab) Close() error {
	t.session = ""
	asked := t.call("Browser.close", nil, nil)
	if asked != nil {
		asked = t.cmd.Process.Kill()
	}
	closed := errors.Join(t.in.Close(), t.answers.Close())
	_ = t.cmd.Wait() // its exit code says nothing once it was asked to go
	return errors.Join(asked, closed, os.RemoveAll(t.dir))
}
