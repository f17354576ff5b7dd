package columns

import "strings"

// Fold breaks the lines of a text that are wider than a number of columns at blanks, and
// indents what follows; 0 is no limit. An option of one letter stays with its value. A
// line that is a command to copy, which is indented, stays whole, and so does a word
// that would fit on no line.
func Fold(text string, width int) string {
	if width <= 0 {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if visible(line) > width && !isCommand(line) {
			lines[i] = foldLine(line, width)
		}
	}
	return strings.Join(lines, "\n")
}

// Fill breaks the paragraphs of a text, which empty lines divide, into lines of at most a
// number of columns; 0 leaves them as they are.
func Fill(text string, width int) string {
	if width <= 0 {
		return text
	}
	paragraphs := strings.Split(text, "\n\n")
	for i, p := range paragraphs {
		paragraphs[i] = strings.Join(Wrap(p, width), "\n")
	}
	return strings.Join(paragraphs, "\n\n")
}

func isCommand(line string) bool {
	command := strings.TrimLeft(line, " ")
	return command != line && strings.HasPrefix(command, "capstan ")
}

// Hanging is the indentation of what belongs to a line: two blanks more than its own.
func Hanging(line string) string {
	return strings.Repeat(" ", len(line)-len(strings.TrimLeft(line, " "))+2)
}

// foldLine breaks one line. Blanks inside it stay, but for those at a break.
func foldLine(line string, width int) string {
	indent := Hanging(line)
	var out strings.Builder
	at := 0 // the columns of the line that is being filled
	for rest := line; rest != ""; {
		blanks := len(rest) - len(strings.TrimLeft(rest, " "))
		end := blanks + wordEnd(rest[blanks:])
		word := rest[blanks:end]
		n := visible(word)
		if at > 0 && at+blanks+n > width && len(indent)+n <= width {
			out.WriteString("\n" + indent + word)
			at = len(indent) + n
		} else {
			out.WriteString(rest[:end])
			at += blanks + n
		}
		rest = rest[end:]
	}
	return out.String()
}

// wordEnd returns where the word ends that s begins with: an option of one letter has
// the word behind it.
func wordEnd(s string) int {
	end := strings.IndexByte(s, ' ')
	switch {
	case end < 0:
		return len(s)
	case end == 2 && s[0] == '-' && s[1] != '-':
		return end + 1 + wordEnd(s[end+1:])
	}
	return end
}

// visible returns the columns of s without its colours.
func visible(s string) int {
	n := 0
	for {
		before, after, colored := strings.Cut(s, "\x1b[")
		n += Of(before)
		if !colored {
			return n
		}
		_, s, _ = strings.Cut(after, "m")
	}
}
