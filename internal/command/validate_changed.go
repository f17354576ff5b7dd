package command

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/engine/document"
)

// changes are the files of the repository around the working directory that differ from
// where its branch left another one, committed or not.
type changes struct {
	top   string
	files map[string]bool // that exist, links followed
	gone  []string        // those that do not
	// documents reports that some of them may be an OpenAPI document or the like, which
	// leaves no trace in a file that could not use it.
	documents bool
}

// changesSince asks git. The error is one of usage.
func changesSince(ctx context.Context, ref string) (*changes, error) {
	if strings.HasPrefix(ref, "-") {
		return nil, usagef("--changed %q is no commit", ref)
	}
	top, err := git(ctx, ".", "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, usage("--changed: "+err.Error(), "run it in a git repository")
	}
	c := &changes{top: filepath.FromSlash(strings.TrimSuffix(top, "\n")), files: map[string]bool{}}
	base, err := git(ctx, c.top, "merge-base", ref, "HEAD")
	if err != nil {
		return nil, usage("--changed "+ref+": "+err.Error(), "fetch it with its history (fetch-depth: 0 of actions/checkout, GIT_DEPTH: 0 of GitLab): git fetch --unshallow origin")
	}
	names, err := git(ctx, c.top, "diff", "--name-only", "--no-renames", "-z", strings.TrimSpace(base), "--")
	if err != nil {
		return nil, usagef("--changed %s: %v", ref, err)
	}
	untracked, err := git(ctx, c.top, "ls-files", "--others", "--exclude-standard", "-z")
	if err != nil {
		return nil, usagef("--changed %s: %v", ref, err)
	}
	for name := range strings.SplitSeq(names+untracked, "\x00") {
		if name != "" {
			c.add(filepath.Join(c.top, filepath.FromSlash(name)))
		}
	}
	return c, nil
}

func (c *changes) add(path string) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		c.gone = append(c.gone, path)
		c.documents = c.documents || isData(path)
		return
	}
	c.files[path], c.files[real] = true, true
	if isData(path) && !c.documents {
		text, err := os.ReadFile(real)
		c.documents = err == nil && !capabilityMark.Match(text)
	}
}

// isData reports whether a file may be one that capabilities find by its place.
func isData(path string) bool { return isYAML(path) || filepath.Ext(path) == ".json" }

// git runs a command of git that changes nothing.
func git(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-c", "core.fsmonitor=false"}, args...)...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GIT_OPTIONAL_LOCKS=0", "LC_ALL=C")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return "", errors.New("git is needed, and is not installed")
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		reason, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n")
		if reason = strings.TrimPrefix(reason, "fatal: "); reason == "" {
			reason = "it has no commit in common with the working directory"
		}
		return "", errors.New(reason)
	}
	return stdout.String(), nil
}

// touch reports whether a file may be judged otherwise than before the changes: it, or a
// file that it reads, changed, or one that it may have read is gone, or it has an error
// that a document may have caused. Files out of the repository have no history: they
// count as changed.
func (c *changes) touch(r *engine.Report) bool {
	file := realPath(r.File)
	if rel, err := filepath.Rel(c.top, file); err != nil || !filepath.IsLocal(rel) || c.files[file] {
		return true
	}
	return c.documents && r.Diagnostics.HasErrors() ||
		slices.ContainsFunc(r.Files, func(f document.File) bool { return c.files[realPath(f.Path)] }) ||
		slices.ContainsFunc(c.gone, func(gone string) bool { return missed(r, file, gone) })
}

// missed reports whether a file may have read one that is gone: it has the name, or
// looks for such files in that directory.
func missed(r *engine.Report, file, gone string) bool {
	if rel, err := filepath.Rel(filepath.Dir(gone), file); isData(gone) && err == nil && filepath.IsLocal(rel) {
		return true
	}
	name := []byte(filepath.Base(gone))
	for _, text := range r.Sources {
		if bytes.Contains(text, name) {
			return true
		}
	}
	return false
}

// realPath returns a path without links, as far as it exists.
func realPath(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}
