package serve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/internal/pathtemplate"
	"github.com/capstan-run/capstan/serve/internal/folder"
	"github.com/capstan-run/capstan/serve/internal/media"
	"github.com/capstan-run/capstan/serve/mcp"
	"github.com/capstan-run/capstan/spec"
)

// offer describes an MCP exposure.
func (b *exposing) offer(e *spec.Exposure) (*mcp.Offer, error) {
	f := b.file.Spec()
	o := &mcp.Offer{
		Name: cmp.Or(e.Namespace.Value, f.Name), Title: f.Title.Value, Version: f.InfoVersion.Value, Instructions: e.Description.Value,
		TTL: time.Duration(e.TTL) * time.Millisecond, CacheScope: e.Cache.Value,
	}
	for _, t := range e.Tools {
		if p := b.file.Program(t); p != nil {
			o.Tools = append(o.Tools, tool(b.runner, t, p, e.MaxBinary))
		}
	}
	var errs []error
	for _, d := range e.Documents {
		b.document(o, d)
	}
	for _, p := range e.Prompts {
		prompt, err := b.prompt(p)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		o.Prompts = append(o.Prompts, prompt)
	}
	return o, errors.Join(errs...)
}

// tool is a unit as a tool.
func tool(r *engine.Runner, u *spec.Unit, p *engine.Program, most int64) mcp.Tool {
	t := mcp.Tool{Name: u.Short.Value, Title: u.Title.Value, Description: u.Description.Value, InputSchema: p.InputSchema()}
	if h := u.Hints; h != (spec.Hints{}) {
		t.Hints = &mcp.Hints{ReadOnly: h.ReadOnly, Destructive: h.Destructive, Idempotent: h.Idempotent, OpenWorld: h.OpenWorld}
	}
	t.Call = func(ctx context.Context, call *mcp.ToolCall) (*mcp.ToolResult, error) {
		a, err := r.Call(ctx, p, call.Arguments)
		if err != nil {
			return nil, err
		}
		if a.Binary && a.Cap == 0 && most > 0 && int64(len(a.Body)) > most {
			return nil, fmt.Errorf("the answer has %d bytes, more than maxBinarySize allows (%d)", len(a.Body), most)
		}
		return &mcp.ToolResult{Content: content(u.Short.Value, a)}, nil
	}
	return t
}

// content is an answer for a model: a shaped one as JSON, any other as
// it came.
func content(name string, a *engine.Answer) []mcp.Content {
	switch {
	case a.Binary && len(a.Body) > 0:
		media, _, _ := strings.Cut(a.Media, ";")
		switch kind, _, _ := strings.Cut(media, "/"); kind {
		case "image":
			return []mcp.Content{mcp.Image(a.Body, media)}
		case "audio":
			return []mcp.Content{mcp.Audio(a.Body, media)}
		}
		return []mcp.Content{mcp.Embed(mcp.Contents{URI: "tool:///" + name, MIMEType: media, Blob: a.Body})}
	case !a.Shaped && len(a.Body) > 0 && utf8.Valid(a.Body):
		return []mcp.Content{mcp.Text(string(a.Body))}
	case !a.Shaped && a.Value == nil:
		return nil
	}
	return []mcp.Content{mcp.Text(jsonvalue.Compact(a.Value))}
}

// document adds an MCP resource: files below a folder, a flow's answer, or with
// variables in its address a template.
func (b *exposing) document(o *mcp.Offer, d *spec.Document) {
	name, title, about, media := d.Name.Value, d.Title.Value, d.Description.Value, d.MIME.Value
	if d.Location.IsSet() {
		dir := &directory{
			open: func() (*os.Root, error) { return b.file.Folder(d.File, d.Location.Value) },
			uri:  d.URI.Value, name: name, title: title, about: about,
		}
		o.Resources = append(o.Resources, mcp.Resource{URI: d.URI.Value, Name: name, Title: title, Description: about, MIMEType: media, Read: dir.read, List: dir.list})
		return
	}
	p := b.file.Program(d.Unit)
	if p == nil {
		return
	}
	if !strings.Contains(d.URI.Value, "{") {
		read := func(ctx context.Context, _ string) (*mcp.Contents, error) {
			return readFlow(ctx, b.runner, p, d, engine.Inputs{})
		}
		o.Resources = append(o.Resources, mcp.Resource{URI: d.URI.Value, Name: name, Title: title, Description: about, MIMEType: media, Read: read})
		return
	}
	known := map[string]bool{}
	for _, in := range p.Inputs() {
		known[in.Name] = true
	}
	read := func(ctx context.Context, _ string, vars map[string]string) (*mcp.Contents, error) {
		in := engine.Inputs{}
		for k, v := range vars {
			if known[k] {
				in[k] = v
			}
		}
		return readFlow(ctx, b.runner, p, d, in)
	}
	template, err := pathtemplate.ParseURI(d.URI.Value)
	if err != nil {
		return // it is reported with the file
	}
	o.Templates = append(o.Templates, mcp.Template{URITemplate: template.String(), Name: name, Title: title, Description: about, MIMEType: media, Read: read})
}

