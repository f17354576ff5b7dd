// Command peers runs the workflow with the Arazzo engine of libopenapi. It is a
// module of its own, so that Capstan's has none of this.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/pb33f/libopenapi"
	"github.com/pb33f/libopenapi/arazzo"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
)

func main() {
	log.SetFlags(0)
	server := flag.String("server", "", "the API's `URL`")
	workers := flag.Int("workers", 0, "measure this many `workers`; 0 runs it once")
	long := flag.Duration("for", time.Second, "how long they work")
	times := flag.Int("times", 0, "how often each worker does it, in place of -for")
	flag.Parse()
	engines, err := load(flag.Arg(0), *server, max(1, *workers))
	if err != nil {
		log.Fatal(err)
	}
	if *workers == 0 {
		err = once(engines[0])
	} else {
		err = loop(*long, *times, *workers, func(worker int) error { return once(engines[worker]) })
	}
	if err != nil {
		log.Fatal(err)
	}
}

// load makes an engine for each worker, since one may not serve two at once. They
// share the documents.
func load(file, server string, n int) (engines []*arazzo.Engine, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	doc, err := libopenapi.NewArazzoDocument(text)
	if err != nil {
		return nil, err
	}
	folder, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return nil, err
	}
	sources, err := arazzo.ResolveSources(doc, &arazzo.ResolveConfig{
		BaseURL: "file://" + folder + "/", FSRoots: []string{folder}, OpenAPIFactory: openAPI,
	})
	if err != nil {
		return nil, err
	}
	send := newSender(server, sources[0].OpenAPIDocument)
	for range n {
		engines = append(engines, arazzo.NewEngine(doc, send, sources))
	}
	return engines, nil
}

func openAPI(_ string, text []byte) (*v3.Document, error) {
	doc, err := libopenapi.NewDocument(text)
	if err != nil {
		return nil, err
	}
	model, err := doc.BuildV3Model()
	if err != nil {
		return nil, err
	}
	return &model.Model, nil
}

func once(e *arazzo.Engine) error {
	result, err := e.RunWorkflow(context.Background(), "onboard", map[string]any{"organization_name": "Harbour Works"})
	switch {
	case err != nil:
		return err
	case !result.Success:
		return fmt.Errorf("the workflow failed: %w", result.Error)
	case result.Outputs["user_id"] == nil:
		return fmt.Errorf("no output: %v", result.Outputs)
	}
	return nil
}
