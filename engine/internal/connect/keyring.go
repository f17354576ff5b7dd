package connect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"

	"github.com/capstan-run/capstan/operations"
)

// Lookup finds the value of an environment variable.
type Lookup func(ctx context.Context, name string) (value string, ok bool, err error)

// Keyring looks credentials up when they are first needed and remembers them: a
// lookup may run a command. It is safe for concurrent use.
type Keyring struct {
	lookup Lookup
	// Redactor hides every value that is found, in texts; those that are used as
	// credentials are added by the client, which hides them in answers too.
	Redactor *operations.Redactor
	// environment reports that lookup is FromEnvironment.
	environment bool

	mu    sync.Mutex
	found map[string]string
	open  map[string]string // values that are no secret, such as a host's name
}

// NewKeyring returns a keyring that looks in the process environment where lookup
// is nil.
func NewKeyring(lookup Lookup) *Keyring {
	k := &Keyring{lookup: lookup, Redactor: operations.NewRedactor(), found: map[string]string{}, open: map[string]string{}}
	if lookup == nil {
		k.lookup, k.environment = FromEnvironment, true
	}
	return k
}

// There reports whether one of the names has a value, without following file:
// and exec: references: looking at a plan runs nothing.
func (k *Keyring) There(ctx context.Context, names []string) (string, bool, error) {
	if !k.environment {
		return k.First(ctx, names)
	}
	for _, name := range names {
		if v := os.Getenv(name); v != "" {
			return v, true, nil
		}
	}
	return "", false, nil
}

// First returns the value of the first name that has one.
func (k *Keyring) First(ctx context.Context, names []string) (string, bool, error) {
	for _, name := range names {
		v, ok, err := k.Get(ctx, name)
		if err != nil {
			return "", false, fmt.Errorf("%s: %w", name, err)
		}
		if ok && v != "" {
			return v, true, nil
		}
	}
	return "", false, nil
}

// Plain is Get for a value that is no secret and may be shown.
func (k *Keyring) Plain(ctx context.Context, name string) (string, bool, error) {
	return k.get(ctx, name, k.open)
}

// Get finds a credential.
func (k *Keyring) Get(ctx context.Context, name string) (string, bool, error) {
	v, ok, err := k.get(ctx, name, k.found)
	if err == nil {
		k.Redactor.AddData(v)
	}
	return v, ok, err
}

// get looks a value up among those known, and then outside.
func (k *Keyring) get(ctx context.Context, name string, known map[string]string) (string, bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if v, ok := known[name]; ok {
		return v, true, nil
	}
	v, ok, err := k.lookup(ctx, name)
	if ok && err == nil && v != "" {
		known[name] = v
	}
	return v, ok, err
}

// FromEnvironment reads an environment variable. A value of the form
// "file:PATH" stands for the file's content, "exec:COMMAND" for the
// output of the command; surrounding white space is trimmed from both.
func FromEnvironment(ctx context.Context, name string) (string, bool, error) {
	v, ok := os.LookupEnv(name)
	if path, isFile := strings.CutPrefix(v, "file:"); isFile {
		data, err := os.ReadFile(path)
		if err != nil {
			return "", false, fmt.Errorf("%s: %w", path, errors.Unwrap(err))
		}
		return strings.TrimSpace(string(data)), true, nil
	}
	if command, isExec := strings.CutPrefix(v, "exec:"); isExec {
		var out bytes.Buffer
		cmd := exec.CommandContext(ctx, "sh", "-c", command)
		cmd.Stdout = &out
		if err := cmd.Run(); err != nil {
			return "", false, fmt.Errorf("the command for it failed: %w", err)
		}
		return strings.TrimSpace(out.String()), true, nil
	}
	return strings.TrimSpace(v), ok, nil
}
