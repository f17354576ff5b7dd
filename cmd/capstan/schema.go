package main

import (
	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/spec/project"
)

// schemaKinds are the kinds of files that have a schema.
var schemaKinds = []string{"project"}

func schemaOf(kind string) []byte {
	switch kind {
	case "project":
		return project.Schema()
	}
	return nil
}

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema KIND",
		Short: "Print the JSON Schema of a kind of file, for editors",
		Long: `Schema prints the JSON Schema (2020-12) of a kind of file: its keys with their
meaning, defaults and examples, as capstan reads them. The kind "project" is that of .capstan.yaml.`,
		Example:   `  capstan schema project > .capstan.schema.json`,
		Args:      exactArgs("KIND"),
		ValidArgs: schemaKinds,
		RunE: func(_ *cobra.Command, args []string) error {
			schema := schemaOf(args[0])
			if schema == nil {
				err := usagef("there is no schema of the kind %q", args[0])
				err.hint = suggest.Hint(args[0], "kinds: ", schemaKinds)
				return err
			}
			a.printf("%s", schema)
			return nil
		},
	}
}
