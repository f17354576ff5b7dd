package command

import (
	"io"
	"log"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/internal/command/internal/term"
)

// What net/http logs by itself is no output of capstan's: an API that answers
// before it is asked puts nothing on stderr, and its words nowhere.
func TestLinesOfTheStandardLibraryDoNotReachStderr(t *testing.T) {
	const line = `Unsolicited response received on idle HTTP channel starting with "HTTP/1.1 200 OK\r\nX: sk_secret"; err=<nil>`
	for _, verbose := range []bool{false, true} {
		a, _, stderr := newTestApp("")
		var to io.Writer
		a.io.Libraries = func(w io.Writer) { to = w }
		args := []string{"version"}
		if verbose {
			args = append(args, "-v")
		}
		if code := run(t.Context(), args, a.io); code != exitDone || to == nil {
			t.Fatalf("exit %d, %v", code, to)
		}
		log.New(to, "", 0).Print(line)
		if got := stderr.String(); verbose != strings.Contains(got, "Unsolicited response") || strings.Contains(got, "sk_secret") {
			t.Errorf("verbose %v: %q", verbose, got)
		}
	}
}

// TestTheProcessTakesTheStandardLibrarysLines holds Process to it.
func TestTheProcessTakesTheStandardLibrarysLines(t *testing.T) {
	defer log.SetFlags(log.Flags())
	defer log.SetOutput(log.Writer())
	var got strings.Builder
	term.Process().Libraries(&got)
	log.Print("a line")
	if got.String() != "a line\n" {
		t.Errorf("got %q", got.String())
	}
}
