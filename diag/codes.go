package diag

import (
	_ "embed" // for the explanations
	"slices"
	"strings"
	"sync"
	"unicode"
)

// explanations is docs/diagnostics.md, which explains each code. A test keeps
// the two equal.
//
//go:embed diagnostics.md
var explanations string

// docs is where the explanations are published.
const (
	project = "https://github.com/capstan-run/capstan"
	docs    = project + "/blob/main/docs/diagnostics.md"
)

// Explanation explains the problems of one code at length; the document of
// `explain -o json`.
type Explanation struct {
	Code    string `json:"code"`              // "unknown-field"
	Title   string `json:"title"`             // one line, lower case
	URL     string `json:"url"`               // of its place on the page
	Text    string `json:"text,omitempty"`    // the meaning and the remedy, Markdown
	Example string `json:"example,omitempty"` // a file that has the problem, "" for a problem of a run
	Output  string `json:"output,omitempty"`  // of `capstan validate example.yaml`
}

// Explain returns the explanation of a code, and false for a code that no
// problem has.
func Explain(code string) (Explanation, bool) {
	for _, section := range sections() {
		if e := explanation(section); e.Code == code {
			return e, true
		}
	}
	return Explanation{}, false
}

// Codes returns all codes in alphabetical order.
func Codes() []string { return slices.Clone(codes()) }

// IsCode reports whether a problem may have the code.
func IsCode(code string) bool {
	_, found := slices.BinarySearch(codes(), code)
	return found
}

var codes = sync.OnceValue(func() []string {
	var all []string
	for _, section := range sections() {
		code, _, _ := strings.Cut(section, ": ")
		all = append(all, code)
	}
	slices.Sort(all)
	return all
})

// sections cuts the page at its headings of second level, which are the codes.
func sections() []string {
	_, rest, _ := strings.Cut(explanations, "\n## ")
	return strings.Split(rest, "\n## ")
}

// explanation reads "code: title", paragraphs, and the fenced blocks.
func explanation(section string) Explanation {
	heading, body, _ := strings.Cut(section, "\n")
	var e Explanation
	e.Code, e.Title, _ = strings.Cut(heading, ": ")
	e.URL = docs + "#" + anchor(heading)
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
	for _, section := range sections() {
		e := explanation(section)
		m[e.Code] = e.URL
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
