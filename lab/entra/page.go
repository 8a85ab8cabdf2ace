package entra

import (
	"bytes"
	"errors"
	"html/template"
	"net/http"
	"net/url"

	"github.com/postern-dev/postern/lab/cloud"
)

const style = `<style>body{font:16px/1.5 system-ui,sans-serif;margin:3rem auto;max-width:26rem;padding:0 1rem;color:#1b1b1b;background:#fff}
h1{font-size:1.3rem}label{display:block;margin:.8rem 0}input{display:block;width:100%;box-sizing:border-box;font:inherit;padding:.4rem}
button{font:inherit;padding:.4rem 1rem;margin-right:.5rem}.lab{background:#ffe08a;color:#1b1b1b;padding:.3rem .6rem}.error{color:#a4262c}
@media (prefers-color-scheme:dark){body{color:#eee;background:#1b1b1b}.error{color:#ff9b9b}}</style>`

var pages = template.Must(template.New("").Parse(`{{define "head"}}<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>LAB sign-in</title>` + style + `<p class="lab">LAB, not Microsoft. Use lab passwords only.{{with .Tenant}} Directory: {{.}}.{{end}}</p>{{end}}
{{define "device"}}{{template "head" .}}<h1>Enter the code your tool shows</h1>
{{with .Error}}<p class="error" role="alert">{{.}}</p>{{end}}{{with .Client}}<p>You are about to sign in to <b>{{.}}</b> on another device.</p>{{end}}
<form method="post" action="{{.Action}}"><label>Code <input name="user_code" value="{{.Code}}" autocomplete="off" required></label>
<label>User <input name="login" type="email" value="{{.Login}}" autocomplete="username"></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label>
<button name="action" value="approve">Sign in</button><button name="action" value="deny">Decline</button></form>{{end}}
{{define "authorize"}}{{template "head" .}}<h1>Sign in to {{.Client}}</h1>{{with .Error}}<p class="error" role="alert">{{.}}</p>{{end}}
<form method="post" action="{{.Action}}"><label>User <input name="login" type="email" value="{{.Login}}" autocomplete="username" required></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label><button>Sign in</button></form>{{end}}
{{define "message"}}{{template "head" .}}<h1>{{.Title}}</h1><p>{{.Text}}</p>{{end}}
{{define "post"}}{{template "head" .}}<h1>Continue</h1><form method="post" action="{{.Action}}">{{range $k, $v := .Fields}}<input type="hidden" name="{{$k}}" value="{{index $v 0}}">{{end}}<button>Continue to your tool</button></form>{{end}}`))

// page is the closed set of pages.
type page interface{ template() string }

type devicePageData struct{ Action, Code, Client, Login, Error, Tenant string }

type authorizePage struct{ Action, Client, Login, Error, Tenant string }

type messagePage struct{ Title, Text, Tenant string }

type postPage struct {
	Action string
	Fields url.Values
	Tenant string
}

func (devicePageData) template() string { return "device" }
func (authorizePage) template() string  { return "authorize" }
func (messagePage) template() string    { return "message" }
func (postPage) template() string       { return "post" }

func render(w http.ResponseWriter, status int, p page) {
	var out bytes.Buffer
	if err := pages.ExecuteTemplate(&out, p.template(), p); err != nil {
		panic("BUG: page " + p.template() + ": " + err.Error())
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes()) // the browser is gone if this fails
}

// devicePage shows and takes the device code form. Every submission carries a
// password, so that no session exists which another site could ride.
func (s *Server) devicePage(w http.ResponseWriter, r *http.Request) {
	data := devicePageData{Action: r.URL.Path, Tenant: s.State.World().Tenant.DisplayName}
	if r.Method != http.MethodPost {
		data.Code = r.URL.Query().Get("user_code")
		if id, ok := s.pendingDevice(data.Code); ok {
			data.Client = clientName(s.State.World(), id)
		}
		render(w, http.StatusOK, data)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	data.Code, data.Login = r.PostFormValue("user_code"), r.PostFormValue("login")
	id, ok := s.pendingDevice(data.Code)
	if !ok {
		data.Error = "That code is not known, was used, or has expired. Run the command again for a new one."
		render(w, http.StatusNotFound, data)
		return
	}
	data.Client = clientName(s.State.World(), id)
	if r.PostFormValue("action") == "deny" {
		s.answerDevice(data.Code, "", false)
		render(w, http.StatusOK, messagePage{Title: "Declined", Text: "Nobody was signed in.", Tenant: data.Tenant})
		return
	}
	u, err := s.signIn(data.Login, r.PostFormValue("password"))
	if err != nil {
		var f *fault
		if !errors.As(err, &f) {
			s.signInFailed(w, http.StatusInternalServerError, err)
			return
		}
		data.Error = f.Error()
		render(w, http.StatusUnauthorized, data)
		return
	}
	if !s.answerDevice(data.Code, u.ID, true) {
		data.Error = "That code was used meanwhile."
		render(w, http.StatusNotFound, data)
		return
	}
	render(w, http.StatusOK, messagePage{Title: "You have signed in", Tenant: data.Tenant,
		Text: "You have signed in as " + u.UPN + " to " + data.Client + " on your device. You may now close this window."})
}

// redirectBack sends an authorize answer to the client in the mode it asked.
func (s *Server) redirectBack(w http.ResponseWriter, r *http.Request, answer url.Values) {
	q := r.URL.Query()
	if v := q.Get("state"); v != "" {
		answer.Set("state", v)
	}
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil {
		s.signInFailed(w, http.StatusBadRequest, badRequest(50011, "The redirect URI is not a URL."))
		return
	}
	switch q.Get("response_mode") {
	case "form_post":
		render(w, http.StatusOK, postPage{Action: back.String(), Fields: answer, Tenant: s.State.World().Tenant.DisplayName})
		return
	case "fragment":
		back.Fragment = answer.Encode()
	default:
		merged := back.Query()
		for k, v := range answer {
			merged[k] = v
		}
		back.RawQuery = merged.Encode()
	}
	w.Header().Set("Location", back.String())
	w.WriteHeader(http.StatusFound)
}

func clientName(w *cloud.World, id string) string {
	switch id {
	case AzureCLIApp:
		return "Microsoft Azure CLI"
	case AKSClientApp:
		return "Azure Kubernetes Service AAD Client"
	case PowerShell:
		return "Microsoft Azure PowerShell"
	}
	if p, ok := w.ServicePrincipal(id); ok {
		return p.DisplayName
	}
	return id
}
