package command

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/loopback"
	"github.com/capstan-run/capstan/serve"
)

// servedDocument is the document of `serve -o json`.
type servedDocument struct {
	Endpoints []servedEndpoint `json:"endpoints"`
	Refused   []engine.Refusal `json:"refused,omitempty"` // parts of the files that cannot be served
}

type servedEndpoint struct {
	Type      string `json:"type"`      // rest, mcp, skill, control
	Namespace string `json:"namespace"` // the capability, or how many there are; of a framework file the exposure's
	Address   string `json:"address"`
	URL       string `json:"url,omitempty"` // none over stdio
	Open      bool   `json:"open"`          // callers are not authenticated
}

// announce reports the addresses of the endpoints: to people on stderr, to a machine with
// one document on stdout.
func (a *app) announce(d *deployment, server *serve.Server) error {
	doc := servedDocument{Endpoints: []servedEndpoint{}, Refused: d.refused}
	for _, e := range server.Endpoints() {
		doc.Endpoints = append(doc.Endpoints, servedEndpoint{e.Type, e.Namespace, e.Address, server.URL(e), e.Open})
		if !a.flags.quiet {
			d.announceOne(e, server.URL(e))
		}
	}
	if d.rt != nil {
		a.note("%s", d.whereRunsAre())
	}
	if a.wantsText() {
		return nil
	}
	if err := a.printDocument(doc); err != nil {
		return err
	}
	if err := a.out.Err; err != nil { // the address would be lost
		return &failure{exit: exitFailed, code: "cannot-write", message: "the output could not be written: " + err.Error()}
	}
	return nil
}

func (d *deployment) announceOne(e *serve.Endpoint, url string) {
	a := d.app
	if url == "" {
		a.complain("serving %s over stdio", called(e))
		return
	}
	a.complain("serving %s at %s%s", called(e), url, d.chosen(e))
	composed := d.compositions != nil && slices.Contains(d.compositions.Endpoints(), e) // --insecure-open asks for it
	if composed && e.Type == "rest" {
		a.note("in a browser it is a page for people, to start and follow runs")
	}
	if e.Open && !composed && !loopback.Address(e.Address) {
		a.complain("warning: %q answers everyone who can reach %s: add authentication to it, or --address 127.0.0.1", e.Namespace, e.Address)
	}
}

// chosen adds to an address that was not given how to give another.
func (d *deployment) chosen(e *serve.Endpoint) string {
	name := cmp.Or(e.Namespace, e.Type)
	if _, given := d.serve.Ports[name]; given || !e.Chosen {
		return ""
	}
	return fmt.Sprintf(", the next free port, since the file gives none; another: --port %s=N", name)
}

// whereRunsAre describes the place where the runs of compositions are kept.
func (d *deployment) whereRunsAre() string {
	if d.app.open != nil {
		return "runs are kept by " + d.app.open.Where
	}
	if d.stateKey == nil {
		return fmt.Sprintf("runs are kept in memory, and gone when the server stops; of those that ended the latest %d, for a day", d.flags.keepRuns)
	}
	dir, err := d.app.stateDir()
	if err != nil {
		return "" // it was found before
	}
	if d.app.io.Getenv(runsKey) == "" {
		return "runs are kept in " + dir + ", in clear; " + runsKey + " encrypts them"
	}
	return "runs are kept in " + dir + ", encrypted"
}

// called is an endpoint's kind with its name, which a control exposure lacks.
func called(e *serve.Endpoint) string {
	if e.Namespace == "" {
		return e.Type
	}
	return fmt.Sprintf("%s %q", e.Type, e.Namespace)
}
