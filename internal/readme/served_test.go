package readme

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// folder is the marker of a page whose commands build on each other: they run in a copy of
// that folder, in order.
var folder = regexp.MustCompile(`(?m)^<!-- folder: (\S+) -->$`)

// workspace returns the folder that the commands of a page run in.
func (p page) workspace(t *testing.T) string {
	t.Helper()
	m := folder.FindStringSubmatch(p.text)
	if m == nil {
		return p.dir()
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(p.dir(), filepath.FromSlash(m[1])))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// servedAt is the address that pages show.
const servedAt = "127.0.0.1:8080"

// server is a command that a page has started with "&". It listens at a port of its own,
// which stands for the one on the page.
type server struct{ address string }

func (c command) isBackground() bool { return c.args[len(c.args)-1] == "&" }

func (c command) isCurl() bool { return c.args[0] == "curl" }

func (c command) isCat() bool { return c.args[0] == "cat" && len(c.args) == 2 }

// cat compares a file with the page.
func (c command) cat(t *testing.T, dir string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, c.args[1]))
	if err != nil {
		t.Fatal(err)
	}
	c.compare(t, strings.ReplaceAll(string(text), "\r\n", "\n"))
}

// start starts `capstan serve ... &` until the test ends, and compares its first lines, as
// many as the page shows.
func (s *server) start(t *testing.T, bin, dir string, c command) {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = free.Addr().String()
	free.Close()
	args := slices.Concat(c.args[1:len(c.args)-1], []string{"--rest", s.address, "--mcp", s.address})
	cmd := exec.Command(bin, args...)
	cmd.Dir, cmd.Env = dir, environment(t, true)
	out, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	var got strings.Builder
	lines := bufio.NewScanner(out)
	for range strings.Count(c.output, "\n") {
		if !lines.Scan() {
			break
		}
		got.WriteString(lines.Text() + "\n")
	}
	c.compare(t, strings.ReplaceAll(got.String(), s.address, servedAt))
}

// curl sends a request as curl does, with the flags -s, -H and --json.
func (s *server) curl(t *testing.T, dir string, c command) {
	t.Helper()
	method, url, body, header := "GET", "", "", http.Header{}
	for i := 1; i < len(c.args); i++ {
		switch arg := c.args[i]; arg {
		case "-s":
		case "-H":
			i++
			name, value, _ := strings.Cut(c.args[i], ": ")
			header.Set(name, value)
		case "--json":
			i++
			method, body = "POST", c.args[i]
			header.Set("Content-Type", "application/json")
			if file, ok := strings.CutPrefix(body, "@"); ok {
				text, err := os.ReadFile(filepath.Join(dir, file))
				if err != nil {
					t.Fatal(err)
				}
				body = string(text)
			}
		default:
			url = strings.Replace(arg, servedAt, s.address, 1)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	text := string(got)
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		text = dataOf(text)
	}
	c.compare(t, strings.TrimRight(strings.ReplaceAll(text, s.address, servedAt), "\n")+"\n")
}

// dataOf returns the data of an event stream. A call that takes a moment longer, as on a
// busy machine, is answered with one, whose data is the plain answer of a fast one.
func dataOf(stream string) string {
	var data strings.Builder
	for line := range strings.Lines(stream) {
		if text, ok := strings.CutPrefix(line, "data: "); ok {
			data.WriteString(text)
		}
	}
	return data.String()
}

func TestDataOfAStream(t *testing.T) {
	if got := dataOf(": still here\n\nevent: message\ndata: {\"id\":1}\n\n"); got != "{\"id\":1}\n" {
		t.Errorf("%q", got)
	}
}

// compare holds printed text to the page.
func (c command) compare(t *testing.T, got string) {
	t.Helper()
	if !pattern(c.output).MatchString(got) {
		t.Errorf("$ %s\nprinted:\n%s\nthe page says:\n%s", strings.Join(c.args, " "), got, c.output)
	}
}

func TestCommandsOverLines(t *testing.T) {
	commands, err := parseConsole(block{text: "$ curl -s \\\n    http://127.0.0.1:8080/\n{}\n$ capstan serve x.yaml &\n"})
	if err != nil || len(commands) != 2 || fmt.Sprint(commands[0].args) != "[curl -s http://127.0.0.1:8080/]" || commands[0].output != "{}\n" || !commands[1].isBackground() {
		t.Errorf("%v: %+v", err, commands)
	}
}
