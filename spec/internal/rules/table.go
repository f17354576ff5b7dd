package rules

import (
	"github.com/capstan-run/capstan/diag"
)

// table holds the rules in the order of their ids.
var table = []Rule{
	{
		ID: "ikanos-address-not-example", Level: diag.Warning, Recommended: true,
		of: servers, key: "address", holds: endsNotInExample,
		message: "the address is a placeholder: example.com is reserved for examples", hint: "write the address to listen at, such as 127.0.0.1",
	},
	{
		ID: "ikanos-aggregate-flow-description", Level: diag.Warning, Recommended: true,
		of: ownFlows, key: "description", holds: isThere,
		message: "the flow has no description, and the tools that refer to it inherit none", hint: "add description: one sentence on what it does",
	},
	{
		ID: "ikanos-aggregate-semantics-consistency", Level: diag.Warning, Recommended: true,
		check: consistentSemantics, hint: "correct the semantics of the flow, or what stands here",
	},
	{
		ID: "ikanos-aggregates-namespace-required", Level: diag.Error, Recommended: true, Same: []string{"missing-key"},
		of: localAggregates, key: "namespace", holds: isThere,
		message: "the aggregate has no namespace, so no import can name it", hint: "add namespace: NAME",
	},
	{
		ID: "ikanos-aggregates-unique-function-name", Level: diag.Error, Recommended: true, Same: []string{"duplicate-name", "duplicate-key"},
		check: distinctFunctions, hint: "rename one of the two",
	},
	{
		ID: "ikanos-baseuri-not-example", Level: diag.Warning,
		of: consumed, key: "baseUri", holds: isNoExample,
		message: "the baseUri is a placeholder: example.com is reserved for examples", hint: "write the URL of the API",
	},
	{
		ID: "ikanos-consumed-resource-no-query-in-path", Level: diag.Warning, Recommended: true,
		of: consumedResources, key: "path", holds: hasNoQuery,
		message: "the path of a consumed resource holds a query", hint: "write inputParameters with in: query",
	},
	{
		ID: "ikanos-consumes-baseuri-no-trailing-slash", Level: diag.Warning, Recommended: true, Same: []string{"trailing-slash"},
		of: consumed, key: "baseUri", holds: endsInNoSlash,
		message: "the baseUri has a trailing slash, and the paths below it begin with one", hint: "remove the slash",
	},
	{
		ID: "ikanos-consumes-description", Level: diag.Warning, Recommended: true,
		of: consumed, key: "description", holds: isThere,
		message: "the consumed API has no description", hint: "add description: one sentence on what the API is and why it is used",
	},
	{
		ID: "ikanos-control-address-localhost-warning", Level: diag.Warning, Recommended: true, Default: true,
		of: controls, key: "address", holds: isLocal,
		message: "the control exposure can be reached from the network", hint: "write address: localhost, and let a proxy or a network policy decide on others",
	},
	{
		ID: "ikanos-control-port-singleton-and-unique", Level: diag.Error, Recommended: true, Same: []string{"address-taken"}, Ours: true,
		check: separateControl, hint: "keep one control exposure, on a port of its own",
	},
	{
		ID: "ikanos-exposes-namespace-required", Level: diag.Error, Recommended: true, Same: []string{"missing-key"},
		of: localExposures, key: "namespace", holds: isThere,
		message: "the exposure has no namespace, so no import can name it", hint: "add namespace: NAME",
	},
	{
		ID: "ikanos-import-from-not-self", Level: diag.Warning, Recommended: true, Same: []string{"import", "outside-project"},
		of: ownImports, key: "from", holds: isNotHere,
		message: "from names the file's own folder", hint: "write the path of a file",
	},
	{
		ID: "ikanos-import-from-required", Level: diag.Error, Recommended: true, Same: []string{"missing-key", "lenient-form"},
		of: ownImports, key: "import", holds: isThere,
		message: "the import has from, and no import that names what is taken", hint: "add import: NAMESPACE",
	},
	{
		ID: "ikanos-import-import-required", Level: diag.Error, Recommended: true, Same: []string{"missing-key", "lenient-form"},
		of: untypedImports, key: "from", holds: isThere,
		message: "the import has no from, which names the file", hint: "add from: FILE",
	},
	{
		ID: "ikanos-import-unique-alias", Level: diag.Error, Recommended: true, Same: []string{"duplicate-name"},
		check: distinctImports, hint: "give one of the two another name with as",
	},
	{
		ID: "ikanos-info-tags", Level: diag.Info,
		of: info, key: "tags", holds: isThere,
		message: "info has no tags, by which a catalogue finds the capability", hint: "add tags: [WORD]",
	},
	{
		ID: "ikanos-mcp-auth-stdio-conflict", Level: diag.Warning, Recommended: true, Default: true,
		of: overStdio, key: "authentication", holds: isNotThere,
		message: "authentication has no effect over stdio: the client is the process that started the server", hint: "remove it, or write transport: http",
	},
	{
		ID: "ikanos-mcp-consumed-tool-hints", Level: diag.Warning, Recommended: true,
		of: consumedTools, key: "hints", holds: isThere,
		message: "the consumed tool has no hints, and those of its server are not trusted", hint: "add hints, such as readOnly: true",
	},
	{
		ID: "ikanos-mcp-consumes-endpoint-https", Level: diag.Error, Recommended: true, Default: true, Same: []string{"insecure-server"},
		of: consumedServers, key: "endpoint", holds: isEncrypted,
		message: "arguments and credentials would go to the MCP server unencrypted", hint: "write an endpoint that begins with https://",
	},
	{
		ID: "ikanos-mcp-ui-connect-domains-empty", Level: diag.Info, Recommended: true,
		of: viewPolicies, key: "connectDomains", holds: isEmpty,
		message: "the view may reach other servers than this one", hint: "call a tool instead, and remove connectDomains",
	},
	{
		ID: "ikanos-mcp-ui-resource-mime-type", Level: diag.Error, Recommended: true,
		of: views, key: "mimeType", holds: isViewType,
		message: "hosts show a view only as text/html;profile=mcp-app", hint: `write mimeType: "text/html;profile=mcp-app"`,
	},
	{
		ID: "ikanos-mcp-ui-tool-output-parameters", Level: diag.Warning, Recommended: true,
		of: viewTools, key: "outputParameters", holds: isThere,
		message: "the tool has a view and no outputParameters, so the view gets text alone", hint: "add outputParameters",
	},
	{
		ID: "ikanos-namespaces-unique", Level: diag.Error, Recommended: true, Same: []string{"duplicate-name"},
		check: distinctNamespaces, hint: "rename one of the two",
	},
	{
		ID: "ikanos-no-eval-in-markdown", Level: diag.Error, Recommended: true, Default: true,
		check: noEval, hint: "describe it in words",
	},
	{
		ID: "ikanos-no-script-tags-in-markdown", Level: diag.Error, Recommended: true, Default: true,
		check: noScript, hint: "remove the tag",
	},
	{
		ID: "ikanos-oauth2-https-authserver", Level: diag.Error, Recommended: true, Default: true,
		of: oauth2, key: "authorizationServerUri", holds: isHTTPS,
		message: "tokens would be judged by what an unencrypted authorization server answers", hint: "write a URI that begins with https://",
	},
	{
		ID: "ikanos-oauth2-resource-https", Level: diag.Warning, Recommended: true,
		of: oauth2, key: "resource", holds: isHTTPS,
		message: "the resource is not the https address that callers of a deployed server use", hint: "write the address of the server as callers have it",
	},
	{
		ID: "ikanos-oauth2-scopes-defined", Level: diag.Warning, Recommended: true,
		of: oauth2, key: "scopes", holds: isThere,
		message: "the authentication has no scopes, so a refusal names none to ask for", hint: "add scopes: [NAME]",
	},
	{
		ID: "ikanos-rest-operation-description", Level: diag.Info,
		of: restOperations, key: "description", holds: isThere,
		message: "the operation has no description", hint: "add description: one sentence on what it does",
	},
	{
		ID: "ikanos-rest-resource-description", Level: diag.Warning, Recommended: true,
		of: restResources, key: "description", holds: isThere,
		message: "the resource has no description", hint: "add description: one sentence on what it is",
	},
	{
		ID: "ikanos-rest-resource-path-no-query", Level: diag.Warning, Recommended: true, Same: []string{"bad-value"},
		of: restResources, key: "path", holds: hasNoQuery,
		message: "the path of a resource holds a query", hint: "write inputParameters with in: query",
	},
	{
		ID: "ikanos-rest-resource-path-no-trailing-slash", Level: diag.Warning, Recommended: true,
		of: restResources, key: "path", holds: endsInNoSlash,
		message: "the path has a trailing slash", hint: "remove the slash",
	},
	{
		ID: "ikanos-script-defaults-required", Level: diag.Error, Recommended: true, Same: []string{"missing-key"},
		check: scriptsPlaced, hint: "add it to the step, or a default under management.scripting of the control exposure",
	},
	{
		ID: "ikanos-standalone-no-imports", Level: diag.Error, Recommended: true, Same: []string{"import"},
		check: leafWithoutImports, hint: "put the import into the capability",
	},
	{
		ID: "ikanos-tunnel-fallback-direct-warns", Level: diag.Warning, Recommended: true, Same: []string{"no-effect"},
		check: noDirectFallback, hint: "write fallback: fail",
	},
	{
		ID: "ikanos-tunnel-identity-must-bind", Level: diag.Error, Recommended: true, Default: true,
		check: boundIdentity, hint: "add the name to the keys of a bind of that namespace",
	},
	{
		ID: "ikanos-tunnel-with-public-baseuri-warns", Level: diag.Info, Recommended: true,
		of: tunnelled, key: "baseUri", holds: isNotPublic,
		message: "the baseUri behind the tunnel is a public name", hint: "make sure that the name leads through the tunnel, not to the internet",
	},
}
