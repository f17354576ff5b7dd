// Command capstan-temporal is the capstan command with runs on a Temporal server: what
// capstan does, --runtime temporal://HOST:PORT/NAMESPACE, and a command that executes runs,
// worker.
package main

import (
	"github.com/capstan-run/capstan/internal/command"
)

func main() {
	command.Main(command.Options{Name: "capstan-temporal", Form: "temporal://HOST:PORT/NAMESPACE", Open: open})
}
