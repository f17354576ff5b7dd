package command

import (
	"path/filepath"
	"runtime"
	"testing"
)

func TestDefaultStateDir(t *testing.T) {
	root := "/"
	if runtime.GOOS == "windows" {
		root = `C:\`
	}
	home, state := filepath.Join(root, "home", "ada"), filepath.Join(root, "state")
	for name, test := range map[string]struct {
		goos string
		env  map[string]string
		want string // "" is an error
	}{
		"xdg":              {"linux", map[string]string{"XDG_STATE_HOME": state, "HOME": home}, filepath.Join(state, "capstan")},
		"relative xdg":     {"linux", map[string]string{"XDG_STATE_HOME": "state", "HOME": home}, filepath.Join(home, ".local/state/capstan")},
		"home":             {"freebsd", map[string]string{"HOME": home}, filepath.Join(home, ".local/state/capstan")},
		"mac":              {"darwin", map[string]string{"HOME": home}, filepath.Join(home, "Library/Application Support/capstan")},
		"xdg on mac":       {"darwin", map[string]string{"XDG_STATE_HOME": state, "HOME": home}, filepath.Join(state, "capstan")},
		"windows":          {"windows", map[string]string{"LocalAppData": home}, filepath.Join(home, "capstan")},
		"no home":          {"linux", nil, ""},
		"relative home":    {"linux", map[string]string{"HOME": "ada"}, ""},
		"windows, no data": {"windows", map[string]string{"HOME": home}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := defaultStateDir(test.goos, func(name string) string { return test.env[name] })
			if got != test.want || (err != nil) != (test.want == "") {
				t.Errorf("got %q, %v; want %q", got, err, test.want)
			}
		})
	}
}

// The commands that are shown find the run when they are pasted into a shell.
func TestCommandsToCopy(t *testing.T) {
	for state, want := range map[string]string{
		"":         "capstan resume run_1 --done pilot",
		"none":     "capstan resume run_1 --done pilot",
		"here":     "capstan resume run_1 --state here --done pilot",
		"it's me":  `capstan resume run_1 --state 'it'\''s me' --done pilot`,
		"a$b/../c": `capstan resume run_1 --state 'a$b/../c' --done pilot`,
	} {
		a, _, _ := newTestApp("")
		a.flags.state = state
		if got := a.command("resume", "run_1", "--done", "pilot"); got != want {
			t.Errorf("state %q:\n got %s\nwant %s", state, got, want)
		}
	}
}

func TestShellWord(t *testing.T) {
	for word, want := range map[string]string{
		"":            "''",
		"/var/lib/c":  "/var/lib/c",
		"a b":         "'a b'",
		"x;rm -rf ~":  "'x;rm -rf ~'",
		"~/runs":      "'~/runs'",
		"übung":       "'übung'",
		"it's":        `'it'\''s'`,
		"new\nline":   "'new\nline'",
		`C:\Users\me`: `'C:\Users\me'`,
	} {
		if got := shellWord(word); got != want {
			t.Errorf("shellWord(%q) = %s, want %s", word, got, want)
		}
	}
}
