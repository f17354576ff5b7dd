// Package skills serves the skill exposure of a framework capability: the
// catalogue of its skills, the description of each with its tools, and the
// files of its folder. Start with New, after Check found nothing wrong.
//
// It only hands out the author's texts. Nothing is run here: a tool that
// another exposure offers is named with where to call it.
package skills

import (
	"cmp"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/capstan-run/capstan/serve/internal/answer"
	"github.com/capstan-run/capstan/spec"
)

// Options shape a Handler and a Check. The zero value works.
type Options struct {
	// Exposures are all of the file: the tools that skills name are called through
	// them.
	Exposures []*spec.Exposure
	// Open opens the folder of a skill, anew for every request, by its location.
	// from is the file that declares the skill. Nil serves no files.
	Open func(from, location string) (*os.Root, error)
	// Log hears of folders that cannot be read. Nil is silent.
	Log *slog.Logger
}

// Handler answers, with GET and HEAD:
//
//	/skills                         names, descriptions, names of tools
//	/skills/{name}                  one skill, its tools, and where to call them
//	/skills/{name}/contents         the files of its folder
//	/skills/{name}/contents/{path}  one of them
//	/skills/{name}/download         all of them as a zip, with a SKILL.md
//
// Folders are read anew for every request, never beyond their borders: names
// that begin with a dot do not exist, links lead to files of the same folder or
// nowhere. A file has at most 10 MiB, a zip 50 MiB and 5,000 files. Errors are
// problem documents (RFC 9457). A Handler is safe for concurrent use.
type Handler struct {
	log       *slog.Logger
	catalogue catalogue
	skills    map[string]*served
}

// served is one skill, made ready.
type served struct {
	skill  *spec.Skill
	detail detail
	open   func() (*os.Root, error) // nil: it has no folder
}

// New returns a handler for the skills of e, which must not change any more.
// Faults that Check reports do not keep it from serving the rest.
func New(e *spec.Exposure, o Options) *Handler {
	h := &Handler{log: cmp.Or(o.Log, slog.New(slog.DiscardHandler)), skills: map[string]*served{}}
	modes := siblings(e, o.Exposures)
	all := catalogue{Skills: []summary{}}
	for _, s := range e.Skills {
		if h.skills[s.Name.Value] != nil {
			continue // of two with one name the first
		}
		one := &served{skill: s, detail: describe(s, describeTools(s, modes))}
		if s.Location.IsSet() && o.Open != nil {
			one.open = func() (*os.Root, error) { return o.Open(s.File, s.Location.Value) }
		}
		h.skills[s.Name.Value] = one
		all.Skills = append(all.Skills, summarise(s))
	}
	all.Count = len(all.Skills)
	h.catalogue = all
	return h
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	serve := h.route(r.URL)
	if serve == nil {
		answer.Refuse(w, r, http.StatusNotFound, "there is nothing here; what there is stands in /skills")
		return
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		serve(w, r)
	default:
		answer.Otherwise(w, r, "GET", "HEAD", "OPTIONS")
	}
}

// route finds the handler of a URL, nil when there is none. The path is taken
// apart before it is decoded, so that an encoded slash stays within its name,
// where no file has one.
func (h *Handler) route(u *url.URL) http.HandlerFunc {
	names := strings.Split(strings.TrimPrefix(u.EscapedPath(), "/"), "/")
	for i, name := range names {
		decoded, err := url.PathUnescape(name)
		if err != nil {
			return nil
		}
		names[i] = decoded
	}
	if names[0] != "skills" {
		return nil
	}
	if len(names) == 1 {
		return func(w http.ResponseWriter, r *http.Request) { send(w, r, h.catalogue) }
	}
	s := h.skills[names[1]]
	switch {
	case s == nil:
		return nil
	case len(names) == 2:
		return func(w http.ResponseWriter, r *http.Request) { send(w, r, s.detail) }
	case len(names) == 3 && names[2] == "contents":
		return func(w http.ResponseWriter, r *http.Request) { h.contents(w, r, s) }
	case len(names) == 3 && names[2] == "download":
		return func(w http.ResponseWriter, r *http.Request) { h.download(w, r, s) }
	case names[2] == "contents":
		return func(w http.ResponseWriter, r *http.Request) { h.file(w, r, s, names[3:]) }
	}
	return nil
}

// send answers with a JSON document.
func send(w http.ResponseWriter, r *http.Request, v any) {
	w.Header().Set("Cache-Control", "no-cache")
	answer.JSON(w, r, http.StatusOK, v)
}
