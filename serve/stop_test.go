package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capstan-run/capstan/serve/internal/servetest"
)

// stopped is a server that drains: Run was told to stop, and one request is in
// flight until release is called.
type stopped struct {
	*Server
	endpoint *Endpoint
	done     chan error // what Run returned
	release  func()
}

func stopWithARequestInFlight(t *testing.T, o *Options) *stopped {
	t.Helper()
	inFlight, released := make(chan struct{}), make(chan struct{})
	e := &Endpoint{Type: "rest", Address: freeAddress(t), handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(inFlight)
		<-released
	})}
	s := &stopped{Server: New(o), endpoint: e, done: make(chan error, 1), release: sync.OnceFunc(func() { close(released) })}
	t.Cleanup(s.release)
	if err := s.Replace([]*Endpoint{e}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { s.done <- s.Run(ctx) }()
	go func() {
		if res, err := http.Get(s.URL(e)); err == nil {
			res.Body.Close()
		}
	}()
	<-inFlight
	cancel()
	for answers(e.Address) { // the listener is closed when the drain begins
		runtime.Gosched()
	}
	return s
}

func freeAddress(t *testing.T) string {
	return fmt.Sprintf("127.0.0.1:%d", servetest.FreePorts(t, 1)[0])
}

func answers(address string) bool {
	c, err := net.Dial("tcp", address)
	if err == nil {
		c.Close()
	}
	return err == nil
}

// What is reloaded while the server drains opens no port again, and the server
// ends.
func TestNothingIsServedAnewWhileTheServerStops(t *testing.T) {
	s := stopWithARequestInFlight(t, &Options{Drain: time.Hour})
	if err := s.Replace([]*Endpoint{s.endpoint}); !errors.Is(err, ErrStopping) {
		t.Errorf("replaced: %v", err)
	}
	_, err := s.Reload(t.Context(), func(context.Context) ([]*Endpoint, []string, error) {
		t.Error("files are loaded")
		return []*Endpoint{s.endpoint}, nil, nil
	})
	if !errors.Is(err, ErrStopping) {
		t.Errorf("reloaded: %v", err)
	}
	if answers(s.endpoint.Address) {
		t.Error("the port is open again")
	}
	s.release()
	if err := <-s.done; err != nil {
		t.Error(err)
	}
	if answers(s.endpoint.Address) {
		t.Error("the port is open after the end")
	}
}

// A load that was under way when the server was stopped changes nothing either.
func TestALoadThatIsUnderWayWhenTheServerStopsIsDropped(t *testing.T) {
	s := New(nil)
	e := &Endpoint{Type: "rest", Address: freeAddress(t), handler: http.NotFoundHandler()}
	loading, loaded, result := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		_, err := s.Reload(t.Context(), func(context.Context) ([]*Endpoint, []string, error) {
			close(loading)
			<-loaded
			return []*Endpoint{e}, nil, nil
		})
		result <- err
	}()
	<-loading
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Run(ctx); err != nil {
		t.Error(err)
	}
	close(loaded)
	if err := <-result; !errors.Is(err, ErrStopping) || answers(e.Address) {
		t.Errorf("got %v; the port is open: %v", err, answers(e.Address))
	}
}

// The watcher of files ends with the server.
func TestWatchingEndsWhenTheServerStops(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.yaml")
	if err := os.WriteFile(file, []byte("1"), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		s := New(nil)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			s.watch(context.Background(), []string{file}, time.Now(), func(context.Context) ([]*Endpoint, []string, error) {
				t.Error("files are loaded")
				return nil, nil, nil
			})
		}()
		synctest.Wait() // the file was seen as it was
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Run(ctx); err != nil {
			t.Error(err)
		}
		if err := os.WriteFile(file, []byte("22"), 0o600); err != nil {
			t.Fatal(err)
		}
		<-ended
	})
}

// A request that does not end is cut off once the time to drain is up.
func TestARequestThatDoesNotEndIsCutOff(t *testing.T) {
	s := stopWithARequestInFlight(t, &Options{Drain: time.Millisecond})
	if err := <-s.done; err != nil {
		t.Error(err)
	}
}

// What was replaced may take its time to close: that keeps no one from stopping
// the server.
func TestAnEndpointThatClosesSlowlyDoesNotHoldTheServer(t *testing.T) {
	s := New(nil)
	closing, closed := make(chan struct{}), make(chan struct{})
	slow := &Endpoint{Type: "mcp", Address: freeAddress(t), handler: http.NotFoundHandler(), close: func() {
		close(closing)
		<-closed
	}}
	if err := s.Replace([]*Endpoint{slow}); err != nil {
		t.Fatal(err)
	}
	replaced := make(chan error, 1)
	go func() { replaced <- s.Replace(nil) }()
	<-closing
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Run(ctx); err != nil {
		t.Error(err)
	}
	close(closed)
	if err := <-replaced; err != nil {
		t.Error(err)
	}
}
