package term

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/internal/jsonvalue"
)

func parse(data []byte) (any, error) { return jsonvalue.DecodeInput(data) }

func TestPromptAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		typed string
		want  any
		err   error
	}{
		"yes":           {"y\n", nil, nil},
		"yes in full":   {"  YES \n", nil, nil},
		"asks again":    {"\nwhat?\ny\n", nil, nil},
		"result":        {"j\n{\"sent\": true}\n", map[string]any{"sent": true}, nil},
		"broken result": {"j\n{\nj\n1\n", 1, nil},
		"wait":          {"w\n", nil, engine.ErrNotDone},
		"end of input":  {"", nil, engine.ErrNotDone},
		"end in result": {"j\n", nil, engine.ErrNotDone},
		"no line's end": {"y", nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			p := &Prompter{Parse: parse, Out: &out, Lines: Lines(strings.NewReader(test.typed))}
			got, err := p.Ask(t.Context(), mailStep)
			if !errors.Is(err, test.err) {
				t.Fatalf("error %v, want %v", err, test.err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
		})
	}
}

var mailStep = engine.ExternalStep{
	Step: "send-link", Description: "Email the link to admin_email so that they can connect.",
	With:      map[string]any{"link": "https://example.test/secret", "admin_email": "it@acme.com\x1b[2J"},
	Sensitive: []string{"link"},
}

func TestPromptShowsTheTask(t *testing.T) {
	var out strings.Builder
	p := &Prompter{Parse: parse, Out: &out, Lines: Lines(strings.NewReader("y\n")), Width: 40}
	if _, err := p.Ask(t.Context(), mailStep); err != nil {
		t.Fatal(err)
	}
	want := `
step send-link is yours, or another system's, to do:
  Email the link to admin_email so that
  they can connect.
  admin_email  "it@acme.com\u001b[2J"
  link         [redacted]  (s shows it)
done? [y]es  [s]how hidden values  [j]son result  [w]ait: `
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("prompt (-want +got):\n%s", diff)
	}
	out.Reset()
	p = &Prompter{Parse: parse, Out: &out, Lines: Lines(strings.NewReader("y\n")), ShowSensitive: true}
	if _, err := p.Ask(t.Context(), mailStep); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "https://example.test/secret") {
		t.Errorf("--show-sensitive does not show the link:\n%s", out.String())
	}
}

// Whoever mails the link has to see it; whoever presses Enter, what there is to say.
func TestPromptShowsAndExplains(t *testing.T) {
	var out strings.Builder
	p := &Prompter{Parse: parse, Out: &out, Lines: Lines(strings.NewReader("s\n\nno\ny\n"))}
	if _, err := p.Ask(t.Context(), mailStep); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "https://example.test/secret"); n != 1 {
		t.Errorf("the link is shown %d times:\n%s", n, &out)
	}
	if n := strings.Count(out.String(), "please answer y when it is done, s to see what is hidden, j to give its result, w to leave it for later\n"); n != 2 {
		t.Errorf("%d answers are explained:\n%s", n, &out)
	}
}

// That there is no value is no secret.
func TestTaskWithoutItsSecret(t *testing.T) {
	var out strings.Builder
	Task{With: map[string]any{"link": nil}, Sensitive: []string{"link"}}.Write(&out, false, RevealsByFlag, 0)
	if diff := cmp.Diff("  link  null\n", out.String()); diff != "" {
		t.Errorf("task (-want +got):\n%s", diff)
	}
}

// A person who walks away leaves the prompt in a read that never returns.
func TestPromptEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("interrupted")
	never, theirs := io.Pipe()
	defer theirs.Close()
	asked := make(chan struct{})
	p := &Prompter{Parse: parse, Out: &signalling{said: asked}, Lines: Lines(never)}
	go func() {
		<-asked
		cancel(cause)
	}()
	if _, err := p.Ask(ctx, mailStep); !errors.Is(err, cause) {
		t.Errorf("error %v, want the cause", err)
	}
}

// A line that comes after its question was given up answers the next one.
func TestLineOutlivesItsQuestion(t *testing.T) {
	in, typed := io.Pipe()
	defer typed.Close()
	lines := Lines(in)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := lines(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	go io.WriteString(typed, "y\n")
	if got, err := lines(t.Context()); got != "y\n" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

// signalling tells when the question has been asked.
type signalling struct{ said chan struct{} }

func (s *signalling) Write(p []byte) (int, error) {
	if strings.HasPrefix(string(p), "done?") {
		close(s.said)
	}
	return len(p), nil
}
