package dialect

import (
	"testing"

	"github.com/capstan-run/capstan/diag"
	"github.com/capstan-run/capstan/spec"
)

func TestFrameworkFiles(t *testing.T) {
	for name, strict := range map[string]bool{"framework.yaml": false, "framework-strict.yaml": true} {
		checkChunks(t, name, func(file string, src []byte) diag.List {
			s, diags := Read(file, src)
			_, more := s.File(spec.Options{Strict: strict})
			return append(diags, more...).Sort()
		})
	}
}
