package diag

import "io"

// gitlabSink writes a Code Quality report of GitLab.
type gitlabSink struct{ stream }

func newGitLab(w io.Writer, _ SinkOptions) Sink { return &gitlabSink{newStream(w, "[")} }

type gitlabIssue struct {
	Description string      `json:"description"`
	CheckName   string      `json:"check_name"`
	Fingerprint string      `json:"fingerprint"`
	Severity    string      `json:"severity"`
	Location    gitlabPlace `json:"location"`
}

type gitlabPlace struct {
	Path  string      `json:"path"`
	Lines gitlabLines `json:"lines"`
}

type gitlabLines struct {
	Begin int `json:"begin"`
}

func (g *gitlabSink) Add(o *Outcome) {
	g.begin()
	problems := o.inFiles()
	prints := fingerprints(problems, newTexts(o.Sources))
	for i, d := range problems {
		g.item(gitlabIssue{
			Description: d.body(), CheckName: d.Code, Fingerprint: prints[i], Severity: gitlabSeverity(d.Severity),
			Location: gitlabPlace{d.Pos.File, gitlabLines{max(d.Pos.Line, 1)}},
		})
	}
	g.flush()
}

func (g *gitlabSink) Close() error { return g.end("\n]\n") }

func gitlabSeverity(s Severity) string {
	switch s {
	case Error:
		return "major"
	case Warning:
		return "minor"
	default:
		return "info"
	}
}
