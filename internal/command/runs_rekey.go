package command

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/durable/sqlite"
	"github.com/capstan-run/capstan/internal/command/internal/term"
)

// The variables with the keys that kept runs are encrypted with.
const (
	runsKey    = "CAPSTAN_STATE_KEY"
	newRunsKey = "CAPSTAN_NEW_STATE_KEY"
)

const makeKey = "make one with: openssl rand -base64 32"

func (a *app) runsRekeyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "rekey",
		Short: "Encrypt the kept runs, or give them another key",
		Long: `Rekey gives the kept runs the key of CAPSTAN_NEW_STATE_KEY in place of that of
CAPSTAN_STATE_KEY. Without a new key it encrypts what was kept before there was one.

A key is 32 bytes as base64 or hex, or file:PATH or exec:COMMAND for one. Make one
with "openssl rand -base64 32". Nothing else may use the runs meanwhile. Interrupted,
it leaves runs that one of the keys opens, or both; the same command again ends it.`,
		Example: `  CAPSTAN_STATE_KEY=file:new.key capstan runs rekey
  CAPSTAN_STATE_KEY=file:old.key CAPSTAN_NEW_STATE_KEY=file:new.key capstan runs rekey`,
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.rekey(cmd.Context()) },
	}
}

func (a *app) rekey(ctx context.Context) error {
	if a.runtimeURL() != "" {
		return usage("rekey is for runs that are kept in a directory; those of a server get another key from its workers", "for a directory: --state DIR")
	}
	old, err := a.keyOfRuns(ctx, runsKey)
	if err != nil {
		return err
	}
	key, err := a.keyOfRuns(ctx, newRunsKey)
	if err != nil {
		return err
	}
	name := newRunsKey
	if key == nil {
		key, name = old, runsKey
	}
	if key == nil {
		return lacksKey("there is no key to encrypt the runs with", "set "+runsKey+"; "+makeKey)
	}
	dir, err := a.keptDir()
	if err != nil {
		return err
	}
	if err := sqlite.Rekey(ctx, sqlite.Options{Dir: dir, Key: old, Log: a.logger()}, key); err != nil {
		return withoutKey(err, old)
	}
	if !a.wantsText() {
		return a.printDocument(struct {
			State string `json:"state"`
			Key   string `json:"key"`
		}{dir, name})
	}
	a.printf("the runs in %s are encrypted with the key of %s\n", term.Printable(dir), name)
	if name == newRunsKey {
		a.note("set %s to it from now on", runsKey)
	}
	return nil
}

// keptDir returns the state directory, which has to be there.
func (a *app) keptDir() (string, error) {
	dir, err := a.stateDir()
	switch {
	case err != nil:
		return "", fmt.Errorf("%w; say where runs are kept with --state DIR", err)
	case a.flags.state == noState || !exists(dir):
		return "", usagef("there is no state directory %s", dir)
	}
	return dir, nil
}

// keyOfRuns reads a key from a variable, nil where that is not set.
func (a *app) keyOfRuns(ctx context.Context, name string) ([]byte, error) {
	text, ok, err := engine.FromEnvironment(ctx, name)
	switch {
	case err != nil:
		return nil, lacksKey(name+": "+err.Error(), "")
	case !ok || text == "":
		return nil, nil
	}
	for _, decode := range []func(string) ([]byte, error){
		hex.DecodeString, base64.StdEncoding.DecodeString, base64.RawStdEncoding.DecodeString, base64.URLEncoding.DecodeString, base64.RawURLEncoding.DecodeString,
	} {
		if key, err := decode(strings.TrimSpace(text)); err == nil && len(key) == sqlite.KeySize {
			return key, nil
		}
	}
	return nil, lacksKey(fmt.Sprintf("%s is no key: %d bytes as base64 or hex are one", name, sqlite.KeySize), makeKey)
}

// withoutKey adds to the error of encrypted runs the variable that has their key.
func withoutKey(err error, key []byte) error {
	switch {
	case errors.Is(err, sqlite.ErrClear):
		return lacksKey(err.Error(), "`capstan runs rekey` encrypts them, once")
	case !errors.Is(err, sqlite.ErrKey):
		return err
	}
	hint := "set " + runsKey + " to it, or use another state directory with --state DIR"
	if key != nil {
		hint = runsKey + " has another; `capstan runs rekey` needs the old one too"
	}
	return lacksKey(err.Error(), hint)
}

func lacksKey(message, hint string) error {
	return &failure{exit: exitInputs, code: codeCredentials, message: message, hint: hint}
}
