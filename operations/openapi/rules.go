package openapi

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// rules checks an object by itself, without those in it.
func (k *checker) rules(kind objectKind, n *node) {
	switch kind {
	case aDocument:
		k.document(n)
	case anInfo:
		k.since(31, n, "summary")
	case aLicense:
		k.since(31, n, "identifier")
		k.one(n, "url", "identifier", "license must not specify both 'url' and 'identifier'")
	case externalDocs:
		k.address(n, "url", "url is incorrect: %v")
	case aServer:
		k.server(n)
	case aPathItem:
		k.since(32, n, "query", "additionalOperations")
		k.twice(n)
	case anOperation:
		k.twice(n)
	case aParameter:
		k.parameter(n)
	case aHeader:
		k.header(n)
	case aMediaType:
		k.one(n, "example", "examples", "example and examples are mutually exclusive")
	case anEncoding:
		k.encoding(n)
	case aBody, aResponse:
		k.overlap(n)
	case aLink:
		both := fmt.Sprintf("operationId %q and operationRef %q are mutually exclusive", n.get("operationId").text(), n.get("operationRef").text())
		k.either(n, "operationId", "operationRef", "missing operationId or operationRef on link", both)
	case anExample:
		if k.version < 32 || !n.has("dataValue") && !n.has("serializedValue") {
			k.either(n, "value", "externalValue", "no value or externalValue field", "value and externalValue are mutually exclusive")
		}
	case aScheme:
		k.scheme(n)
	case someFlows:
		k.flows(n)
	case aSchema:
		k.schemaRules(n)
	}
}

// since finds keys that came with a later version.
func (k *checker) since(version int, n *node, keys ...string) {
	for _, key := range keys {
		if v := n.get(key); k.version < version && !v.isNull() {
			k.find(n, "field %s is for OpenAPI >=3.%d", key, version%10)
		}
	}
}

// one finds two keys of which there may be one.
func (k *checker) one(n *node, a, b, message string) {
	if !n.get(a).isNull() && !n.get(b).isNull() {
		k.find(n, "%s", message)
	}
}

// either finds two keys, of which there must be one.
func (k *checker) either(n *node, a, b, neither, both string) {
	if n.get(a).isNull() && n.get(b).isNull() {
		k.find(n, "%s", neither)
	}
	k.one(n, a, b, both)
}

func (k *checker) address(n *node, key, format string) {
	if _, err := url.Parse(n.get(key).text()); err != nil {
		k.find(n, format, err)
	}
}

func (k *checker) document(n *node) {
	k.since(31, n, "webhooks", "jsonSchemaDialect")
	if dialect := n.get("jsonSchemaDialect").text(); dialect != "" && k.version >= 31 {
		if u, err := url.Parse(dialect); err != nil || u.Scheme == "" {
			k.find(n.get("jsonSchemaDialect"), "jsonSchemaDialect must be an absolute URI with a scheme")
		}
	}
	names := map[string]bool{}
	each(n.get("tags"), func(tag *node) {
		name := tag.get("name").text()
		if names[name] && name != "" {
			k.within("tags", func() { k.find(tag, "more than one tag has name %q", name) })
		}
		names[name] = true
	})
}

func (k *checker) server(n *node) {
	address, variables := n.get("url").text(), n.get("variables")
	if strings.Count(address, "{") != strings.Count(address, "}") {
		k.find(n, "server URL has mismatched { and }")
	}
	for _, m := range templateParam.FindAllStringSubmatch(address, -1) {
		if !variables.has(m[1]) {
			k.find(n, "server has undeclared variables")
			break
		}
	}
	for _, f := range sorted(variables.all()) {
		if !strings.Contains(address, "{"+f.key+"}") {
			k.find(f.value, "server has unused variable %s", f.key)
		}
	}
}

// twice finds parameters of one name in one place.
func (k *checker) twice(n *node) {
	met := map[[2]string]bool{}
	each(n.get("parameters"), func(ref *node) {
		p := k.source.follow(ref)
		key := [2]string{p.get("in").text(), p.get("name").text()}
		if p != nil && met[key] {
			k.find(ref, "more than one %q parameter has name %q", key[0], key[1])
		}
		met[key] = true
	})
}

// stylesOf are the styles that a parameter has in a place.
func stylesOf(in string) []string {
	switch in {
	case "path":
		return []string{"simple", "label", "matrix"}
	case "query":
		return []string{"form", "spaceDelimited", "pipeDelimited", "deepObject", "tabDelimited"}
	case "header":
		return []string{"simple"}
	case "cookie":
		return []string{"form", "cookie"}
	}
	return nil
}

func (k *checker) parameter(n *node) {
	in := n.get("in").text()
	k.style(n, in, "a "+in+" parameter")
	k.entries(n)
	if !n.get("schema").isNull() {
		k.one(n, "example", "examples", fmt.Sprintf("parameter %q example and examples are mutually exclusive", n.get("name").text()))
	}
}

// style finds a style that a place does not have, and a deep object that is not
// exploded.
func (k *checker) style(n *node, in, of string) {
	style, styles := styleOf(n.get("style").text(), n), stylesOf(in)
	explode := (in == "query" || in == "cookie") && style != "spaceDelimited" && style != "pipeDelimited"
	if given := n.get("explode"); !given.isNull() {
		explode = given.is(kindTrue)
	}
	switch {
	case style == "" || styles == nil:
	case !slices.Contains(styles, style), style == "cookie" && k.version < 32, style == "deepObject" && !explode:
		k.find(n, "serialization method with style=%q and explode=%v is not supported by %s", style, explode, of)
	}
}

