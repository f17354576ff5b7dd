package command

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/internal/suggest"
	"github.com/capstan-run/capstan/spec/dialect"
	"github.com/capstan-run/capstan/spec/project"
)

func schemaOf(kind string) []byte {
	if kind == "project" {
		return project.Schema()
	}
	return dialect.Schema(kind)
}

func (a *app) schemaCommand() *cobra.Command {
	kinds := append(dialect.SchemaKinds(), "project")
	return &cobra.Command{
		Use:   "schema KIND",
		Short: "Print the JSON Schema of a kind of file, for editors",
		Long: `Schema prints the JSON Schema (2020-12) of a kind of file: its keys with their
meaning, defaults and examples, as capstan reads them. The kinds are
` + strings.Join(kinds, ", ") + `:
"project" is .capstan.yaml, "framework" takes all that is read of any version, and
"framework-strict" holds files to the newest one, as validate --strict does.`,
		Example: `  capstan schema composition > composition.schema.json
  capstan schema project > .capstan.schema.json`,
		Args:      exactArgs("KIND"),
		ValidArgs: kinds,
		RunE: func(_ *cobra.Command, args []string) error {
			schema := schemaOf(args[0])
			if schema == nil {
				err := usagef("there is no schema of the kind %q", args[0])
				err.hint = suggest.Hint(args[0], "kinds: ", kinds)
				return err
			}
			a.printf("%s", schema)
			return nil
		},
	}
}