func readFlow(ctx context.Context, r *engine.Runner, p *engine.Program, d *spec.Document, in engine.Inputs) (*mcp.Contents, error) {
	a, err := r.Call(ctx, p, in)
	if err != nil {
		return nil, err
	}
	c := &mcp.Contents{MIMEType: d.MIME.Value}
	switch {
	case a.Binary || d.Binary || !a.Shaped && !utf8.Valid(a.Body):
		c.Blob = a.Body
		if c.Blob == nil {
			c.Blob = []byte{}
		}
	case !a.Shaped && len(a.Body) > 0:
		c.Text = string(a.Body)
	default:
		c.Text = jsonvalue.Compact(a.Value)
	}
	if c.MIMEType == "" {
		c.MIMEType, _, _ = strings.Cut(a.Media, ";")
	}
	return c, nil
}

// directory serves the files below a folder. Nothing outside it can be named,
// not even by a link. The folder is opened anew, within the project, for every
// request.
type directory struct {
	open                    func() (*os.Root, error)
	uri, name, title, about string
}

func (d *directory) list(context.Context) ([]mcp.Resource, error) {
	root, err := d.open()
	if err != nil {
		return nil, errors.New("the folder cannot be read")
	}
	defer root.Close()
	files, err := folder.List(root)
	if err != nil && !errors.Is(err, folder.ErrTooMany) {
		return nil, errors.New("the folder cannot be read")
	}
	var out []mcp.Resource
	for _, f := range files {
		out = append(out, mcp.Resource{URI: strings.TrimSuffix(d.uri, "/") + "/" + f.Path, Name: d.name, Title: d.title, Description: d.about, MIMEType: fileType(f.Path)})
	}
	return out, nil
}

func (d *directory) read(_ context.Context, uri string) (*mcp.Contents, error) {
	name, ok := strings.CutPrefix(uri, strings.TrimSuffix(d.uri, "/")+"/")
	if !ok {
		return nil, fs.ErrNotExist
	}
	root, err := d.open()
	if err != nil {
		return nil, fs.ErrNotExist
	}
	defer root.Close()
	if _, err := folder.Find(root, strings.Split(name, "/")); err != nil {
		return nil, fs.ErrNotExist
	}
	file, err := root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, fs.ErrNotExist
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, folder.MaxFile+1))
	if err != nil || len(data) > folder.MaxFile {
		return nil, errors.New("the file is too large or cannot be read")
	}
	c := &mcp.Contents{MIMEType: fileType(name)}
	if utf8.Valid(data) && media.IsText(c.MIMEType) {
		c.Text = string(data)
	} else {
		c.Blob = data
	}
	return c, nil
}

// fileType is the media type of a file; LICENSE, Makefile and the like are text.
func fileType(name string) string {
	if path.Ext(name) == "" {
		return "text/plain"
	}
	return media.Type(name)
}

// prompt is a prompt of the file: its messages, or the text of a file.
func (b *exposing) prompt(p *spec.Prompt) (mcp.Prompt, error) {
	out := mcp.Prompt{Name: p.Name.Value, Title: p.Display.Value, Description: p.Description.Value}
	for _, a := range p.Arguments {
		out.Arguments = append(out.Arguments, mcp.Argument{Name: a.Name.Value, Title: a.Display.Value, Description: a.Description.Value, Required: a.Required})
	}
	template := p.Template
	if p.Location.IsSet() {
		text, err := b.file.Read(p.File, p.Location.Value, folder.MaxFile)
		if err != nil {
			return out, fmt.Errorf("the prompt %q: %s cannot be read: %w", p.Name.Value, p.Location.Value, err)
		}
		template = []*spec.PromptMessage{{Role: spec.Str{Value: "user"}, Content: spec.Str{Value: string(text)}}}
	}
	about := p.Description.Value
	out.Get = func(_ context.Context, args map[string]string) (*mcp.PromptResult, error) {
		res := &mcp.PromptResult{Description: about}
		for _, m := range template {
			text := engine.FillText(m.Content.Value, func(name string) (string, bool) {
				v, ok := args[name]
				return v, ok
			})
			res.Messages = append(res.Messages, mcp.Message{Role: m.Role.Value, Content: mcp.Text(text)})
		}
		return res, nil
	}
	return out, nil
}
