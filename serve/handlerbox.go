package serve

import (
	"net/http"
	"sync/atomic"
)

// handlerBox is a handler that can be replaced: each request is answered by the
// one that was there when it came.
type handlerBox struct{ atomic.Pointer[http.Handler] }

func (b *handlerBox) ServeHTTP(w http.ResponseWriter, r *http.Request) { (*b.Load()).ServeHTTP(w, r) }
