package serve

import (
	"fmt"
	"net/http"

	"github.com/capstan-run/capstan/spec"
)

type shared struct{ endpoints []*Endpoint }

func newShared(f *spec.Framework) *shared                             { return &shared{} }
func (s *shared) watch(e *spec.Exposure, h http.Handler) http.Handler { return h }

func (b *exposing) skills(e *spec.Exposure) (http.Handler, error) { return nil, fmt.Errorf("todo") }
func (b *exposing) control(e *spec.Exposure) http.Handler         { return http.NotFoundHandler() }
