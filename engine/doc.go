// Package engine runs capabilities. Start with [Load], then [Program.Run]:
//
//	prog, err := engine.Load(ctx, "b2b-enterprise-onboarding.yaml", nil)
//	res, err := prog.Run(ctx, engine.Inputs{"organization_name": "Acme"})
//
// A file has a meaning, and runs of it have an outside. [Load] reads one thing to
// run of a file, [Open] a file with everything in it; [LoadOptions] shape the
// meaning. A [Runner] is the outside: it sends, finds credentials, keeps runs and
// performs external steps, as its [Options] have it.
package engine
