package spec

// The codes of this package's diagnostics. docs/diagnostics.md explains each.
const (
	codeEncoding        = "encoding"              // the text is not UTF-8
	codeTooLarge        = "too-large"             // the file, its nesting or what its aliases stand for exceeds a bound
	codeEmpty           = "empty-file"            // there is nothing in the file
	codeSyntax          = "yaml-syntax"           // not YAML
	codeDocuments       = "several-documents"     // more than one YAML document
	codeAlias           = "recursive-alias"       // an alias stands inside what it stands for
	codeMerge           = "bad-merge"             // "<<" with something that cannot be merged
	codeTag             = "yaml-tag"              // a YAML tag that has no meaning here
	codeKey             = "bad-key"               // a key that is not text
	codeTemplate        = "unquoted-template"     // {{ }} without quotes, which YAML reads as a mapping
	codeDuplicateKey    = "duplicate-key"         // one key twice in a mapping
	codeType            = "wrong-type"            // a value of another YAML type than is wanted
	codeMissing         = "missing-key"           // a required key is absent
	codeUnknownKey      = "unknown-key"           // a key that is not accepted here
	codeEmptyValue      = "empty-value"           // text, or a list, with nothing in it
	codeMisplaced       = "misplaced-key"         // a key that means nothing beside the others
	codeValue           = "bad-value"             // a value outside the accepted ones
	codeNumber          = "bad-number"            // a number that cannot be kept as written
	codeName            = "bad-name"              // a name or id with characters that expressions cannot hold
	codeReserved        = "reserved-name"         // a step id that expressions use otherwise
	codeDuplicate       = "duplicate-name"        // two steps, inputs or outputs of one name
	codeDuration        = "bad-duration"          // not a length of time
	codeVersion         = "unsupported-version"   // a version of the format that is not known
	codeNotRunnable     = "dialect-not-runnable"  // a known kind of file that is not run
	codeUnknownDialect  = "unknown-dialect"       // not a kind of file that is known
	codeOverlayAction   = "overlay-action"        // an overlay action that cannot act
	codeOverlayPath     = "overlay-path"          // an overlay target that is not JSONPath
	codeOverlayMissed   = "overlay-target-missed" // an overlay target that matches nothing
	codeUnknownVersion  = "unknown-version"       // a version of the framework dialect that is not published
	codeLoose           = "lenient-form"          // a form that no schema has and that means one thing
	codeNotHTTP         = "not-http"              // a consumed API that is not called over HTTP
	codeNoMeaning       = "no-meaning"            // a type or key that no version of the format gives a meaning
	codeBaseURI         = "trailing-slash"        // a baseUri that ends in a slash
	codeImport          = "import"                // an import that cannot be followed
	codeUnknownImport   = "unknown-import"        // an import of what the other file does not have
	codeUnknownRef      = "unknown-flow"          // a ref to a flow that no aggregate has
	codeCall            = "unknown-call"          // a call of what is not consumed
	codeOverlayMismatch = "overlay-mismatch"      // an update of another shape than its target
)
