package openapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/capstan-run/capstan/operations/openapi"
)

// kin-openapi is the oracle: it reads the same documents, in another way.

// kinFindings returns what kin-openapi finds wrong in a document, without what
// compiling reports in words of its own.
func kinFindings(doc *openapi3.T) (causes []string) {
	err := doc.Validate(context.Background(), openapi3.EnableMultiError(), openapi3.DisableExamplesValidation(),
		openapi3.DisableSchemaDefaultsValidation(), openapi3.DisableSchemaPatternValidation())
	all, ok := errors.AsType[openapi3.MultiError](err)
	if !ok && err != nil {
		all = openapi3.MultiError{err}
	}
	for _, e := range all {
		if !reported(e) {
			cause, _, _ := strings.Cut(e.Error(), "\n")
			causes = append(causes, cause)
		}
	}
	return causes
}

func reported(err error) bool {
	return is[*openapi3.RequiredFieldError](err) || is[*openapi3.SchemaTypeError](err) || is[*openapi3.DuplicateRequiredFieldError](err) ||
		is[*openapi3.UnresolvedRefError](err) || is[*openapi3.DuplicateOperationIDError](err) || is[*openapi3.PathParametersError](err) ||
		is[*openapi3.PathMustStartWithSlashError](err) || is[*openapi3.InvalidParameterInError](err) || is[*openapi3.PathParameterRequiredError](err) ||
		is[*openapi3.SecurityRequirementSchemeUndefinedError](err) || is[*openapi3.ExactlyOneFieldError](err) ||
		is[*openapi3.AdditionalOperationsDuplicateMethodError](err) || is[*openapi3.AdditionalOperationsFixedMethodCaseError](err) ||
		is[*openapi3.AdditionalOperationsInvalidMethodError](err) || is[*openapi3.ItemSchemaFieldFor32Plus](err)
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// found reports whether a finding of kin-openapi is among the problems: in the same
// words, which kin-openapi has more before.
func found(problems []string, cause string) bool {
	return slices.ContainsFunc(problems, func(p string) bool {
		_, own, _ := strings.Cut(p, ": ")
		return own != "" && strings.HasSuffix(strings.ToLower(cause), strings.ToLower(own))
	})
}

// Each of these is against OpenAPI, and keeps no operation from being called.
func TestFindingsAreThoseOfKin(t *testing.T) {
	const answer = "responses: {'200': {description: d}}"
	operation := func(more string) string { return "paths: {/a: {get: {operationId: a, " + more + "}}}" }
	body := func(media string) string {
		return "paths: {/a: {post: {operationId: a, requestBody: {content: " + media + "}, " + answer + "}}}"
	}
	header := func(h string) string {
		return operation("responses: {'200': {description: d, headers: {H: " + h + "}}}")
	}
	scheme := func(s string) string {
		return operation(answer) + "\ncomponents: {securitySchemes: {s: " + s + "}}"
	}
	schema := func(s string) string { return operation(answer) + "\ncomponents: {schemas: {S: " + s + "}}" }
	tests := []struct {
		version string
		docs    []string
	}{
		{"3.0.3", []string{
			"webhooks: {w: {get: {" + answer + "}}}\n" + operation(answer), "jsonSchemaDialect: https://dialect.test\n" + operation(answer),
			schema("{const: 1}"), schema("{examples: [1]}"), schema("{type: [string, integer]}"), schema("{exclusiveMinimum: 3}"), schema("{properties: {a: {if: {}}}}"),
			schema("{$defs: {a: {}}}"), schema("{$comment: c}"), schema("{contentMediaType: text/plain}"), schema("{dependentRequired: {a: [b]}}"),
			schema("{readOnly: true, writeOnly: true}"), schema("{oneOf: [{allOf: [{unevaluatedProperties: false}]}]}"),
			schema("{properties: {a: true}}"), scheme("{type: mutualTLS}"), schema("{additionalProperties: {prefixItems: [{}]}}"),
		}},
		{"3.1.0", []string{
			"more: 1\n" + operation(answer), "tags: [{name: t}, {name: t}]\n" + operation(answer),
			"tags: [{name: t, colour: red}]\n" + operation(answer), "tags: [{name: t, externalDocs: {url: ':'}}]\n" + operation(answer),
			"externalDocs: {url: 'http://h:x y'}\n" + operation(answer), "servers: [{url: 'http://h', name: n}]\n" + operation(answer),
			"servers: [{url: 'http://{h'}]\n" + operation(answer), "servers: [{url: 'http://{h}'}]\n" + operation(answer),
			"servers: [{url: 'http://h', variables: {v: {default: a}}}]\n" + operation(answer),
			"servers: [{url: 'http://{h}', variables: {h: {default: a, colour: red}}}]\n" + operation(answer),
			operation(answer) + "\ncomponents: {things: {}}", operation(answer) + "\ncomponents: {schemas: {'a b': {}}}",
			operation(answer) + "\ncomponents: {parameters: {'a b': {name: q, in: query, schema: {}}}}",
			operation(answer) + "\ncomponents: {requestBodies: {p: {content: {}, colour: red}}}",
			operation(answer) + "\ncomponents: {responses: {p: {description: d, colour: red}}}",
			operation(answer) + "\ncomponents: {examples: {e: {}}}", operation(answer) + "\ncomponents: {examples: {e: {value: 1, externalValue: 'http://h'}}}",
			operation(answer) + "\ncomponents: {links: {l: {}}}", operation(answer) + "\ncomponents: {links: {l: {operationId: a, colour: red}}}",
			"paths: {/a: {get: {operationId: a, " + answer + "}, colour: red}}",
			"paths: {'/a/{b}': {get: {operationId: a, parameters: [{name: b, in: path, required: true, schema: {}}], " + answer + "}}, '/a/{c}': {get: {operationId: c, parameters: [{name: c, in: path, required: true, schema: {}}], " + answer + "}}}",
			"paths: {/a: {query: {operationId: a, " + answer + "}}}", "paths: {/a: {additionalOperations: {COPY: {operationId: a, " + answer + "}}}}",
			"paths: {/a: {parameters: [{name: q, in: query, schema: {}}, {name: q, in: query, schema: {}}], get: {operationId: a, " + answer + "}}}",
			operation("colour: red, " + answer), operation("externalDocs: {url: ':'}, " + answer),
			operation("parameters: [{name: q, in: query, schema: {}, style: matrix}], " + answer),
			operation("parameters: [{name: q, in: query, schema: {}, style: deepObject, explode: false}], " + answer),
			operation("parameters: [{name: q, in: header, schema: {}, style: form}], " + answer),
			operation("parameters: [{name: q, in: cookie, schema: {}, style: simple}], " + answer),
			operation("parameters: [{name: q, in: query, content: {a/b: {}, c/d: {}}}], " + answer),
			operation("parameters: [{name: q, in: query, schema: {colour: red}}], " + answer),
			header("{name: h, schema: {}}"), header("{in: header, schema: {}}"), header("{schema: {}, style: form}"), header("{content: {a/b: {}, c/d: {}}}"),
			header("{schema: {colour: red}}"), header("{content: {a/b: {schema: {colour: red}}}}"),
			operation("responses: {'200': {description: d, links: {l: {operationId: a, operationRef: b}}}}"),
			operation("responses: {'200': {description: d, content: {a/b: {}, A/B: {}}}}"),
			body("{a/b: {schema: {}, example: 1, examples: {e: {value: 1}}}}"), body("{a/b: {colour: red}}"),
			body("{multipart/form-data: {encoding: {p: {contentType: nothing}}}}"), body("{multipart/form-data: {encoding: {p: {contentType: 'a/b;c=d, */e'}}}}"),
			body("{multipart/form-data: {encoding: {p: {headers: {'a b': {schema: {}}}}}}}"), body("{multipart/form-data: {encoding: {p: {style: matrix}}}}"),
			body("{multipart/form-data: {encoding: {p: {colour: red}}}}"), body("{a/b: {schema: {allOf: [{colour: red}]}}}"),
			scheme("{type: http, scheme: 'a b'}"), scheme("{type: nothing}"), scheme("{type: apiKey, in: path, name: k}"), scheme("{type: http, scheme: basic, in: header}"),
			scheme("{type: http, scheme: basic, name: k}"), scheme("{type: http, scheme: basic, bearerFormat: b}"), scheme("{type: http, scheme: basic, flows: {}}"),
			scheme("{type: oauth2, flows: {colour: red}}"), scheme("{type: oauth2, flows: {password: {tokenUrl: 'http://h', authorizationUrl: 'http://h', scopes: {}}}}"),
			scheme("{type: oauth2, flows: {implicit: {tokenUrl: 'http://h', authorizationUrl: 'http://h', scopes: {}}}}"),
			scheme("{type: oauth2, flows: {password: {tokenUrl: ':', scopes: {}}}}"), scheme("{type: oauth2, flows: {implicit: {authorizationUrl: ':', scopes: {}}}}"),
			scheme("{type: http, scheme: basic, colour: red}"), schema("{exclusiveMinimum: true}"), schema("{exclusiveMaximum: false}"),
			schema("{externalDocs: {url: ':'}}"),
			schema("{not: {colour: red}}"), schema("{items: {contains: {colour: red}}}"), schema("{patternProperties: {a: {colour: red}}}"),
			schema("{then: {colour: red}}"), schema("{contentSchema: {colour: red}}"), schema("{unevaluatedItems: {colour: red}}"),
		}},
	}
	n := 0
	for _, test := range tests {
		for _, doc := range test.docs {
			doc = "openapi: " + test.version + "\ninfo: {title: t, version: '1'}\n" + doc + "\n"
			read, err := openapi3.NewLoader().LoadFromData([]byte(doc))
			if err != nil {
				t.Errorf("%s\n%v", doc, err)
				continue
			}
			causes := kinFindings(read)
			if len(causes) == 0 {
				t.Errorf("kin-openapi finds nothing in\n%s", doc)
			}
			n += len(causes)
			_, problems := compileText(t, doc)
			for i := range problems {
				_, problems[i], _ = strings.Cut(strings.TrimSuffix(problems[i], " [openapi-fault]"), "warning: ")
			}
			for _, cause := range causes {
				if !found(problems, cause) {
					t.Errorf("in\n%skin-openapi finds: %s\nwe find: %q", doc, cause, problems)
				}
			}
		}
	}
	t.Logf("%d findings", n)
}

// Documents without a mistake have no finding.
func TestNothingIsFoundInSoundDocuments(t *testing.T) {
	for _, doc := range []string{
		"openapi: 3.0.3\ninfo: {title: t, version: '1', license: {name: MIT, url: 'http://h'}}\nservers: [{url: 'http://{h}', variables: {h: {default: a, enum: [a]}}}]\ntags: [{name: t}]\npaths: {/a: {get: {operationId: a, parameters: [{name: q, in: query, style: deepObject, schema: {type: object, additionalProperties: true}}], responses: {'200': {description: d, headers: {H: {required: true, schema: {type: string}}}, links: {l: {operationId: a, parameters: {items: 1, id: $response.body#/id}}}, content: {application/json: {example: {items: [1], required: true}}}}}}}}\ncomponents: {securitySchemes: {k: {type: apiKey, in: header, name: K}, o: {type: oauth2, flows: {clientCredentials: {tokenUrl: 'http://h', scopes: {items: read}}}}}}\n",
		"openapi: 3.1.0\ninfo: {title: t, version: '1', summary: s}\npaths: {/a: {$ref: '#/components/pathItems/a'}}\ncomponents:\n  pathItems: {a: {post: {operationId: a, requestBody: {content: {multipart/form-data: {schema: {type: object}, encoding: {p: {contentType: 'image/*, text/plain; charset=utf-8'}}}}}, responses: {'200': {description: d, content: {text/plain: }}}}}}\n  schemas: {S: {type: [object, 'null'], const: null, examples: [{type: {a: b}, minLength: x}], dependentRequired: {items: [a]}, discriminator: {propertyName: p, mapping: {items: S}}}}\n  securitySchemes: {m: {type: mutualTLS}, b: {type: http, scheme: bearer, bearerFormat: JWT}}\n",
		"openapi: 3.2.0\ninfo: {title: t, version: '1'}\nservers: [{url: 'http://h', name: n}]\ntags: [{name: t, parent: u, kind: nav}]\npaths: {/a: {query: {operationId: a, parameters: [{name: c, in: cookie, style: cookie, schema: {}}], responses: {'200': {summary: s}}}}}\n",
	} {
		if _, problems := compileText(t, doc); len(problems) > 0 {
			t.Errorf("%s\n%q", doc, problems)
		}
	}
}

// Every operation of the public documents that kin-openapi reads is the one that we
// read: its parameters, bodies and answers. What kin-openapi finds wrong, we find too.
func TestCorpusIsReadAsKinReadsIt(t *testing.T) {
	files := append(corpus(t), "../catalog/workos/openapi.yaml", "testdata/fleet-3.0.yaml", "testdata/notes-3.1.json")
	compared := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		loader := openapi3.NewLoader()
		loader.IsExternalRefsAllowed = true
		doc, err := loader.LoadFromDataWithPath(text, &url.URL{Path: file})
		if err != nil || doc.Paths == nil || !strings.HasPrefix(doc.OpenAPI, "3.") {
			continue // a document that is mended
		}
		index, problems := openapi.Compile("api", text, &openapi.Options{Path: file})
		if index == nil {
			t.Errorf("%s: %v", file, problems)
			continue
		}
		compared += compareOperations(t, file, optest.Set(t, index), doc)
		var messages []string
		for _, p := range problems {
			messages = append(messages, p.Message)
		}
		for _, cause := range kinFindings(doc) {
			if !found(messages, cause) && !strings.Contains(cause, "invalid servers: extra sibling fields: [name]") { // of OpenAPI 3.2
				t.Errorf("%s: kin-openapi finds: %s\nwe find: %q", file, cause, messages)
			}
		}
	}
	t.Logf("%d operations", compared)
}

