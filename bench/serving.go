package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os/exec"
	"regexp"
)

const query = "?directory=directory_01JQ7Z3M5T9W2K4X6B8N0PRVCE"

// face is a way to call a served capability.
type face struct{ name, title, namespace, path, task string }

// faces are all the ways to get the users of a directory from a server.
var faces = []face{
	{"rest.passed", "REST, passed on", "rest", "/passed" + query, "get"},
	{"rest.shaped", "REST, shaped", "rest", "/shaped" + query, "get"},
	{"mcp.tool", "MCP, a tool", "tools", "", "mcp"},
	{"mcp.session", "MCP, a tool in a session", "tools", "", "session"},
}

// serving compares what `capstan serve` answers a second with a plain proxy of the
// same API.
func serving(ctx context.Context, b *bench) ([]axis, error) {
	proxy, err := b.serve(b.command(ctx, "stub", "-proxy", b.server))
	if err != nil {
		return nil, err
	}
	served := map[string]map[string]string{}
	for _, c := range b.capstan {
		cmd := b.command(ctx, c.path, b.serveArgs()...)
		if served[c.name], err = b.serveCapstan(cmd, io.Discard); err != nil {
			return nil, err
		}
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

// serveArgs are of a server at ports that are free now.
func (b *bench) serveArgs() []string {
	args := []string{"serve", "served.yaml", "--base-url", b.server}
	for _, namespace := range []string{"rest", "tools"} {
		if l, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
			defer l.Close() // not before the other has its own
			args = append(args, "--port", fmt.Sprintf("%s=%d", namespace, l.Addr().(*net.TCPAddr).Port))
		}
	}
	return args
}

var announced = regexp.MustCompile(`^serving \w+ "(\w+)" at (\S+?)/?$`)

// serveCapstan starts a server of the file, and returns the addresses of its
// exposures. Later output goes to rest.
func (b *bench) serveCapstan(cmd *exec.Cmd, rest io.Writer) (map[string]string, error) {
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
	go func() { _, _ = io.Copy(rest, stderr) }()
	return addresses, nil
}
