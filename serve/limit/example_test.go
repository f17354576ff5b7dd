package limit_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/capstan-run/capstan/serve/access"
	"github.com/capstan-run/capstan/serve/limit"
)

func Example() {
	scheme, err := access.Bearer("a-long-random-token")
	if err != nil {
		fmt.Println(err)
		return
	}
	var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "hello")
	})
	h = limit.Throttle(limit.Rate{PerSecond: 10}, h)
	h = access.Require(scheme, h)
	h = access.LocalHosts(nil, access.CORS(nil, h))
	server := httptest.NewUnstartedServer(nil)
	server.Config = limit.Server(h, limit.Options{})
	server.Start()
	defer server.Close()

	for _, token := range []string{"", "a-long-random-token"} {
		req, _ := http.NewRequest("GET", server.URL, nil)
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			fmt.Println(err)
			return
		}
		resp.Body.Close()
		fmt.Println(resp.StatusCode)
	}
	// Output:
	// 401
	// 200
}
