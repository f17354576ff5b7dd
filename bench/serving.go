package main

import (
	"bufio"
	"context"
	"fmt"
	"regexp"
)

// serving compares what `capstan serve` answers a second with a plain proxy of the
// same API.
func serving(ctx context.Context, b *bench) ([]axis, error) {
	const query = "?directory=directory_01JQ7Z3M5T9W2K4X6B8N0PRVCE"
	proxy, err := b.serve(ctx, "stub", "-proxy", b.server)
	if err != nil {
		return nil, err
	}
	served := map[string]map[string]string{}
	for _, c := range b.capstan {
		if served[c.name], err = b.serveCapstan(ctx, c.path); err != nil {
			return nil, err
		}
	}
	faces := []struct{ title, namespace, path, task string }{
		{"REST, passed on", "rest", "/passed" + query, "get"},
		{"REST, shaped", "rest", "/shaped" + query, "get"},
		{"MCP, a tool", "tools", "", "mcp"},
		{"MCP, a tool in a session", "tools", "", "session"},
	}
	var axes []axis
	for _, f := range faces {
		a := axis{title: f.title, metrics: []string{"a second"}, slow: 2}
		a.subjects = []subject{b.asked("proxy", proxy+"/directory_users"+query, "get")}
		for _, c := range b.capstan {
			a.subjects = append(a.subjects, b.asked(c.name, served[c.name][f.namespace]+f.path, f.task))
		}
		axes = append(axes, a)
	}
	return axes, nil
}

// asked is a server that 16 clients ask.
func (b *bench) asked(name, address, task string) subject {
	return subject{name, func(ctx context.Context) (sample, error) {
		return perPart(b.command(ctx, "hand", "-server", address, "-task", task, "-workers", "16", "-for", b.long.String()), 1)
	}}
}

var announced = regexp.MustCompile(`^serving \w+ "(\w+)" at (\S+?)/?$`)

// serveCapstan serves the file, and returns the addresses of its exposures.
func (b *bench) serveCapstan(ctx context.Context, binary string) (map[string]string, error) {
	cmd := b.command(ctx, binary, "serve", "served.yaml", "--base-url", b.server, "--port", "rest=0", "--port", "tools=0")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	b.servers = append(b.servers, cmd)
	addresses := map[string]string{}
	lines := bufio.NewScanner(stderr)
	for len(addresses) < 2 && lines.Scan() {
		if found := announced.FindStringSubmatch(lines.Text()); found != nil {
			addresses[found[1]] = found[2]
		}
	}
	if len(addresses) < 2 {
		return nil, fmt.Errorf("%s: announced %v", cmd, addresses)
	}
	go func() {
		for lines.Scan() { // what it still prints would hold it up
		}
	}()
	return addresses, nil
}
