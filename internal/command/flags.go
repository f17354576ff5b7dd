package command

import (
	"fmt"
	"strings"
	"time"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/lazyregexp"
	"github.com/capstan-run/capstan/operations/paging"
	"github.com/capstan-run/capstan/operations/record"
	"github.com/spf13/pflag"
)

// textsVar adds a flag that may be repeated. pflag's own takes 4 KiB and a CSV
// writer each, whatever the command at hand is.
func textsVar(fs *pflag.FlagSet, to *[]string, name, usage string) { fs.Var((*texts)(to), name, usage) }

type texts []string

func (t *texts) Set(value string) error { *t = append(*t, value); return nil }
func (t *texts) String() string         { return strings.Join(*t, ",") }
func (t *texts) Type() string           { return "stringArray" }

// apiFlags name the documents of APIs.
type apiFlags struct {
	openapi   []string
	allowRead []string
}

func (f *apiFlags) add(fs *pflag.FlagSet) {
	textsVar(fs, &f.openapi, "openapi", "OpenAPI document, as `[NAME=]PATH`; without NAME it is the capability's own API (repeat)")
	textsVar(fs, &f.allowRead, "allow-read", "let files name what is below `DIR` too, not only what is in the project (repeat)")
}

// options starts the engine's options from the flags.
func (f *apiFlags) options(a *app) (*engine.LoadOptions, error) {
	documents, err := openAPIDocuments(f.openapi)
	return &engine.LoadOptions{OpenAPI: documents, AllowRead: f.allowRead, Project: a.flags.config}, err
}

// loadFlags shape the meaning of a file.
type loadFlags struct {
	apiFlags
	overlays  []string
	noOverlay bool
	strict    bool
	overrides []string
}

func (l *loadFlags) add(fs *pflag.FlagSet) {
	l.apiFlags.add(fs)
	textsVar(fs, &l.overlays, "overlay", "overlay `FILE` to apply, after the built-in one and the one beside the file (repeat)")
	fs.BoolVar(&l.noOverlay, "no-overlay", false, "take the file as it stands, without any overlay")
	fs.BoolVar(&l.strict, "strict", false, "hold the file to its dialect's published schema")
}

func (l *loadFlags) addOverride(fs *pflag.FlagSet) {
	textsVar(fs, &l.overrides, "override", "set a step key for this run, as `STEP.KEY=VALUE` (repeat)")
}

func (l *loadFlags) options(a *app) (*engine.LoadOptions, error) {
	opts, err := l.apiFlags.options(a)
	if err != nil {
		return nil, err
	}
	for _, o := range l.overrides {
		if !overrideForm.MatchString(o) {
			return nil, usagef("--override %q: write STEP.KEY=VALUE, such as poll-connection.every=5s", o)
		}
	}
	opts.Overlays, opts.NoOverlay, opts.Strict, opts.Overrides = l.overlays, l.noOverlay, l.strict, l.overrides
	return opts, nil
}

var (
	overrideForm = lazyregexp.New(`(?s)^[^.=]+\.[^=]+=.*$`)
	apiNameForm  = lazyregexp.New(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)
)

// openAPIDocuments reads --openapi [NAME=]PATH. A path with its first "=" behind
// something that is no API name (./a=b.yaml) is a path.
func openAPIDocuments(flags []string) (map[string]string, error) {
	documents := map[string]string{}
	for _, f := range flags {
		name, path, named := strings.Cut(f, "=")
		if !named || !apiNameForm.MatchString(name) {
			name, path = "", f
		}
		if path == "" {
			return nil, usagef("--openapi %q: write [NAME=]PATH", f)
		}
		if old, again := documents[name]; again && old != path { // shells' completion parses flags twice
			return nil, usagef("--openapi gives two documents for %s", apiInWords(name))
		}
		documents[name] = path
	}
	return documents, nil
}

func apiInWords(name string) string {
	if name == "" {
		return "the capability's own API; name one: --openapi NAME=PATH"
	}
	return "API \"" + name + "\""
}

// sendFlags shape how requests reach an API.
type sendFlags struct {
	mock            bool
	record, replay  string
	baseURL         string
	pace            float64
	timeout         time.Duration
	requestTimeout  time.Duration
	maxPages        int
	strictResponses bool
}

func (s *sendFlags) add(fs *pflag.FlagSet) {
	fs.BoolVar(&s.mock, "mock", false, "answer every operation from its OpenAPI document; nothing leaves the machine, no credentials needed")
	fs.StringVar(&s.record, "record", "", "keep every exchange in `DIR`, without credentials")
	fs.StringVar(&s.replay, "replay", "", "answer from the exchanges kept in `DIR`; nothing is sent")
	fs.StringVar(&s.baseURL, "base-url", "", "server to use for every API, as an absolute `URL` (default: the document's)")
	addPace(fs, &s.pace)
	fs.Var(duration{&s.timeout}, "timeout", "stop after this long: 90s, 30m, 3d (default no bound)")
	addRequestTimeout(fs, &s.requestTimeout)
	fs.IntVar(&s.maxPages, "max-pages", 0, fmt.Sprintf("read at most `N` pages of a list; a longer one is an error (default %d)", paging.MaxPages))
	fs.BoolVar(&s.strictResponses, "strict-responses", false, "fail when an answer breaks its documented schema (default: warn)")
}

func addPace(fs *pflag.FlagSet, to *float64) {
	fs.Var(paceFlag{to}, "pace", "send each host at most this many requests, such as 10/s or 6000/m (default: as the API's documents state; none: no bound)")
}

func addRequestTimeout(fs *pflag.FlagSet, to *time.Duration) {
	fs.Var(duration{to}, "request-timeout", "wait this long for one request and its answer, unless its step says otherwise (default 30s, or --timeout up to 10m)")
}

// options checks the flags and returns the options that they stand for.
func (s *sendFlags) options(a *app) (*engine.Options, error) {
	switch {
	case s.mock && s.replay != "":
		return nil, usagef("--mock and --replay both answer instead of the API: give one")
	case s.maxPages < 0:
		return nil, usagef("--max-pages %d: a list has one page at least", s.maxPages)
	case s.record != "" && s.replay != "":
		return nil, usagef("--record and --replay exclude each other")
	}
	if err := s.checkDirs(); err != nil {
		return nil, usage(err.Error(), "")
	}
	return &engine.Options{
		Mock: s.mock, RecordDir: s.record, ReplayDir: s.replay, BaseURL: s.baseURL, Pace: s.pace, StrictResponses: s.strictResponses,
		Timeout: s.timeout, RequestTimeout: s.requestTimeout, MaxPages: s.maxPages, Log: a.logger(),
	}, nil
}

// checkDirs finds out before the run whether it can be recorded or replayed.
func (s *sendFlags) checkDirs() error {
	switch {
	case s.record != "":
		return record.CheckDir(s.record)
	case s.replay != "":
		return record.CheckReplay(s.replay)
	}
	return nil
}
