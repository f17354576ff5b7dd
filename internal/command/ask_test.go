package command

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/capstan-run/capstan/internal/command/internal/term"
)

// terminal is somebody at a terminal who waits for text before going on.
type terminal struct {
	io.Writer // what the person types goes here
	streams   *term.Streams

	mu    sync.Mutex
	shown bytes.Buffer
	more  *sync.Cond
	seen  int // how much of shown await has passed
}

func newTerminal(t *testing.T) *terminal {
	in, typed := io.Pipe()
	t.Cleanup(func() { typed.Close() })
	state := t.TempDir()
	person := &terminal{Writer: typed}
	person.more = sync.NewCond(&person.mu)
	env := map[string]string{"XDG_STATE_HOME": state, "TERM": "dumb"}
	person.streams = &term.Streams{
		In: in, Out: new(strings.Builder), Err: person.screen(),
		Getenv: func(name string) string { return env[name] }, Width: func() int { return 100 },
		InTTY: true, ErrTTY: true,
	}
	return person
}

// screen is the terminal's other side.
func (t *terminal) screen() io.Writer { return writerFunc(t.show) }

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func (t *terminal) show(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.more.Broadcast()
	return t.shown.Write(p)
}

// await waits until text appears behind what was awaited before.
func (t *terminal) await(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for {
		if i := strings.Index(t.shown.String()[t.seen:], text); i >= 0 {
			t.seen += i + len(text)
			return
		}
		t.more.Wait()
	}
}

// elsewhere executes a command in another shell, without a terminal.
func (t *terminal) elsewhere(args ...string) (code int, out string) {
	stdout, stderr := new(strings.Builder), new(strings.Builder)
	s := *t.streams
	s.In, s.Out, s.Err, s.InTTY, s.ErrTTY = strings.NewReader(""), stdout, stderr, false, false
	code = run(context.Background(), args, &s)
	return code, stdout.String() + stderr.String()
}

// start begins a command at the terminal; the result is sent when it has ended.
func (t *terminal) start(args ...string) <-chan int {
	ended := make(chan int, 1)
	go func() { ended <- run(context.Background(), args, t.streams) }()
	return ended
}

var moor = []string{"run", "testdata/harbour/moor.yaml", "--openapi", "testdata/harbour/harbour.openapi.yaml", "--mock", "-i", "imo=9074729"}

func (t *terminal) out() string { return t.streams.Out.(*strings.Builder).String() }

func TestAnswerAtTheTerminal(t *testing.T) {
	person := newTerminal(t)
	ended := person.start(moor...)
	person.await("done? ")
	// The question may be on the screen a moment before the list knows of it.
	for {
		if _, list := person.elsewhere("runs", "list"); strings.Contains(list, "  waiting  ") {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Fprintln(person, "y")
	if code := <-ended; code != exitDone || !strings.Contains(person.out(), "berth: ") {
		t.Errorf("exit %d, outputs %q", code, person.out())
	}
	if _, out := person.elsewhere("runs", "show", "run_"); !strings.Contains(out, "pilot: said to be done, by the terminal\n") {
		t.Errorf("the history does not tell who said so:\n%s", out)
	}
}

// A run that was left at a person's step asks again where it is resumed.
func TestResumeAsksAtTheTerminal(t *testing.T) {
	person := newTerminal(t)
	if code, out := person.elsewhere(moor...); code != exitWaiting {
		t.Fatalf("exit %d: %s", code, out)
	}
	ended := person.start("resume", "run_")
	person.await("Bring the ship in")
	person.await("done? ")
	fmt.Fprintln(person, "y")
	if code := <-ended; code != exitDone || !strings.Contains(person.out(), "berth: ") {
		t.Errorf("exit %d, outputs %q", code, person.out())
	}
}

// Where nobody can be asked, a resume that stays shows the task and the command that ends it.
func TestResumeThatStaysShowsTheTask(t *testing.T) {
	person := newTerminal(t)
	if code, out := person.elsewhere(moor...); code != exitWaiting {
		t.Fatalf("exit %d: %s", code, out)
	}
	person.streams.InTTY = false
	ended := person.start("resume", "run_", "--wait")
	person.await(`waiting: step "pilot" is to be done by somebody else`)
	person.await("then, in any shell: capstan resume run_")
	if code, out := person.elsewhere("resume", "run_", "--done", "pilot"); code != exitDone {
		t.Errorf("exit %d: %s", code, out)
	}
	if code := <-ended; code != exitDone {
		t.Errorf("exit %d", code)
	}
}

// An open question is withdrawn when somebody else gives the answer.
func TestAnswerFromElsewhere(t *testing.T) {
	for name, typed := range map[string]string{"while asked": "", "after wait": "w\n"} {
		t.Run(name, func(t *testing.T) {
			person := newTerminal(t)
			ended := person.start(moor...)
			person.await("done? ")
			if typed != "" {
				io.WriteString(person, typed)
				person.await("it waits until somebody says so: capstan resume run_")
			}
			person.mu.Lock() // without its screen, the run does not end before
			code, out := person.elsewhere("resume", "run_", "--done", "pilot")
			person.mu.Unlock()
			if code != exitDone || !strings.Contains(out, "told the process that drives the run") {
				t.Errorf("exit %d: %s", code, out)
			}
			if code := <-ended; code != exitDone || !strings.Contains(person.out(), "berth: ") {
				t.Errorf("exit %d, outputs %q", code, person.out())
			}
		})
	}
}

// With --wait=false a run that waits for a person is left, and nobody is asked.
func TestLeaveWithoutAnswer(t *testing.T) {
	person := newTerminal(t)
	if code := <-person.start(append(moor, "--wait=false")...); code != exitWaiting {
		t.Errorf("exit %d, want %d", code, exitWaiting)
	}
	if shown := person.shown.String(); strings.Contains(shown, "done? ") {
		t.Errorf("asked:\n%s", shown)
	}
	person.await("then: capstan resume run_")
}

// One that nothing keeps cannot wait for word from elsewhere: it is asked for, and left
// without an answer.
func TestLeaveWhatNothingKeeps(t *testing.T) {
	person := newTerminal(t)
	ended := person.start(append(moor, "--state", "none")...)
	person.await("done? ")
	fmt.Fprintln(person, "w")
	if code := <-ended; code != exitWaiting {
		t.Errorf("exit %d, want %d", code, exitWaiting)
	}
	person.await("run it again with --done pilot")
}
