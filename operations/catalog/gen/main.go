// Command gen compiles the OpenAPI documents that are built into Capstan. Run
// it through `go generate ./operations/catalog` after replacing a document.
package main

import (
	"log"
	"os"

	"github.com/capstan-run/capstan/operations/openapi"
)

func main() {
	log.SetFlags(0)
	const api = "workos"
	doc, err := os.ReadFile(api + "/openapi.yaml")
	if err != nil {
		log.Fatal(err)
	}
	// WorkOS documents 6,000 requests a minute; its OpenAPI document does not have that.
	index, problems := openapi.Compile(api, doc, &openapi.Options{Pace: "6000/m"})
	if err := problems.Err(); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(api+".index", index.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
}
