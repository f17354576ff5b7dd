package command

import "testing"

// What changes while serving is seen without -v, and not with --quiet.
func TestServingTellsWhatChanges(t *testing.T) {
	for _, quiet := range []bool{false, true} {
		a, _, stderr := newTestApp("")
		a.flags.quiet = quiet
		log := a.serveLog()
		log.Info("the changed files are served now")
		if seen := stderr.Len() > 0; seen == quiet {
			t.Errorf("quiet %v: %q", quiet, stderr.String())
		}
		if log.Warn("broken"); stderr.Len() == 0 {
			t.Errorf("quiet %v: a warning is not seen", quiet)
		}
	}
}
