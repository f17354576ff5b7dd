package main

import (
	"encoding/json"
	"errors"
	"html/template"
	"net/http"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable"
)

// handler serves the pages. It keeps nothing itself: every page is read from the
// runtime, and every button sends it a message.
//
// Anyone with access to these pages can start and finish onboardings: put your own
// login, and your framework's protection of forms, in front of them.
func handler(prog *engine.Program, runner *engine.Runner, rt durable.Runtime) http.Handler {
	p := &pages{prog, runner, rt}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.home)
	mux.HandleFunc("POST /runs", p.start)
	mux.HandleFunc("GET /runs/{run}", p.run)
	mux.HandleFunc("POST /runs/{run}/done", p.done)
	return mux
}

type pages struct {
	prog   *engine.Program
	runner *engine.Runner
	rt     durable.Runtime
}

func (p *pages) home(w http.ResponseWriter, r *http.Request) {
	runs, err := p.rt.List(r.Context(), durable.Filter{Capability: p.prog.Name(), Limit: 50})
	if err != nil {
		fail(w, err)
		return
	}
	show(w, "home", map[string]any{"Inputs": p.prog.Plan().Inputs, "Runs": runs})
}

// start keeps a run and leaves it to [engine.Runner.Serve].
func (p *pages) start(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		fail(w, err)
		return
	}
	inputs := engine.Inputs{}
	for _, in := range p.prog.Plan().Inputs {
		switch values := r.PostForm[in.Name]; {
		case in.Type == "array of string":
			inputs[in.Name] = values
		case len(values) > 0 && values[0] != "":
			inputs[in.Name] = values[0]
		}
	}
	id, err := p.runner.Start(r.Context(), p.prog, inputs, nil)
	if err != nil {
		fail(w, err)
		return
	}
	http.Redirect(w, r, "/runs/"+id, http.StatusSeeOther)
}

func (p *pages) run(w http.ResponseWriter, r *http.Request) {
	run, err := p.runner.Inspect(r.Context(), r.PathValue("run"))
	if err != nil {
		fail(w, err)
		return
	}
	show(w, "run", run)
}

// done finishes the step that a run waits for. The same button pressed twice is no
// error and does nothing more.
func (p *pages) done(w http.ResponseWriter, r *http.Request) {
	id, step := r.PathValue("run"), r.PostFormValue("step")
	result, err := json.Marshal(map[string]string{"note": r.PostFormValue("note")})
	if err == nil {
		err = p.runner.Signal(r.Context(), id, engine.Signal{Step: step, Result: result, By: "the web page"})
	}
	if err != nil {
		fail(w, err)
		return
	}
	http.Redirect(w, r, "/runs/"+id, http.StatusSeeOther)
}

// fail answers an error with the status that fits it.
func fail(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	switch {
	case errors.Is(err, durable.ErrUnknown):
		status = http.StatusNotFound
	case errors.Is(err, durable.ErrConflict), errors.Is(err, durable.ErrEnded):
		status = http.StatusConflict
	case errors.As(err, new(*engine.InputError)):
		status = http.StatusUnprocessableEntity
	}
	http.Error(w, err.Error(), status)
}

func show(w http.ResponseWriter, name string, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store") // a portal link is a secret
	_ = views.ExecuteTemplate(w, name, data)    // the browser may have gone away
}

var views = template.Must(template.New("").Parse(`
{{define "home"}}<!doctype html><title>Onboardings</title>
<h1>Onboardings</h1>
<form method="post" action="/runs">
{{range .Inputs}}<p><label>{{.Name}} <input name="{{.Name}}"{{if .Required}} required{{end}}></label> {{.Description}}</p>
{{end}}<button>Start</button></form>
<ul>{{range .Runs}}<li><a href="/runs/{{.ID}}">{{.ID}}</a> {{.Status}}</li>{{end}}</ul>
{{end}}
{{define "run"}}<!doctype html><title>{{.Run}}</title>
<h1>{{.Run}}: {{.Status}}</h1>
<ol>{{range .Steps}}<li>{{.ID}}: {{.Status}}</li>{{end}}</ol>
{{with .Waiting}}<h2>{{.Step}}</h2><p>{{.Description}}</p>
<dl>{{range $name, $value := .With}}<dt>{{$name}}</dt><dd>{{$value}}</dd>{{end}}</dl>
<form method="post" action="/runs/{{$.Run}}/done">
<input type="hidden" name="step" value="{{.Step}}">
<label>note <input name="note"></label> <button>Done</button></form>{{end}}
{{with .Error}}<p>{{.Message}}</p><p>{{.Hint}}</p>{{end}}
<dl>{{range $name, $value := .Outputs}}<dt>{{$name}}</dt><dd>{{$value}}</dd>{{end}}</dl>
{{end}}`))
