// Package spec is the model of capability files: [File] holds the APIs, binds,
// exposures and units of a file of any dialect, and every name and text in it
// knows where it was written. Package dialect reads files into it.
//
// The model is made by readers and is immutable once returned, hence safe for
// concurrent use. Differences between dialects are properties of the model, so
// that no later stage asks which dialect a file is written in: the language of
// texts ([Language]), the source of values that the file does not give
// ([Binding]), named outputs or a shaped answer, one type for each [Action].
package spec
