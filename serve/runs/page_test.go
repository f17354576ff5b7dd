package runs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// The page reads and writes values through numbers.js alone: the language's own
// parser would show an id beyond 2^53 as another number.
func TestThePageKeepsTheDigitsOfNumbers(t *testing.T) {
	files, err := filepath.Glob("page/*.js")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	lossy := regexp.MustCompile(`JSON\.parse\(|\.json\(\)|JSON\.stringify\((?:v|body|inputs|preset)\b`)
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if found := lossy.Find(text); found != nil && filepath.Base(name) != "numbers.js" {
			t.Errorf("%s has %s, which loses digits; use numbers.js", name, found)
		}
	}
}
