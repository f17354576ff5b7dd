package spec

import "github.com/capstan-run/capstan/diag"

// Framework decodes a file of the framework dialect.
func (s *Source) Framework(o FrameworkOptions) (*Framework, diag.List) { return nil, nil }
