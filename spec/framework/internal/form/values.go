package form

// Places of inputs. A loose file has "form" for a body's field.
var Places = []string{"query", "header", "path", "cookie", "body", "environment"}

// ParamTypes are the types of inputs and outputs.
var ParamTypes = []string{"string", "number", "integer", "boolean", "array", "object"}

// Methods are those of the published schemas, then those that are harmless.
var Methods = []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}

// Formats are the answers that are read, "json" when not written.
var Formats = []string{"json", "xml", "avro", "protobuf", "csv", "tsv", "psv", "yaml", "html", "markdown", "binary", "text"}

// SignatureMethods are those of RFC 5849 and their successors with SHA-256.
var SignatureMethods = []string{"HMAC-SHA1", "HMAC-SHA256", "RSA-SHA1", "RSA-SHA256", "PLAINTEXT"}

// StepTypes are the types of steps.
var StepTypes = []string{"call", "lookup", "script", "mock"}

// ExposureTypes are the published types; "api" was rest until 0.4.
var ExposureTypes = map[string]string{"rest": "rest", "api": "rest", "mcp": "mcp", "skill": "skill", "control": "control"}

// ExposureKinds are the kinds of exposures by their type.
var ExposureKinds = map[string]Kind{"rest": KindRest, "mcp": KindMCP, "skill": KindSkillServer, "control": KindControlExposure}

// Shared are the rules on several keys of one mapping: those it must have, lists of keys
// of which it must have one, and pairs of which it may have one. They hold unless it has the key except.
type Shared struct {
	Needs  []string
	OneOf  [][]string
	Apart  [2]string
	Except string
}

// Together holds the rules on several keys of one mapping.
var Together = map[Kind]Shared{
	KindFile:           {OneOf: [][]string{{"capability", "consumes", "exposes", "aggregates", "binds"}}},
	KindCapability:     {OneOf: [][]string{{"exposes", "consumes"}}},
	KindInfo:           {OneOf: [][]string{{"display", "label"}}},
	KindAggregate:      {OneOf: [][]string{{"display", "label"}, {"flows", "functions"}}},
	KindBind:           {OneOf: [][]string{{"namespace", "name"}}},
	KindImport:         {OneOf: [][]string{{"from", "location"}}},
	KindMapping:        {OneOf: [][]string{{"target", "targetName"}}},
	KindRoute:          {OneOf: [][]string{{"operations", "forward"}}},
	KindSkillSource:    {OneOf: [][]string{{"sourceNamespace", "namespace"}}},
	KindFlow:           {Needs: []string{"description"}, OneOf: [][]string{{"call", "steps", "outputParameters"}}},
	KindTool:           {Needs: []string{"description"}, OneOf: [][]string{{"call", "steps", "outputParameters"}}, Except: "ref"},
	KindDocument:       {Needs: []string{"description"}, OneOf: [][]string{{"call", "steps", "location"}, {"display", "label"}}},
	KindPrompt:         {Needs: []string{"description"}, OneOf: [][]string{{"template", "location"}}, Apart: [2]string{"template", "location"}},
	KindSkillTool:      {OneOf: [][]string{{"from", "instruction"}}, Apart: [2]string{"from", "instruction"}},
	KindRouteOperation: {Apart: [2]string{"responses", "responseBinary"}},
}