// entries finds content of a parameter with several entries.
func (k *checker) entries(n *node) {
	if len(n.get("content").all()) > 1 {
		k.find(n, "parameter content must only contain one entry")
	}
	k.overlap(n)
}

// overlap finds media types of one name.
func (k *checker) overlap(n *node) {
	first := map[string]string{}
	for _, f := range sorted(n.get("content").all()) {
		for entry := range strings.SplitSeq(f.key, ",") {
			entry = strings.ToLower(strings.TrimSpace(entry))
			if other, ok := first[entry]; ok && other != f.key && entry != "" {
				k.find(f.value, "content keys %q and %q both match %q", other, f.key, entry)
			}
			first[entry] = f.key
		}
	}
}

func (k *checker) header(n *node) {
	if n.get("name").text() != "" {
		k.find(n, "header 'name' MUST NOT be specified, it is given in the corresponding headers map")
	}
	if n.get("in").text() != "" {
		k.find(n, "header 'in' MUST NOT be specified, it is implicitly in header")
	}
	k.style(n, "header", "a header parameter")
	k.entries(n)
}

func (k *checker) encoding(n *node) {
	if t := n.get("contentType").text(); t != "" && !areMediaTypes(t) {
		k.find(n, "encoding has invalid 'contentType' value %q", t)
	}
	for _, f := range n.get("headers").all() {
		if f.key == "" || strings.ContainsFunc(f.key, notOfNames) {
			k.component(aHeader, f)
		}
	}
	k.style(n, "query", "media type")
}

// areMediaTypes reports whether a list, separated by commas, holds media types or
// ranges of them.
func areMediaTypes(list string) bool {
	for one := range strings.SplitSeq(list, ",") {
		one, _, _ = strings.Cut(one, ";")
		kind, sub, _ := strings.Cut(strings.TrimSpace(one), "/")
		if kind == "" || sub == "" || strings.ContainsAny(kind, " \t") || strings.ContainsAny(sub, " \t/") || kind == "*" && sub != "*" {
			return false
		}
	}
	return true
}

func (k *checker) scheme(n *node) {
	kind := n.get("type").text()
	name := n.get("scheme").text()
	switch kind {
	case "apiKey":
		if in := n.get("in").text(); !slices.Contains([]string{"query", "header", "cookie"}, in) {
			k.find(n, "security scheme of type 'apiKey' should have 'in'. It can be 'query', 'header' or 'cookie', not %q", in)
		}
	case "http":
		if !methodName.MatchString(name) {
			k.find(n, "security scheme of type 'http' has invalid 'scheme' value %q", name)
		}
	case "oauth2", "openIdConnect":
	case "mutualTLS":
		if k.version < 31 {
			k.find(n, "value %q of field type is for OpenAPI >=3.1", kind)
		}
	default:
		k.find(n, "security scheme 'type' can't be %q", kind)
		return
	}
	for _, key := range [...]string{"in", "name", "bearerFormat", "flows"} {
		own := kind == "apiKey" && (key == "in" || key == "name") || kind == "oauth2" && key == "flows" ||
			key == "bearerFormat" && strings.EqualFold(name, "bearer")
		if !own && !n.get(key).isNull() {
			k.find(n, "security scheme of type %q can't have '%s'", kind, key)
		}
	}
}

func (k *checker) flows(n *node) {
	for _, f := range n.fields {
		allowed := map[string]string{
			"implicit": "authorizationUrl", "authorizationCode": "authorizationUrl tokenUrl", "password": "tokenUrl", "clientCredentials": "tokenUrl",
			"deviceAuthorization": "tokenUrl",
		}[f.key]
		for _, key := range [...]string{"authorizationUrl", "tokenUrl", "refreshUrl"} {
			if f.value.has(key) && key != "refreshUrl" && allowed != "" && !strings.Contains(allowed, key) {
				k.find(f.value, "the OAuth flow %q is invalid: field '%s' should not be set", f.key, key)
			}
			k.address(f.value, key, fmt.Sprintf("the OAuth flow %q is invalid: field '%s' is invalid: %%v", f.key, key))
		}
	}
}

// later are the keywords of schemas that came with OpenAPI 3.1.
var later = [...]string{
	"const", "examples", "prefixItems", "contains", "minContains", "maxContains", "patternProperties", "dependentSchemas", "propertyNames",
	"unevaluatedItems", "unevaluatedProperties", "if", "then", "else", "dependentRequired", "$defs", "$schema", "$comment", "$id", "$anchor",
	"$dynamicRef", "$dynamicAnchor", "contentMediaType", "contentEncoding", "contentSchema",
}

func (k *checker) schemaRules(n *node) {
	if k.version >= 31 {
		for _, key := range [...]string{"exclusiveMinimum", "exclusiveMaximum"} {
			if v := n.get(key); v != nil && isBool(v) {
				k.find(n, "a boolean %s is for OpenAPI <3.1; since then it MUST be a number", key)
			}
		}
		return
	}
	if isBool(n) {
		k.find(n, "a boolean schema is for OpenAPI >=3.1; before that a schema MUST be a Schema Object")
		return
	}
	if n.get("type").is(kindArray) {
		k.find(n, "an array of types is for OpenAPI >=3.1; before that type MUST be a single string")
	}
	if n.get("readOnly").is(kindTrue) && n.get("writeOnly").is(kindTrue) {
		k.find(n, "a property MUST NOT be marked as both readOnly and writeOnly being true")
	}
	for _, f := range n.fields {
		switch {
		case slices.Contains(later[:], f.key):
			k.since(31, n, f.key)
		case (f.key == "exclusiveMinimum" || f.key == "exclusiveMaximum") && isNumber(f.value):
			k.find(n, "a numeric %s is for OpenAPI >=3.1; before that it MUST be a boolean", f.key)
		}
	}
}