func compareOperations(t *testing.T, file string, set *operations.Set, doc *openapi3.T) (n int) {
	t.Helper()
	want := map[string][]string{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			want[method+" "+path] = kinOperation(item, op)
		}
	}
	for _, s := range set.Summaries() {
		op, _ := set.Lookup(s.ID)
		key := op.Method + " " + op.Path
		if diff := cmp.Diff(want[key], ownOperation(op)); diff != "" {
			t.Errorf("%s: %s: %s", file, key, diff)
		}
		delete(want, key)
		n++
	}
	if len(want) > 0 {
		t.Errorf("%s: %d operations are missing", file, len(want))
	}
	return n
}

func kinOperation(item *openapi3.PathItem, op *openapi3.Operation) []string {
	parts := map[string]bool{"tags " + strings.Join(op.Tags, " "): true}
	for _, p := range slices.Concat(item.Parameters, op.Parameters) {
		if name := p.Value.Name; p.Value.In != "header" || !slices.Contains([]string{"accept", "content-type", "authorization"}, strings.ToLower(name)) {
			parts["param "+p.Value.In+" "+name] = true
		}
	}
	if op.RequestBody != nil {
		for media, m := range op.RequestBody.Value.Content {
			parts["body "+media+" "+kinSchema(m)] = true
		}
	}
	for status, r := range op.Responses.Map() {
		parts["answer "+strings.ToUpper(strings.Replace(status, "default", "DEFAULT", 1))] = true
		for media, m := range r.Value.Content {
			parts["answer "+strings.ToUpper(status)+" "+media+" "+kinSchema(m)] = true
		}
	}
	return sortedKeys(parts)
}

