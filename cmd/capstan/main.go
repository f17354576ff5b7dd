// Command capstan runs, checks and explains capability files.
package main

import "github.com/capstan-run/capstan/internal/command"

func main() { command.Main(command.Options{}) }
