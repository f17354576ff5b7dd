package diag

import (
	_ "embed" // for the explanations
	"slices"
	"strings"
	"sync"
	"unicode"
)

// The explanations are docs/diagnostics.md, which explains each code, and docs/ikanos.md,
// which explains the rules of the reference ruleset. A test keeps them equal.
var (
	//go:embed diagnostics.md
	explanations string
	//go:embed ikanos.md
	ruleset string
)

// docs is where the explanations are published.
const (
	project = "https://github.com/capstan-run/capstan"
	docs    = project + "/blob/main/docs/"
)

// page is a page of explanations.
type page struct{ text, url string }

func pages() [2]page {
	return [...]page{{explanations, docs + "diagnostics.md"}, {ruleset, docs + "ikanos.md"}}
}

// Explanation explains the problems of one code at length; the document of
// `explain -o json`.
type Explanation struct {
	Code    string   `json:"code"`              // "unknown-field"
	Title   string   `json:"title"`             // one line, lower case
	URL     string   `json:"url"`               // of its place on the page
	Text    string   `json:"text,omitempty"`    // the meaning and the remedy, Markdown
	Rules   []string `json:"rules,omitempty"`   // ids that a ruleset has for the fault, or for some of the faults, of this code
	Example string   `json:"example,omitempty"` // a file that has the problem, "" for a problem of a run
	Output  string   `json:"output,omitempty"`  // of `capstan validate example.yaml`
}

// Explain returns the explanation of a code, and false for a code that no
// problem has.
func Explain(code string) (Explanation, bool) {
	for _, p := range pages() {
		for _, section := range p.sections() {
			if e := p.explanation(section); e.Code == code {
				e.Rules = ids()[code]
				return e, true
			}
		}
	}
	return Explanation{}, false
}

// ids holds the rules of the ruleset whose sections name a code, by that code.
var ids = sync.OnceValue(func() map[string][]string {
	m := map[string][]string{}
	p := page{text: ruleset}
	for _, section := range p.sections() {
		e := p.explanation(section)
		parts := strings.Split(e.Text, "](diagnostics.md#")
		for _, before := range parts[:len(parts)-1] {
			code := before[strings.LastIndexByte(before, '[')+1:]
			m[code] = append(m[code], e.Code)
		}
	}
	return m
})

// Codes returns all codes in alphabetical order.
func Codes() []string { return slices.Clone(codes()) }

// IsCode reports whether a problem may have the code.
func IsCode(code string) bool {
	_, found := slices.BinarySearch(codes(), code)
	return found
}

var codes = sync.OnceValue(func() []string {
	var all []string
	for _, p := range pages() {
		for _, section := range p.sections() {
			code, _, _ := strings.Cut(section, ": ")
			all = append(all, code)
		}
	}
	slices.Sort(all)
	return all
})

// sections cuts the page at its headings of second level, which are the codes.
func (p page) sections() []string {
	_, rest, _ := strings.Cut(p.text, "\n## ")
	return strings.Split(rest, "\n## ")
}

// explanation reads "code: title", paragraphs, and the fenced blocks.
func (p page) explanation(section string) Explanation {
	heading, body, _ := strings.Cut(section, "\n")
	var e Explanation
	e.Code, e.Title, _ = strings.Cut(heading, ": ")
	e.URL = p.url + "#" + anchor(heading)
	e.Example = fenced(body, "yaml")
	e.Output = fenced(body, "text")
	text, _, _ := strings.Cut(body, "\n```")
	e.Text = strings.TrimSpace(text)
	return e
}

// URL returns the address of the explanation of a code, "" for a code that no problem
// has.
func URL(code string) string { return urls()[code] }

var urls = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	for _, p := range pages() {
		for _, section := range p.sections() {
			e := p.explanation(section)
			m[e.Code] = e.URL
		}
	}
	return m
})

// anchor returns the fragment that GitHub gives a heading.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}

// fenced returns the first code block of a language, without its fences.
func fenced(body, language string) string {
	_, rest, ok := strings.Cut(body, "\n```"+language+"\n")
	if !ok {
		return ""
	}
	block, _, _ := strings.Cut(rest, "```\n")
	return block
}
