package spec

import (
	"strings"

	"github.com/capstan-run/capstan/diag"
)

// Dialect names a family of capability files. See DESIGN in docs/design.md.
type Dialect string

// The dialects that [Read] distinguishes. DialectComposition, DialectFramework
// and DialectCatalogue decode to a model; the others are recognised by name.
const (
	DialectComposition Dialect = "composition" // specification: Naftiko Capability Composition
	DialectCatalogue   Dialect = "catalogue"   // specification: Naftiko Capabilities
	DialectFramework   Dialect = "framework"   // naftiko: / ikanos: with consumes and exposes
	DialectSibling     Dialect = "sibling"     // apiVersion: *naftiko*, bare steps, workflow(s), tools
	DialectTemplate    Dialect = "template"    // scaffolding with ${{ values }}
	DialectEdges       Dialect = "edges"       // capability taxonomy edges
	DialectFleet       Dialect = "fleet"       // fleet custom resources
	DialectSchemaStub  Dialect = "schema-stub" // January 2026 naftiko: {schema}
	DialectOverlay     Dialect = "overlay"     // overlay: 1.x
	DialectOpenAPI     Dialect = "openapi"     // an OpenAPI document given by mistake
	DialectArazzo      Dialect = "arazzo"      // arazzo: 1.x
	DialectProxy       Dialect = "proxy"       // naftiko: "0.2" with targetUri
	DialectUnknown     Dialect = "unknown"
)

// File is a capability file of any dialect, in the one form that later stages
// know: keys have one spelling, imports and refs are resolved, overlays have
// acted. It is immutable once returned.
type File struct {
	Name        string // as given to Read
	Version     string // of the dialect as written, "" when the file gives none
	Title       Str    // the capability's name
	InfoVersion Str    // the capability's own version
	// API names the API of operations that name none of their own.
	API       Str
	APIs      []*API // those that units name, and all that the file describes
	Binds     []*Bind
	Units     []*Unit // in the file's order, those of exposures first
	Exposures []*Exposure
	Lost      []Lost
	Overlays  []string // names of the overlays that acted, in order
	// Section reports that the file is one to import from: it has no capability
	// of its own, and a name in it may be declared by the importing file.
	Section bool
	// Import is what a capability writes to import from a file that holds nothing
	// which runs: "consumes: [{import: shelf, from: shelf.yaml}]". It is "" for others.
	Import string
	// Texts holds the text of the file, of its overlays and of every file that was
	// read for imports, by the name that positions have. It must not be changed.
	Texts map[string][]byte
}

// Described returns the API that the file describes under a namespace, or nil.
func (f *File) Described(namespace string) *API {
	for _, a := range f.APIs {
		if a.Described && a.Namespace.Value == namespace {
			return a
		}
	}
	return nil
}

// Control returns the file's control exposure, which governs scripts, or nil.
func (f *File) Control() *Control {
	for _, x := range f.Exposures {
		if x.Control != nil {
			return x.Control
		}
	}
	return nil
}

// API is an API that the file calls. One that the file only names is described
// by an OpenAPI document, and has nothing but its Namespace here, and its Document
// where the file names that. The texts of
// one that the file describes are in the language [Placeholders].
type API struct {
	Namespace Str
	// Described reports that the file holds the server and the operations.
	Described bool
	// Sketched reports of a described API that its operations are methods and paths
	// only: where its OpenAPI document has them, they are the document's, and all
	// others of the document can be called by their ids.
	Sketched bool
	BaseURI  Str // without a trailing slash
	// Document is the path, or the URL, of the API's OpenAPI document as the file
	// names it: relative to the folder of File, or to one above it.
	Document Str
	Auth     *Authentication
	// Tunnel is the service of a tunnel that requests must go through, "" for none.
	Tunnel     Str
	Params     []*Param             // of every operation, and of requests that are forwarded
	Operations []*ConsumedOperation // of all resources, in order
	File       string               // that declares it: schema files are relative to its folder
	Pos        diag.Pos
	Spans      []Span // of the parts that belong to every operation
}

// Operation returns the operation of a name, or nil.
func (c *API) Operation(name string) *ConsumedOperation {
	for _, op := range c.Operations {
		if op.Name.Value == name {
			return op
		}
	}
	return nil
}

