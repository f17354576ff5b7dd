package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/lazyregexp"
)

// check judges the files, and the capability files under the directories and of the
// patterns.
func (v *validation) check(ctx context.Context, paths []string) error {
	for _, path := range paths {
		if err := v.checkPath(ctx, path); err != nil {
			return err
		}
	}
	v.excluded.unused(v)
	return errors.Join(ctx.Err(), v.failed)
}

func (v *validation) checkPath(ctx context.Context, path string) error {
	if path == "-" {
		return v.addStdin(ctx)
	}
	files, searched, err := filesOf(ctx, path)
	switch {
	case err != nil:
		return err
	case searched == "":
		v.add(ctx, path) // a missing file is the engine's to report, or to find among its own
		return nil
	}
	v.excluded.searched(path)
	found, err := v.addCapabilities(ctx, files)
	if err == nil && !found {
		return usagef("no capability file %s", searched)
	}
	return err
}

// filesOf lists the files that an argument stands for: those under a directory, those
// that match a pattern, or the one that it names. searched is where the files were
// found, in words, "" for one that was named.
func filesOf(ctx context.Context, path string) (files []string, searched string, err error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		files, _, err = yamlUnder(ctx, path)
		return files, "(*.yaml, *.yml) under " + path, err
	case err != nil && isGlob(path):
		files, err = expand(ctx, path)
		return files, fmt.Sprintf("matches %q", path), err
	}
	return []string{path}, "", nil
}

// addCapabilities judges those of the files that are capabilities, and reports whether
// there are any.
func (v *validation) addCapabilities(ctx context.Context, files []string) (found bool, err error) {
	v.opts.Several = true
	for _, file := range files {
		if ctx.Err() != nil {
			return found, ctx.Err()
		}
		found = v.addIfCapability(ctx, file) || found
	}
	return found, nil
}

// yamlUnder lists the YAML files below a directory and its folders, itself first.
// Hidden ones are passed over.
func yamlUnder(ctx context.Context, dir string) (files, folders []string, err error) {
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("%s cannot be read: %w", path, err)
		case ctx.Err() != nil:
			return ctx.Err()
		case path != dir && strings.HasPrefix(entry.Name(), "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
		case entry.IsDir():
			folders = append(folders, path)
		case isYAML(path):
			files = append(files, path)
		}
		return nil
	})
	return files, folders, err
}

func isYAML(path string) bool {
	ext := filepath.Ext(path)
	return ext == ".yaml" || ext == ".yml"
}

func isGlob(path string) bool { return strings.ContainsAny(path, "*?[{") }

// expand lists the files that match a pattern: ** stands for any directories, none
// among them, {a,b} for one of several words, and the rest is as for [path.Match]. A
// name that begins with a dot is matched by one that does. Links are followed, but not
// for **.
func expand(ctx context.Context, pattern string) ([]string, error) {
	var files []string
	for _, p := range alternatives(filepath.ToSlash(pattern)) {
		dir := ""
		if rest, ok := strings.CutPrefix(p, "/"); ok {
			dir, p = "/", rest
		}
		e := expansion{ctx: ctx, pattern: pattern}
		if err := e.match(dir, strings.Split(p, "/")); err != nil {
			return nil, err
		}
		files = append(files, e.files...)
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// alternatives returns the patterns that one with {a,b} stands for.
func alternatives(pattern string) []string {
	open, depth := -1, 0
	var parts []string // ends of the alternatives in the first braces
	last := 0
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\':
			i++
		case c == '{':
			if depth++; depth == 1 {
				open, last = i, i+1
			}
		case c == ',' && depth == 1:
			parts, last = append(parts, pattern[last:i]), i+1
		case c == '}' && depth > 0:
			if depth--; depth > 0 {
				continue
			}
			var out []string
			for _, part := range append(parts, pattern[last:i]) {
				out = append(out, alternatives(pattern[:open]+part+pattern[i+1:])...)
			}
			return out
		}
	}
	return []string{pattern}
}

type expansion struct {
	ctx     context.Context
	pattern string
	files   []string
}

// match adds the files below dir that match the parts of a path.
func (e *expansion) match(dir string, parts []string) error {
	switch parts[0] {
	case "", ".", "..":
		if len(parts) == 1 {
			return nil
		}
		return e.match(join(dir, parts[0]), parts[1:])
	case "**":
		if len(parts) == 1 {
			parts = []string{"**", "*"}
		}
		if err := e.match(dir, parts[1:]); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(filepath.FromSlash(join(dir, ".")))
	switch {
	case e.ctx.Err() != nil:
		return e.ctx.Err()
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("%s cannot be read: %w", join(dir, "."), err)
	}
	for _, entry := range entries {
		if err := e.entry(dir, entry, parts); err != nil {
			return err
		}
	}
	return nil
}

func (e *expansion) entry(dir string, entry fs.DirEntry, parts []string) error {
	name := entry.Name()
	if hidden := strings.HasPrefix(name, "."); hidden && !strings.HasPrefix(parts[0], ".") {
		return nil
	}
	at := join(dir, name)
	if parts[0] == "**" {
		if !entry.IsDir() {
			return nil
		}
		return e.match(at, parts)
	}
	matched, err := path.Match(parts[0], name)
	if err != nil {
		return usagef("%q is not a pattern: a bracket is not closed", e.pattern)
	}
	if !matched {
		return nil
	}
	info, err := os.Stat(filepath.FromSlash(at))
	isDir := err == nil && info.IsDir()
	switch {
	case isDir && len(parts) > 1:
		return e.match(at, parts[1:])
	case !isDir && len(parts) == 1:
		e.files = append(e.files, filepath.FromSlash(at))
	}
	return nil
}

// join is [path.Join] that keeps "" for the working directory.
func join(dir, name string) string {
	if dir == "" && name == "" {
		return ""
	}
	return path.Join(dir, name)
}

// capabilityMark finds a key that only capability files have, so that one with
// broken YAML is reported rather than passed over as something else.
var capabilityMark = lazyregexp.New(`(?m)^(specification:\s*['"]?Naftiko|naftiko:|ikanos:)`)

// addIfCapability judges a file that was found rather than named: YAML of other
// kinds is no problem of ours.
func (v *validation) addIfCapability(ctx context.Context, file string) bool {
	if !v.first(file) {
		return true
	}
	f, report := v.judge(ctx, file)
	v.excluded.note(report)
	if !isCapability(report) {
		if v.app.flags.verbose {
			v.app.complain("%s: passed over, %s is no capability", file, report.Dialect)
		}
		return false
	}
	if v.excluded.takes(v, report) {
		delete(v.seen, fullName(file)) // it is judged where it is named
	} else {
		v.report(ctx, file, f, report)
	}
	return true
}

func isCapability(r *engine.Report) bool { return isCapabilityText(r.Dialect, r.Sources[r.File]) }

func isCapabilityText(dialect string, text []byte) bool {
	switch dialect {
	case "overlay", "openapi", "edges", "fleet", "template":
		return false
	case "", "unknown":
		return capabilityMark.Match(text)
	}
	return true
}
