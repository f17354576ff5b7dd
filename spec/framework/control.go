package framework

import (
	"time"

	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// control decodes the management exposure. Until 1.0.0-alpha1 its keys
// stood under `endpoints`.
func (f *frame) control(p *part, x *spec.Exposure) {
	c := &spec.Control{Health: true, Metrics: true, Traces: true, TraceBuffer: 100, Scripts: true}
	x.Control = c
	for _, name := range []string{"management", "endpoints"} {
		m := f.part(p.get(name), kindManagement)
		if m == nil {
			continue
		}
		c.Health = isOn(m.flag("health"), c.Health)
		c.Info = isOn(m.flag("info"), c.Info)
		c.Reload = isOn(m.flag("reload"), c.Reload)
		c.Validate = isOn(m.flag("validate"), c.Validate)
		if n := m.get("logs"); n != nil && n.Kind != node.MappingNode {
			f.truth(n, "logs")
		}
		f.scripting(m, c)
		if name == "endpoints" {
			c.Metrics = isOn(m.flag("metrics"), c.Metrics)
			c.Traces = isOn(m.flag("traces"), c.Traces)
		}
		m.done()
	}
	o := f.part(p.get("observability"), kindObservability)
	if o == nil {
		return
	}
	on := isOn(o.flag("enabled"), true)
	c.Metrics = f.signal(o, "metrics", c) && on && c.Metrics
	c.Traces = f.signal(o, "traces", c) && on && c.Traces
	o.Allow("exporters")
	o.done()
}

func isOn(b *bool, fallback bool) bool {
	if b == nil {
		return fallback
	}
	return *b
}

func (f *frame) scripting(m *part, c *spec.Control) {
	p := f.part(m.get("scripting"), kindScripting)
	if p == nil {
		return
	}
	c.Scripts = isOn(p.flag("enabled"), true)
	c.DefaultLanguage, c.DefaultLocation = p.text("defaultLanguage"), p.text("defaultLocation")
	c.Languages = p.texts("allowedLanguages", "a language")
	if ms := p.number("timeout", 0); ms > 0 {
		c.ScriptTimeout = spec.Duration{D: time.Duration(ms) * time.Millisecond, Pos: f.Pos(p.get("timeout"))}
	}
	p.Allow("statementLimit")
	p.done()
}

// signal reports whether metrics or traces are served locally.
func (f *frame) signal(o *part, name string, c *spec.Control) bool {
	p := f.part(o.get(name), kindSignal)
	if p == nil {
		return true
	}
	on := true
	if l := f.part(p.get("local"), kindSignalEndpoint); l != nil {
		on = isOn(l.flag("enabled"), true)
		c.TraceBuffer = max(1, l.number("buffer-size", c.TraceBuffer))
		l.done()
	}
	p.Allow("sampling", "propagation", "enabled")
	p.done()
	return on
}
