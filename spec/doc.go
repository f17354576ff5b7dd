// Package spec reads capability files: it turns YAML into a [Capability] whose
// every key and value knows where it was written. Start with [Read], then
// [Source.With] for overlays and [Source.Capability] for the model.
//
// The package does no I/O, knows nothing of OpenAPI documents, and never stops
// at the first problem: each function returns all it found as a diag.List.
// Everything it returns is immutable and safe for concurrent use.
package spec
