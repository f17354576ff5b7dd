package tools

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"unicode/utf8"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/serve/internal/media"
	"github.com/capstan-run/capstan/serve/mcp"
	"github.com/capstan-run/capstan/serve/skill"
)

// The size of one skill that every host has to accept (Skills extension, "Limits").
const (
	maxSkillFiles = 512
	maxSkillBytes = 16 << 20
)

// served is a skill as it is served: its files are resources below root.
type served struct {
	folder *skill.Folder
	root   string // skill://NAME
	entry  map[string]any
}

// write writes the skills of programs. One that cannot be written goes to the
// log, and missing: the tool works without.
func (t *Tools) write(programs []*engine.Program) []served {
	skills := []served{}
	taken := map[string]bool{}
	for _, p := range programs {
		o := t.o.Skill
		o.Name = ""
		f, err := skill.Capability(p, o)
		switch {
		case err != nil:
			t.log.Warn("a capability is served without its skill", "capability", p.Name(), "error", err)
			continue
		case taken[f.Name]:
			t.log.Warn("a capability is served without its skill", "capability", p.Name(), "error", "another skill is called "+f.Name)
			continue
		}
		if s, ok := serve(f); ok {
			taken[f.Name] = true
			skills = append(skills, s)
			continue
		}
		t.log.Warn("a capability is served without its skill", "capability", p.Name(), "error", "it is larger than clients have to accept")
	}
	return skills
}

// serve makes the entry of a skill (Skills extension, "Skill Entries").
func serve(f *skill.Folder) (served, bool) {
	s := served{folder: f, root: "skill://" + f.Name}
	size := 0
	var resources []any
	for _, file := range f.Files {
		sum := sha256.Sum256(file.Data)
		resources = append(resources, map[string]any{"uri": s.root + "/" + file.Path, "digest": "sha256:" + hex.EncodeToString(sum[:]), "size": len(file.Data)})
		size += len(file.Data)
	}
	s.entry = map[string]any{"uri": s.root + "/SKILL.md", "frontmatter": f.FrontMatter, "resources": resources}
	return s, len(resources) <= maxSkillFiles && size <= maxSkillBytes
}

// directory serves the files as resources.
func (s served) directory() mcp.Resource {
	read := func(_ context.Context, uri string) (*mcp.Contents, error) {
		i := slices.IndexFunc(s.folder.Files, func(f skill.File) bool { return s.root+"/"+f.Path == uri })
		if i < 0 {
			return nil, fs.ErrNotExist
		}
		data := s.folder.Files[i].Data
		c := &mcp.Contents{MIMEType: media.Type(uri)}
		if utf8.Valid(data) {
			c.Text = string(data)
		} else {
			c.Blob = data
		}
		return c, nil
	}
	list := func(context.Context) ([]mcp.Resource, error) {
		var all []mcp.Resource
		for _, f := range s.folder.Files {
			r := mcp.Resource{URI: s.root + "/" + f.Path, Name: f.Path, MIMEType: media.Type(f.Path)}
			if f.Path == "SKILL.md" {
				r.Name, r.Description = s.folder.Name, s.folder.Description
			}
			all = append(all, r)
		}
		return all, nil
	}
	return mcp.Resource{URI: s.root, Name: s.folder.Name, Description: s.folder.Description, MIMEType: "text/markdown", Read: read, List: list}
}

// Extensions are the methods by which clients find skills: the Skills extension
// (SEP-2640). They answer with the skills of the last Offer.
func (t *Tools) Extensions() []mcp.Extension {
	// Required where results have a time to live, ignored elsewhere.
	fresh := func(values map[string]any) map[string]any {
		values["ttlMs"], values["cacheScope"] = 0, "private"
		return values
	}
	list := func(_ context.Context, params map[string]any) (map[string]any, error) {
		if cursor := params["cursor"]; cursor != nil && cursor != "" {
			return nil, fmt.Errorf("there is one page only, and no cursor %v: %w", cursor, fs.ErrNotExist)
		}
		entries := []any{}
		for _, s := range *t.skills.Load() {
			entries = append(entries, s.entry)
		}
		return fresh(map[string]any{"skills": entries}), nil
	}
	get := func(_ context.Context, params map[string]any) (map[string]any, error) {
		uri, ok := params["uri"].(string)
		if !ok {
			return nil, wrongParams("the parameter uri is missing: the address of a skill, as skills/list gives it")
		}
		for _, s := range *t.skills.Load() {
			if s.entry["uri"] == uri {
				return fresh(map[string]any{"skill": s.entry}), nil
			}
		}
		return nil, fmt.Errorf("there is no skill at %v: %w", uri, fs.ErrNotExist)
	}
	return []mcp.Extension{{
		Name:    "io.modelcontextprotocol/skills",
		Methods: map[string]func(context.Context, map[string]any) (map[string]any, error){"skills/list": list, "skills/get": get},
	}}
}

// wrongParams is a fault of parameters, which mcp.Extension knows as
// fs.ErrNotExist.
type wrongParams string

func (w wrongParams) Error() string        { return string(w) }
func (w wrongParams) Is(target error) bool { return target == fs.ErrNotExist }
