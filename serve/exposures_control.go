package serve

import (
	"context"
	"net"
	"net/http"
	"strconv"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/serve/control"
	"github.com/capstan-run/capstan/serve/skills"
	"github.com/capstan-run/capstan/spec"
)

// control makes the handler of a control exposure. endpoints lists the
// served ones once all are known.
func (b *exposing) control(e *spec.Exposure) http.Handler {
	f := b.file.Spec()
	return control.New(control.Options{
		Spec: e.Control, Seen: b.opts.Seen, Adapters: b.adapters, Reload: b.opts.Reload, Validate: b.validate, Config: b.config, Log: b.opts.Log,
		Info: control.Info{Name: f.Title.Value, Version: f.InfoVersion.Value, SpecVersion: f.Version, File: f.Name, Engine: b.opts.Version},
	})
}

// adapters lists the exposures of the file with their state: those served are
// started, since an address that cannot be listened at stops the server.
func (b *exposing) adapters() []control.Adapter {
	var out []control.Adapter
	for _, e := range b.exposures() {
		out = append(out, control.Adapter{Type: e.Type.Value, Namespace: e.Namespace.Value, Port: b.portOf(e), State: "started"})
	}
	return out
}

// portOf is the port that an exposure is served at, 0 over stdio.
func (b *exposing) portOf(e *engine.Exposure) int {
	end := b.served[e]
	if end == nil || end.stdio != nil {
		return 0
	}
	_, port, _ := net.SplitHostPort(end.Address)
	n, _ := strconv.Atoi(port)
	return n
}

// validate looks at the file anew.
func (b *exposing) validate(ctx context.Context) any {
	report := b.file.Check(ctx)
	problems := report.Diagnostics
	if problems == nil {
		problems = diag.List{}
	}
	return map[string]any{"valid": !problems.HasErrors(), "diagnostics": problems}
}

// declared is the answer of GET /config: the file's declarations, neither values of binds
// nor credentials.
type declared struct {
	Exposes    []declaredPart `json:"exposes"`
	Consumes   []declaredPart `json:"consumes"`
	Aggregates []declaredPart `json:"aggregates"`
	Binds      []declaredBind `json:"binds"`
}

type declaredPart struct {
	Type           string   `json:"type,omitempty"`
	Namespace      string   `json:"namespace"`
	Address        string   `json:"address,omitempty"`
	BaseURI        string   `json:"baseUri,omitempty"` // as written
	Authentication string   `json:"authentication,omitempty"`
	Names          []string `json:"names,omitempty"` // of operations, tools or flows
}

type declaredBind struct {
	Namespace string   `json:"namespace"`
	Location  string   `json:"location,omitempty"`
	Keys      []string `json:"keys"`
}

// config returns the declarations of the file.
func (b *exposing) config() any {
	f := b.file.Spec()
	d := declared{Exposes: []declaredPart{}, Consumes: []declaredPart{}, Aggregates: []declaredPart{}, Binds: []declaredBind{}}
	for _, e := range b.exposures() {
		p := declaredPart{Type: e.Type.Value, Namespace: e.Namespace.Value, Authentication: authType(e.Auth)}
		if p.Address = "stdio"; e.Transport != "stdio" {
			p.Address = b.served[e].Address
		}
		for _, t := range e.Tools {
			p.Names = append(p.Names, t.Short.Value)
		}
		for _, r := range e.Routes {
			for _, op := range r.Operations {
				p.Names = append(p.Names, op.Unit.Short.Value)
			}
		}
		d.Exposes = append(d.Exposes, p)
	}
	for _, c := range f.APIs {
		p := declaredPart{Type: "http", Namespace: c.Namespace.Value, BaseURI: c.BaseURI.Value, Authentication: authType(c.Auth)}
		for _, op := range c.Operations {
			p.Names = append(p.Names, op.Name.Value)
		}
		d.Consumes = append(d.Consumes, p)
	}
	at := map[string]int{}
	for _, u := range f.Units {
		if u.Kind != spec.UnitFlow {
			continue
		}
		i, known := at[u.Namespace.Value]
		if !known {
			i = len(d.Aggregates)
			at[u.Namespace.Value] = i
			d.Aggregates = append(d.Aggregates, declaredPart{Namespace: u.Namespace.Value})
		}
		d.Aggregates[i].Names = append(d.Aggregates[i].Names, u.Short.Value)
	}
	for _, x := range f.Binds {
		bind := declaredBind{Namespace: x.Namespace.Value, Location: x.Location.Value, Keys: []string{}}
		for _, k := range x.Keys {
			bind.Keys = append(bind.Keys, k.Name.Value)
		}
		d.Binds = append(d.Binds, bind)
	}
	return d
}

func authType(a *spec.Authentication) string {
	if a == nil {
		return ""
	}
	return a.Type.Value
}

// skills makes the handler of a skill exposure. A folder that is not there yet is
// served once it is.
func (b *exposing) skills(e *spec.Exposure) http.Handler {
	o := skills.Options{Open: b.file.Folder, Log: b.opts.Log}
	for _, e := range b.exposures() {
		o.Exposures = append(o.Exposures, e.Exposure)
	}
	for _, err := range skills.Check(e, o) {
		if b.opts.Log != nil {
			b.opts.Log.Warn("a skill is not complete", "problem", err.Error())
		}
	}
	return skills.New(e, o)
}
