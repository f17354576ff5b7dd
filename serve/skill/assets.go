package skill

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/lazyregexp"
	"github.com/capstan-run/capstan/spec/yamldata"
)

// projectFile is read by capstan in the skill's folder, so that the commands of
// the skill find the settings of its maker's own project file or flags.
type projectFile struct {
	APIs     map[string]projectAPI `json:"apis,omitempty"`
	Overlays []string              `json:"overlays,omitempty"`
}

type projectAPI struct {
	OpenAPI string       `json:"openapi,omitempty"`
	BaseURL string       `json:"baseUrl,omitempty"`
	Pace    string       `json:"pace,omitempty"`
	Auth    *projectAuth `json:"auth,omitempty"`
}

type projectAuth struct {
	Type     string   `json:"type"`
	UserEnv  string   `json:"userEnv,omitempty"`
	Env      []string `json:"env,omitempty"`
	In       string   `json:"in,omitempty"`
	Name     string   `json:"name,omitempty"`
	TokenURL string   `json:"tokenUrl,omitempty"`
	Scopes   []string `json:"scopes,omitempty"`
}

// assets gathers the files that a skill's commands need.
type assets struct {
	file    string // of the capability
	files   []File
	project projectFile
	deep    bool     // files are named beside the capability's folder
	values  []string // paths of files with the values of binds, which are not taken
}

// add keeps a file under a name that is free in assets/, and returns its path.
func (a *assets) add(name string, data []byte) string {
	ext := path.Ext(name)
	stem, full := strings.TrimSuffix(name, ext), "assets/"+name
	for n := 2; slices.ContainsFunc(a.files, func(f File) bool { return strings.EqualFold(f.Path, full) }); n++ {
		full = fmt.Sprintf("assets/%s-%d%s", stem, n, ext)
	}
	a.files = append(a.files, File{Path: full, Data: data})
	return full
}

// all returns the files, with the project file where one is needed.
func (a *assets) all() ([]File, error) {
	if len(a.project.APIs) == 0 && len(a.project.Overlays) == 0 && !a.deep {
		return a.files, nil
	}
	text, err := yamldata.Encode(a.project)
	if err != nil {
		return nil, fmt.Errorf("the skill's project file: %w", err)
	}
	return append(a.files, File{Path: ".capstan.yaml", Data: text}), nil
}

// named takes the files that a capability names, each where the capability finds it, and
// returns the capability's own folder among them. Of files with the values of binds it
// takes the path only.
func (a *assets) named(src *engine.Source) (string, error) {
	all := slices.Clone(src.Named)
	for _, path := range src.Values {
		all = append(all, engine.SourceFile{Name: path})
	}
	own, err := filepath.Abs(filepath.Dir(src.File.Name))
	root := own
	for i, f := range all {
		if all[i].Name, err = filepath.Abs(f.Name); err != nil {
			return "", err
		}
		for !isBelow(all[i].Name, root) && filepath.Dir(root) != root {
			root = filepath.Dir(root)
		}
	}
	a.deep = root != own
	for i, f := range all {
		path := "assets/" + relative(f.Name, root)
		if i < len(src.Named) {
			a.files = append(a.files, File{Path: path, Data: f.Text})
		} else {
			a.values = append(a.values, path)
		}
	}
	return relative(own, root), err
}

func isBelow(path, root string) bool {
	rel, err := filepath.Rel(root, path)
	return err == nil && filepath.IsLocal(rel)
}

func relative(path, root string) string {
	rel, err := filepath.Rel(root, path)
	if err != nil {
		return filepath.Base(path)
	}
	return filepath.ToSlash(rel)
}

// source takes a capability's file with the files that it names, its overlays and
// documents, and returns the file's path. What is there already is not taken twice.
func (a *assets) source(src *engine.Source, o Options) (string, error) {
	if a.file == "" {
		if err := a.sourceFiles(src, o); err != nil {
			return "", err
		}
	}
	for _, api := range src.APIs {
		if err := a.api(api); err != nil {
			return "", err
		}
	}
	return a.file, nil
}

func (a *assets) sourceFiles(src *engine.Source, o Options) error {
	dir, err := a.named(src)
	if err != nil {
		return err
	}
	base := path.Join(dir, filepath.Base(src.File.Name))
	a.file = a.add(base, src.File.Text)
	beside := strings.TrimSuffix(base, path.Ext(base)) + ".overlay.yaml"
	isBeside := func(f engine.SourceFile) bool { return !f.Builtin && filepath.Base(f.Name) == path.Base(beside) }
	hasBeside := slices.ContainsFunc(src.Overlays, isBeside)
	for _, f := range src.Overlays {
		override := strings.HasPrefix(f.Name, "--override ")
		switch {
		case override && o.NoOverlay:
			return fmt.Errorf("%s cannot be part of a skill that uses no overlays", f.Name)
		case override:
			a.project.Overlays = append(a.project.Overlays, a.add("override.overlay.yaml", f.Text))
		case f.Builtin && hasBeside: // it acts wherever the file is
		case f.Builtin, isBeside(f):
			a.add(beside, f.Text)
		default:
			a.project.Overlays = append(a.project.Overlays, a.add(filepath.Base(f.Name), f.Text))
		}
	}
	return nil
}

// api takes the document and the settings of an API that the skill's commands need.
func (a *assets) api(api engine.SourceAPI) error {
	var p projectAPI
	if _, taken := a.project.APIs[api.Name]; taken {
		return nil
	}
	if api.Document != "" {
		text, err := os.ReadFile(api.Document)
		if err != nil {
			return fmt.Errorf("the OpenAPI document of %q: %w", api.Name, err)
		}
		if otherFile.Match(text) {
			return fmt.Errorf("the OpenAPI document of %q refers to other files (%s): bundle it into one and give that one", api.Name, api.Document)
		}
		p.OpenAPI = a.add(filepath.Base(api.Document), text)
	}
	if api.Settings {
		p.BaseURL, p.Pace, p.Auth = api.BaseURL, api.Pace, authOf(api)
	}
	if p == (projectAPI{}) {
		return nil
	}
	if a.project.APIs == nil {
		a.project.APIs = map[string]projectAPI{}
	}
	a.project.APIs[api.Name] = p
	return nil
}

// otherFile finds a reference that does not stay within its document.
var otherFile = lazyregexp.New(`["']?\$ref["']?\s*:\s*["']?[^"'#\s]`)

// authOf writes an API's authentication as a project file has
// it. Names of variables only: nothing else is known.
func authOf(api engine.SourceAPI) *projectAuth {
	auth := &projectAuth{Type: "none", Env: api.Env}
	if len(api.Security) > 0 && len(api.Security[0]) > 0 {
		use := api.Security[0][0]
		switch use.Scheme.Type {
		case "http":
			auth.Type = use.Scheme.Scheme
		case "apiKey":
			auth.Type, auth.In, auth.Name = "apiKey", string(use.Scheme.In), use.Scheme.Param
		case "oauth2":
			auth.Type, auth.TokenURL, auth.Scopes = "oauth2", use.Scheme.TokenURL, use.Scopes
		}
	}
	if auth.Type == "none" && len(auth.Env) == 0 {
		return nil
	}
	if (auth.Type == "basic" || auth.Type == "oauth2") && len(auth.Env) > 1 {
		auth.UserEnv, auth.Env = auth.Env[0], auth.Env[1:]
	}
	return auth
}
