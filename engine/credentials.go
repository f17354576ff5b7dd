package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"

	"github.com/capstan-run/capstan/engine/document"
	"github.com/capstan-run/capstan/operations"
)

// CredentialError lists the credentials that a run needs and cannot find.
type CredentialError struct{ Missing []document.Env }

// NotSent reports to [operations.IsInDoubt] that no request was sent.
func (e *CredentialError) NotSent() bool { return true }

func (e *CredentialError) Error() string {
	lines := make([]string, len(e.Missing))
	for i, m := range e.Missing {
		lines[i] = fmt.Sprintf("no credential for %s: set %s", m.For, m.Name)
		if m.Problem != "" {
			lines[i] = fmt.Sprintf("no credential for %s: %s", m.For, m.Problem)
			continue
		}
		if len(m.Aliases) > 0 {
			lines[i] += " (or " + strings.Join(m.Aliases, ", ") + ")"
		}
	}
	return strings.Join(lines, "\n")
}

// keyring looks credentials up when they are first needed and remembers them
// for the life of the program: a lookup may run a command.
type keyring struct {
	lookup func(ctx context.Context, name string) (string, bool, error)
	// redactor hides every value that is found, in texts; those that are used as
	// credentials are added by the client, which hides them in answers too.
	redactor *operations.Redactor
	// environment says that lookup is fromEnvironment.
	environment bool

	mu    sync.Mutex
	found map[string]string
	open  map[string]string // values that are no secret, such as a host's name
}

func newKeyring(lookup func(context.Context, string) (string, bool, error)) *keyring {
	k := &keyring{lookup: lookup, redactor: operations.NewRedactor(), found: map[string]string{}, open: map[string]string{}}
	if lookup == nil {
		k.lookup, k.environment = fromEnvironment, true
	}
	return k
}

// there reports whether one of the names has a value, without following file:
// and exec: references: looking at a plan runs nothing.
func (k *keyring) there(ctx context.Context, names []string) (string, bool, error) {
	if !k.environment {
		return k.first(ctx, names)
	}
	for _, name := range names {
		if v := os.Getenv(name); v != "" {
			return v, true, nil
		}
	}
	return "", false, nil
}

// first returns the value of the first name that has one.
func (k *keyring) first(ctx context.Context, names []string) (string, bool, error) {
	for _, name := range names {
		v, ok, err := k.get(ctx, name)
		if err != nil {
			return "", false, fmt.Errorf("%s: %w", name, err)
		}
		if ok && v != "" {
			return v, true, nil
		}
	}
	return "", false, nil
}

// plain is get for a value that is no secret and may be shown.
func (k *keyring) plain(ctx context.Context, name string) (string, bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if v, ok := k.open[name]; ok {
		return v, true, nil
	}
	v, ok, err := k.lookup(ctx, name)
	if ok && err == nil && v != "" {
		k.open[name] = v
	}
	return v, ok, err
}

func (k *keyring) get(ctx context.Context, name string) (string, bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if v, ok := k.found[name]; ok {
		return v, true, nil
	}
	v, ok, err := k.lookup(ctx, name)
	if ok && err == nil && v != "" {
		k.found[name] = v
		k.redactor.AddData(v)
	}
	return v, ok, err
}

// fromEnvironment reads an environment variable. A value of the form
// "file:PATH" stands for the file's content, "exec:COMMAND" for what the
// command prints; surrounding white space is trimmed from both.
func fromEnvironment(ctx context.Context, name string) (string, bool, error) {
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
