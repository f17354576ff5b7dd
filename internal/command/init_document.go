package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/command/internal/author"
	"github.com/capstan-run/capstan/internal/lazyregexp"
)

// projectFile is the name of a project file.
const projectFile = ".capstan.yaml"

// onlyDocument finds the OpenAPI document in the working directory, or in its folders of
// the usual names. In a terminal, of several one is chosen.
func (a *app) onlyDocument(ctx context.Context, lines lineReader) (string, error) {
	found := documentsHere()
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1 && a.canAsk():
		return a.pickDocument(ctx, lines, found)
	case len(found) > 1:
		return "", usage("there are several OpenAPI documents here: "+strings.Join(found, ", "), "name one: --openapi "+shellWord(found[0]))
	}
	return "", usage("there is no OpenAPI document in this folder", "name one with --openapi FILE, or an API with --api: "+strings.Join(engine.APIs(), ", "))
}

// documentHead is how many bytes of a file are looked at.
const documentHead = 4096

var documentMark = lazyregexp.New(`(?m)^(\s*"(openapi|swagger)"|openapi|swagger)\s*:\s*["']?[23]`)

func documentsHere() []string {
	var found []string
	for _, pattern := range []string{"*", "openapi/*", "openapis/*", "specs/*"} {
		names, _ := filepath.Glob(pattern)
		for _, name := range names {
			if ext := filepath.Ext(name); slices.Contains([]string{".yaml", ".yml", ".json"}, ext) && isDocument(name) {
				found = append(found, name)
			}
		}
	}
	return found
}

func isDocument(name string) bool {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, documentHead)
	n, _ := f.Read(head)
	return documentMark.Match(bytes.TrimPrefix(head[:n], []byte("{")))
}

// nameDocument has the project file name the document of the API, where the file that
// was written does not find it yet.
func (a *app) nameDocument(ctx context.Context, file string, api *engine.API) error {
	document := api.Source().Document
	if document == "" || a.flags.config != "" {
		return nil
	}
	path, err := projectFileOf(file)
	if err != nil {
		return err
	}
	before, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s cannot be read: %w", path, errors.Unwrap(err))
	}
	to, err := relative(filepath.Dir(path), document)
	if err != nil {
		return err
	}
	after, ok := withAPI(before, api.Name, to)
	switch {
	case !ok:
		a.note("%s is left as it is; add under apis: %s: {openapi: %s}", path, api.Name, to)
		return nil
	case bytes.Equal(before, after):
		return nil
	case before == nil:
		err = writeNew(path, after, false)
	default:
		err = replaceFile(path, after)
	}
	if err == nil {
		a.note("%s names the document %s of %s", path, to, api.Name)
	}
	return err
}

// projectFileOf is the nearest project file of a file up to the root of its repository,
// else the one to be written beside it.
func projectFileOf(file string) (string, error) {
	beside, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return "", err
	}
	for dir := beside; ; dir = filepath.Dir(dir) {
		path := filepath.Join(dir, projectFile)
		if _, err := os.Stat(path); err == nil {
			return shortest(path), nil
		}
		_, err := os.Stat(filepath.Join(dir, ".git"))
		if err == nil || dir == filepath.Dir(dir) {
			return filepath.Join(filepath.Dir(file), projectFile), nil
		}
	}
}

// shortest is a path relative to the working directory where that is shorter.
func shortest(path string) string {
	if here, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(here, path); err == nil && len(rel) < len(path) {
			return rel
		}
	}
	return path
}

// relative is a path as a file in a folder names it.
func relative(dir, path string) (string, error) {
	from, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	to, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	rel, err := filepath.Rel(from, to)
	return filepath.ToSlash(rel), err
}

var (
	apisKey  = lazyregexp.New(`(?m)^apis:[ \t]*(#.*)?\r?\n`)
	apisFlow = lazyregexp.New(`(?m)^apis:[ \t]*[^\s#]`)
)

// withAPI adds the document of an API to the text of a project file, which stays as it is
// otherwise. It reports false where that has another form.
func withAPI(text []byte, name, document string) ([]byte, bool) {
	own := func(indent string) string {
		return indent + name + ":\n" + indent + "  openapi: " + author.Scalar(document) + "\n"
	}
	declares := regexp.MustCompile(`(?m)^[ \t]+["']?` + regexp.QuoteMeta(name) + `["']?:`)
	if apisFlow.Match(text) {
		return text, false
	}
	at := apisKey.FindIndex(text)
	if at == nil {
		if len(text) > 0 && !bytes.HasSuffix(text, []byte("\n")) {
			text = append(bytes.Clone(text), '\n')
		}
		return append(bytes.Clone(text), "apis:\n"+own("  ")...), true
	}
	if declares.Match(text[at[1]:]) {
		return text, true
	}
	return slices.Concat(text[:at[1]], []byte(own(indentOf(text[at[1]:]))), text[at[1]:]), true
}

// indentOf is the indentation of the first key of a mapping.
func indentOf(text []byte) string {
	for line := range bytes.Lines(text) {
		if trimmed := bytes.TrimLeft(line, " "); len(trimmed) > 1 && trimmed[0] != '#' && len(trimmed) < len(line) {
			return string(line[:len(line)-len(trimmed)])
		}
	}
	return "  "
}