// kinSchema is what a schema without references shows of itself.
func kinSchema(m *openapi3.MediaType) string {
	if m == nil || m.Schema == nil || m.Schema.Value == nil || len(m.Schema.Value.Properties) == 0 {
		return ""
	}
	names := map[string]bool{}
	for name := range m.Schema.Value.Properties {
		names[name] = true
	}
	var required []string // a name that stands twice counts once
	for _, name := range m.Schema.Value.Required {
		if !slices.Contains(required, name) {
			required = append(required, name)
		}
	}
	return fmt.Sprint(sortedKeys(names), required)
}

func ownOperation(op *operations.Operation) []string {
	parts := map[string]bool{"tags " + strings.Join(op.Tags, " "): true}
	for _, p := range op.Params {
		parts["param "+string(p.In)+" "+p.Name] = true
	}
	if op.Body != nil {
		for _, m := range op.Body.Media {
			parts["body "+m.Type+" "+ownSchema(m.Schema)] = true
		}
	}
	for _, r := range op.Responses {
		status := strings.ToUpper(r.Status)
		parts["answer "+status] = true
		for _, m := range r.Media {
			parts["answer "+status+" "+m.Type+" "+ownSchema(m.Schema)] = true
		}
	}
	return sortedKeys(parts)
}

func ownSchema(s *operations.Schema) string {
	if len(s.Properties) == 0 {
		return ""
	}
	names := map[string]bool{}
	for _, p := range s.Properties {
		names[p.Name] = true
	}
	return fmt.Sprint(sortedKeys(names), s.Required)
}

func sortedKeys(m map[string]bool) []string {
	var out []string
	for key := range m {
		out = append(out, key)
	}
	slices.Sort(out)
	return out
}
