package main

import (
	"time"

	"github.com/capstan-run/capstan/spec"
)

// helpTemplate puts what people copy, the examples, before what they look up.
const helpTemplate = `{{with (or .Long .Short)}}{{. | trimTrailingWhitespaces}}

{{end}}{{if .HasExample}}Examples:
{{.Example}}

{{end}}{{.UsageString}}`

const usageTemplate = `Usage:
  {{if .HasAvailableSubCommands}}{{.CommandPath}} COMMAND{{else}}{{.UseLine}}{{end}}{{if .HasAvailableSubCommands}}

Commands:{{range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}

Flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableInheritedFlags}}

Flags of every command:
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}
`

// duration is a flag value that knows days and weeks, as capability files do.
type duration struct{ d *time.Duration }

func (f duration) String() string {
	if f.d == nil || *f.d == 0 {
		return ""
	}
	return f.d.String()
}

func (f duration) Type() string { return "DURATION" }

// Set reads the flag. The error is completed by pflag with the flag's name.
func (f duration) Set(s string) (err error) {
	*f.d, err = spec.ParseDuration(s)
	return err
}
