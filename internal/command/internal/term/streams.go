package term

import (
	"errors"
	"io"
	"log"
	"os"
	"syscall"

	xterm "golang.org/x/term"
)

// Streams are the inputs and outputs of an invocation, so that tests run
// whole commands in process.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	Getenv   func(string) string
	// InTTY, OutTTY and ErrTTY report which of them are terminals.
	InTTY, OutTTY, ErrTTY bool
	// Width returns the terminal's columns at this moment.
	Width func() int
	// Libraries points the lines that the standard library logs by itself
	// somewhere else than stderr; nil leaves them.
	Libraries func(to io.Writer)
	// Interrupts hears Ctrl-C; nil where none can come.
	Interrupts *Interrupts
}

func Process() *Streams {
	isTTY := func(f *os.File) bool { return xterm.IsTerminal(int(f.Fd())) }
	return &Streams{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Getenv: os.Getenv,
		InTTY:  isTTY(os.Stdin), OutTTY: isTTY(os.Stdout), ErrTTY: isTTY(os.Stderr),
		Width: terminalWidth,
		Libraries: func(to io.Writer) {
			log.SetFlags(0)
			log.SetOutput(to)
		},
	}
}

// terminalWidth asks stderr first: progress is drawn there, and stdout may be
// a pipe.
func terminalWidth() int {
	for _, f := range []*os.File{os.Stderr, os.Stdout} {
		if w, _, err := xterm.GetSize(int(f.Fd())); err == nil && w > 0 {
			return w
		}
	}
	return 80
}

// Sink remembers the first failed write, so that a command need not check each
// line it prints and a closed stdout still ends in a non-zero exit.
type Sink struct {
	W    io.Writer
	Err  error
	Used bool // something was written
}

func (s *Sink) Write(p []byte) (int, error) {
	if s.Err != nil {
		return 0, s.Err
	}
	s.Used = true
	n, err := s.W.Write(p)
	s.Err = err
	return n, err
}

// IsClosedPipe reports whether the reader went away, which is its own choice
// and no failure.
func IsClosedPipe(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe)
}
