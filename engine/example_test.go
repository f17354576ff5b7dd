package engine_test

import (
	"context"
	"fmt"
	"os"

	"github.com/capstan-run/capstan/engine"
	"github.com/capstan-run/capstan/spec"
)

// The step of a person is performed by a function of the program.
func ExampleRunner_Run() {
	ctx := context.Background()
	prog, err := engine.Load(ctx, "b2b-enterprise-onboarding", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	runner := engine.NewRunner(&engine.Options{
		Mock: true, // in place of WorkOS
		External: map[string]engine.ExternalHandler{
			"send-portal-link": func(_ context.Context, step engine.ExternalStep) (any, error) {
				fmt.Println("a mail goes to", step.With["admin_email"])
				return nil, nil
			},
		},
	})
	res, err := runner.Run(ctx, prog, engine.Inputs{
		"organization_name": "Acme", "domains": []string{"acme.com"}, "admin_email": "it@acme.com",
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(res.Status, res.Outputs["connection_id"] != nil)
	// Output:
	// a mail goes to it@acme.com
	// succeeded true
}

// A unit test of a project validates its capabilities: of each file all problems at
// once, and what it calls, writes and asks for.
func ExampleOpen() {
	ctx := context.Background()
	f, err := engine.Open(ctx, "fleet.yaml", &engine.LoadOptions{FS: os.DirFS("testdata/embedded"), Strict: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := f.Err(); err != nil {
		fmt.Println(err)
		return
	}
	for _, u := range f.Units() {
		plan := u.Program.Plan()
		fmt.Println(u.Kind == spec.UnitComposition, u.Name)
		for _, step := range plan.Steps {
			fmt.Println(" ", step.ID, step.Effect, step.Method, step.Path)
		}
	}
	// Output:
	// true fleet
	//   register write POST /ships
	//   find read GET /ships/{imo}
}