// ConsumedOperation is one operation of an API that the file describes.
type ConsumedOperation struct {
	Name        Str
	Description Str
	Method      Str // upper case in Value, GET when not written
	Path        Str // of the resource and, where it has one, the operation; {{x}}, {x} and ${x} are variables
	// Params are those of the API, the resource and the operation; of several
	// with one name and place the innermost.
	Params       []*Param
	Body         *Body
	OutputFormat Str      // lower case: "json" (or not written), "xml", ...
	OutputSchema Str      // a schema file, or a selector
	OutputMedia  Str      // media type that replaces the answer's own
	MaxBinary    int64    // bytes, 0 when not written
	Outputs      []*Shape // named; Value holds the JSONPath
	Spans        []Span
}

// Param is a parameter of a [ConsumedOperation].
type Param struct {
	Input
	// Value is a constant or a text with {{variables}}, nil when not written.
	Value *Value
	// Const reports that Value is taken literally.
	Const bool
	// Optional reports that the file states that it is not required.
	Optional bool
	// Style and Explode are the form of lists and objects that the API's OpenAPI document
	// gives; "" is the usual one of the place.
	Style   string
	Explode bool
}

// IsHeader reports whether the parameter is the header of a name (RFC 9110, section
// 5.1: names have no case).
func (p *Param) IsHeader(name string) bool {
	return strings.EqualFold(p.In.Value, "header") && strings.EqualFold(p.Name.Value, name)
}

// Body is the request body of a consumed operation.
type Body struct {
	// Type is json, text, xml, sparql, formUrlEncoded, multipartForm, or "raw"
	// for a body written as plain text (which counts as JSON when it is JSON).
	Type Str
	Data Value // texts in it may hold {{variables}}
}

// Shape describes one output parameter: where its value comes from and which
// form it has.
type Shape struct {
	Name        Str
	Type        Str // string, number, integer, boolean, object, array; "" when not written
	Description Str
	Mapping     Str    // JSONPath into the answer
	Value       Str    // a text with {{variables}}; of a consumed operation the JSONPath
	Const       *Value // a literal
	Properties  []*Shape
	Items       *Shape
	// Values is the shape of every value of a dictionary: an object with names that
	// are not known beforehand.
	Values *Shape
	Pos    diag.Pos
}

// Authentication is the credential that a consumed API takes, or that an
// exposure asks of its callers. Texts may hold {{variables}}.
type Authentication struct {
	// Type is basic, apikey, bearer, digest or oauth2, and of a consumed API awssigv4
	// or oauth1 too; there is no Authentication for "none".
	Type Str
	// Token is that of bearer, the session token of awssigv4, the access token of
	// oauth1.
	Token Str
	// Username and Password are those of basic and digest, the access key's id and
	// secret of awssigv4, the consumer's key and secret (or private key) of oauth1.
	Username, Password                  Str
	Key, Value                          Str // apikey
	Placement                           Str // apikey: header or query; of a consumed API also cookie, body or path
	AuthorizationServer, Resource       Str // oauth2
	Audience, TokenEndpoint, Validation Str
	ClientID, ClientSecret              Str // oauth2 of a consumed API
	Scopes                              []Str
	Region, Service                     Str  // awssigv4
	TokenSecret, Method, Realm          Str  // oauth1; Method is upper case ("HMAC-SHA1")
	BodyHash                            bool // oauth1
	// Also are further credentials of a consumed API, sent with this one.
	Also []*Authentication
}

// All returns the credentials that are sent together; none for nil.
func (a *Authentication) All() []*Authentication {
	if a == nil {
		return nil
	}
	return append([]*Authentication{a}, a.Also...)
}

// Bind names variables that a file or the environment provides.
type Bind struct {
	Namespace Str
	Location  Str // a file: URI, relative to the folder of File; unset means the environment
	Keys      []BindKey
	File      string // that declares it
	Spans     []Span
}

// BindKey is one variable: {{Name}} or {{namespace.Name}} stands for the value
// that the provider keeps under Key.
type BindKey struct{ Name, Key Str }

// Catalogue is a parsed `specification: Naftiko Capabilities` file: where an
// API lives and which credential it takes.
type Catalogue struct {
	API          Str
	BaseURL      Str
	Pace         Str // how many requests the API takes in a time, such as 6000/m
	AuthType     Str // bearer, basic, apiKey, ...
	AuthEnv      Str // environment variable that holds the credential
	Document     Str // path of the API's OpenAPI document, as that of an [API]
	Capabilities []*CatalogueEntry
}

// CatalogueEntry groups operations under a capability id.
type CatalogueEntry struct {
	ID           Str
	Description  Str
	OperationIDs []Str
}
