package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
)

const respect = "@redocly/cli@2.77.0"

// peers are the other runners that could be had: the names of their programs, "" for
// one that is missing.
type peers struct{ libopenapi, respect string }

// getPeers builds libopenapi's engine and installs Redocly's. One that cannot be had
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
		npm := exec.CommandContext(ctx, "npm", "install", "--prefix", b.path("npm"), "--no-audit", "--no-fund", "--loglevel=error", respect)
		npm.Stderr = os.Stderr
		err = npm.Run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "without redocly respect:", err)
		return
	}
	b.peer.respect = node
}

// coldPeers are the peers as processes that run the workflow of an Arazzo file once.
func (b *bench) coldPeers(file string) []subject {
	var subjects []subject
	if b.peer.libopenapi != "" {
		subjects = append(subjects, b.processes("libopenapi", b.peer.libopenapi, "-server", b.server, file))
	}
	if b.peer.respect != "" {
		subjects = append(subjects, b.processes("redocly respect", b.peer.respect,
			b.path("npm", "node_modules", "@redocly", "cli", "bin", "cli.js"), "respect", file, "--server", "api="+b.server))
	}
	return subjects
}
