// Command stub is the API that every benchmark asks. It answers at once with fixed
// texts, and refuses a request that does not carry the values of the answers before
// it. With -proxy it is a plain proxy of another one instead.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
)

func main() {
	proxy := flag.String("proxy", "", "pass every request on to the server at `URL`")
	flag.Parse()
	handler := http.Handler(api())
	if *proxy != "" {
		target, err := url.Parse(*proxy)
		if err != nil {
			log.Fatal(err)
		}
		handler = &httputil.ReverseProxy{
			Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
			Transport: &http.Transport{MaxIdleConnsPerHost: 100},
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s\n", listener.Addr())
	log.Fatal(http.Serve(listener, handler))
}
