package load

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/capstan-run/capstan/capabilities"
	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/engine/internal/reach"
	"github.com/capstan-run/capstan/spec/dialect"
)

// overlay applies the overlays of the file: the built-in one, the
// one beside the file, the named ones, and last the overrides. It
// reports false when an overlay is broken.
func (l *loader) overlay(src *dialect.Source) (*dialect.Source, bool) {
	c := &overlayList{l: l, src: src}
	if !l.opts.NoOverlay {
		c.files()
	}
	for _, text := range l.opts.Overrides {
		c.override(text)
	}
	out, problems := src.With(c.list...)
	l.add(problems)
	if out == nil {
		return src, false
	}
	l.report.Overlays, l.report.StoodBack = out.Overlays(), stoodBack(out)
	for name, text := range out.Texts() {
		l.report.Sources[name] = text
	}
	return out, !c.broken && !problems.HasErrors()
}

// stoodBack returns the actions that left the file's own values alone.
func stoodBack(src *dialect.Source) []document.StoodBack {
	var out []document.StoodBack
	for _, s := range src.StoodBack() {
		out = append(out, document.StoodBack{Overlay: s.Overlay, Target: s.Target, Reason: s.Reason, File: s.Pos.File, Line: s.Pos.Line, Column: s.Pos.Column})
	}
	return out
}

// overlayList gathers the overlays of one load in the order in which they act.
type overlayList struct {
	l      *loader
	src    *dialect.Source
	list   []*dialect.Overlay
	broken bool
}

// files gathers the overlays that are files. One beside the capability that
// names its capability is the built-in one as its authors edit it,
// and acts in its place; any other acts after it.
func (c *overlayList) files() {
	beside := c.beside()
	if beside == nil || !beside.Targeted() {
		for _, f := range capabilities.OverlaysFor(c.src.Name()) {
			if o := c.parse(f.Name, f.Data); o != nil {
				o.Builtin = true
				c.add(o, f.Data)
			}
		}
	}
	if beside != nil {
		c.add(beside, c.l.report.Sources[beside.Name])
	}
	for _, o := range c.l.project.overlays() {
		if c.l.project.named {
			o.dir = ""
		}
		c.named(o.path, o.dir)
	}
	for _, path := range c.l.opts.Overlays {
		c.named(path, "")
	}
}

// beside is the overlay beside the file, nil where there is none.
func (c *overlayList) beside() *dialect.Overlay {
	path := strings.TrimSuffix(c.l.report.File, filepath.Ext(c.l.report.File)) + ".overlay.yaml"
	if text := c.l.opts.OverlaySource; text != nil {
		return c.parse(path, text)
	}
	o, _ := c.read(path, filepath.Dir(c.l.report.File))
	return o
}

// named gathers an overlay that must be there.
func (c *overlayList) named(path, within string) {
	if o, err := c.read(path, within); o != nil {
		c.add(o, c.l.report.Sources[path])
	} else if errors.Is(err, fs.ErrNotExist) {
		c.fail(path, "unreadable-file", "the overlay cannot be read: "+reach.Reason(err).Error())
	}
}

// read reads an overlay file; nil when it is broken, with fs.ErrNotExist when there
// is none. One that the user did not name is read only within reach, or below a
// directory.
func (c *overlayList) read(path, within string) (*dialect.Overlay, error) {
	open := c.l.within.Named
	if within != "" {
		open = func(path string) (fs.File, error) { return c.l.within.Open(path, reach.Real(within)) }
	}
	f, err := open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var text []byte
	if err == nil {
		defer f.Close()
		text, err = io.ReadAll(f)
	}
	switch refused := reach.Refused(err); {
	case refused != nil:
		c.fail(path, refused.Code, "the overlay cannot be read: "+err.Error()).Hint = refused.Hint
		return nil, nil
	case err != nil:
		c.fail(path, "unreadable-file", "the overlay cannot be read: "+reach.Reason(err).Error())
		return nil, nil
	}
	c.l.within.Note(path, "overlay")
	return c.parse(path, text), nil
}

func (c *overlayList) parse(name string, text []byte) *dialect.Overlay {
	o, problems := dialect.ReadOverlay(name, text)
	c.l.add(problems)
	c.l.report.Sources[name] = text
	if o == nil || problems.HasErrors() {
		c.broken = true
		return nil
	}
	return o
}

// add lets an overlay act when it is meant for the capability.
func (c *overlayList) add(o *dialect.Overlay, text []byte) {
	if !o.Applies(c.src) {
		return
	}
	c.list = append(c.list, o)
	c.l.overlaid = append(c.l.overlaid, reach.Text{Name: o.Name, Text: text, Builtin: o.Builtin})
}

// override adds the overlay of `STEP.KEY=VALUE`.
func (c *overlayList) override(text string) {
	name := "--override " + text
	overlay, err := parseOverride(text, c.src)
	if err != nil {
		c.fail(name, "bad-override", err.Error())
		return
	}
	if o := c.parse(name, overlay); o != nil {
		o.Builtin = true // a step that the file lacks was reported already
		c.add(o, overlay)
	}
}

func (c *overlayList) fail(name, code, message string) *diag.Diagnostic {
	c.l.report.Diagnostics.Errorf(diag.Pos{File: name}, code, "%s", message)
	c.broken = true
	return &c.l.report.Diagnostics[len(c.l.report.Diagnostics)-1]
}
