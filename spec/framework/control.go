package framework

import (
	"strconv"
	"time"

	"github.com/capstan-run/capstan/spec"
	"github.com/capstan-run/capstan/spec/framework/internal/form"
	"github.com/capstan-run/capstan/spec/internal/node"
)

// control decodes the management exposure. Until 1.0.0-alpha1 its keys
// stood under `endpoints`.
func (f *frame) control(p *part, x *spec.Exposure) {
	c := &spec.Control{Health: true, Metrics: true, Traces: true, TraceBuffer: 100, Scripts: true}
	x.Control = c
	for _, name := range []string{"management", "endpoints"} {
		m := f.part(p.get(name), form.KindManagement)
		if m == nil {
			continue
		}
		c.Health = isOn(m.flag("health"), c.Health)
		c.Info = isOn(m.flag("info"), c.Info)
		c.Reload = isOn(m.flag("reload"), c.Reload)
		c.Validate = isOn(m.flag("validate"), c.Validate)
		f.logs(m)
		f.scripting(m, c)
		if name == "endpoints" {
			c.Metrics = isOn(m.flag("metrics"), c.Metrics)
			c.Traces = isOn(m.flag("traces"), c.Traces)
		}
		m.done()
	}
	o := f.part(p.get("observability"), form.KindObservability)
	if o == nil {
		return
	}
	on := isOn(o.flag("enabled"), true)
	c.Metrics = f.signal(o, "metrics", c) && on && c.Metrics
	c.Traces = f.signal(o, "traces", c) && on && c.Traces
	if o.get("exporters") != nil {
		f.powerless(node.Key(o.Node, "exporters"), "observability.exporters has no effect: nothing is exported", "read /metrics and /traces of this exposure, or the log of the server")
	}
	o.done()
}

func isOn(b *bool, fallback bool) bool {
	if b == nil {
		return fallback
	}
	return *b
}

func (f *frame) scripting(m *part, c *spec.Control) {
	p := f.part(m.get("scripting"), form.KindScripting)
	if p == nil {
		return
	}
	c.Scripts = isOn(p.flag("enabled"), true)
	c.DefaultLanguage, c.DefaultLocation = p.text("defaultLanguage"), p.text("defaultLocation")
	c.Languages = p.texts("allowedLanguages", "a language")
	if ms := p.number("timeout", 0); ms > 0 {
		c.ScriptTimeout = spec.Duration{D: time.Duration(ms) * time.Millisecond, Pos: f.Pos(p.get("timeout"))}
	}
	if c.Scripts && len(p.Node.Content) <= 2 && node.Has(p.Node, "enabled") {
		f.powerless(node.Key(m.Node, "scripting"), "management.scripting has no effect: scripts run without it, and there is no /scripting to stop them at", "write enabled: false, or limits such as timeout, or remove it")
	}
	if p.get("statementLimit") != nil {
		f.powerless(node.Key(p.Node, "statementLimit"), "management.scripting.statementLimit has no effect: scripts are bounded by time", "write timeout: MILLISECONDS")
	}
	p.done()
}

// logs warns of log endpoints that are turned on: there are none.
func (f *frame) logs(m *part) {
	n := m.get("logs")
	if n == nil {
		return
	}
	if n.Kind == node.MappingNode || f.truth(n, "logs") {
		f.powerless(node.Key(m.Node, "logs"), "management.logs has no effect: there is no /logs", "read the log of the server on its stderr; -v shows more of it")
	}
}

// signal reports whether metrics or traces are served locally.
func (f *frame) signal(o *part, name string, c *spec.Control) bool {
	p := f.part(o.get(name), form.KindSignal)
	if p == nil {
		return true
	}
	on := true
	if l := f.part(p.get("local"), form.KindSignalEndpoint); l != nil {
		on = isOn(l.flag("enabled"), true)
		c.TraceBuffer = max(1, l.number("buffer-size", c.TraceBuffer))
		l.done()
	}
	on = on && isOn(p.flag("enabled"), true)
	if n := p.get("sampling"); n != nil && !samplesAll(n.Value) {
		f.powerless(node.Key(p.Node, "sampling"), "observability."+name+".sampling has no effect: every request is seen", "remove it, or write sampling: 1.0")
	}
	if p.get("propagation") != nil {
		f.powerless(node.Key(p.Node, "propagation"), "observability."+name+".propagation has no effect: no trace is passed on to the APIs that are called", "remove it")
	}
	p.done()
	return on
}

func samplesAll(text string) bool {
	share, err := strconv.ParseFloat(text, 64)
	return err == nil && share == 1
}
