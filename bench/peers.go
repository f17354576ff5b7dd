package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
)

// npmPackages are the peers that run in node.
var npmPackages = []string{"@redocly/cli@2.77.0", "@stoplight/spectral-cli@6.16.3"}

// peers are the other runners that could be had: the names of their programs, "" for
// one that is missing.
type peers struct{ libopenapi, node string }

// getPeers builds libopenapi's engine and installs those of node. One that cannot be had
// is left out, with the reason.
func (b *bench) getPeers(ctx context.Context) {
	if !b.peers {
		return
	}
	if err := b.build(ctx, "bench/peers", "."); err != nil {
		fmt.Fprintln(os.Stderr, "without libopenapi's Arazzo engine:", err)
	} else {
		b.peer.libopenapi = b.path("peers")
	}
	node, err := exec.LookPath("node")
	if err == nil {
		npm := exec.CommandContext(ctx, "npm", append([]string{"install", "--prefix", b.path("npm"), "--no-audit", "--no-fund", "--loglevel=error"}, npmPackages...)...)
		npm.Stderr = os.Stderr
		err = npm.Run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "without redocly and spectral:", err)
		return
	}
	b.peer.node = node
}

// module returns the path of a file of a node package.
func (b *bench) module(file string) string { return b.path("npm", "node_modules", file) }

// coldPeers are the peers as processes that run the workflow of an Arazzo file once.
func (b *bench) coldPeers(file string) []subject {
	var subjects []subject
	if b.peer.libopenapi != "" {
		subjects = append(subjects, b.processes("libopenapi", b.peer.libopenapi, "-server", b.server, file))
	}
	if b.peer.node != "" {
		subjects = append(subjects, b.processes("redocly respect", b.peer.node, b.module("@redocly/cli/bin/cli.js"), "respect", file, "--server", "api="+b.server))
	}
	return subjects
}
