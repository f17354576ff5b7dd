package command

import (
	"context"
	"errors"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/engine/durable/sqlite"
	"github.com/capstan-run/capstan/internal/command/internal/term"
)

func (a *app) runsBackupCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE",
		Short: "Write the kept runs to a file, while others use them",
		Long: `Backup writes all kept runs to a new file, as they stand at one moment; a server may
go on meanwhile. Encrypted runs stay encrypted.

To restore it, stop what uses the runs, and put FILE as capstan.db into an empty
state directory. What was done since the backup is not in it: the API may have
what a restored run would do again.`,
		Example: `  capstan runs backup runs-2030-01-02.db
  capstan runs backup /backup/runs.db --state /var/lib/capstan`,
		Args: exactArgs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.backup(cmd.Context(), args[0]) },
	}
}

func (a *app) backup(ctx context.Context, file string) error {
	if a.runtimeURL() != "" {
		return usage("backup is for runs that are kept in a directory; those of a server are in its database", "for a directory: --state DIR")
	}
	dir, err := a.keptDir()
	if err != nil {
		return err
	}
	key, err := a.keyOfRuns(ctx, runsKey)
	if err != nil {
		return err
	}
	err = sqlite.Backup(ctx, sqlite.Options{Dir: dir, Log: a.logger(), Key: key}, file)
	switch {
	case errors.Is(err, fs.ErrExist):
		return usage("there is a file "+file+" already", "name another: a backup replaces nothing")
	case err != nil:
		return withoutKey(err, key)
	case !a.wantsText():
		return a.printDocument(struct {
			State string `json:"state"`
			File  string `json:"file"`
		}{dir, file})
	}
	a.printf("%s has the runs of %s\n", term.Printable(file), term.Printable(dir))
	return nil
}
