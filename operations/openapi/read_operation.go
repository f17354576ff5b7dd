package openapi

import "github.com/capstan-run/capstan/operations"

// readOperation is the other direction of compiler.operation. It reads besides the
// keys that operations made by hand have in the indexes of earlier versions: loose,
// and those of oauth2. The caller holds d.mu.
func (d *document) readOperation(n *node, sum operations.Summary) *operations.Operation {
	r := &schemaReader{doc: d}
	op := &operations.Operation{
		API: d.about.API, ID: sum.ID, Method: sum.Method, Path: sum.Path, Summary: sum.Summary, Tags: sum.Tags,
		Deprecated:  sum.Deprecated,
		Description: n.get("description").text(),
	}
	each(n.get("servers"), func(v *node) { op.Servers = append(op.Servers, readServer(v)) })
	each(n.get("params"), func(v *node) { op.Params = append(op.Params, r.param(v)) })
	if b := n.get("body"); b != nil {
		op.Body = &operations.Body{Required: b.get("required").is(kindTrue), Description: b.get("description").text(), Media: r.media(b.get("media"))}
	}
	each(n.get("responses"), func(v *node) {
		doc := &operations.ResponseDoc{Status: v.get("status").text(), Description: v.get("description").text(), Media: r.media(v.get("media"))}
		if headers := v.get("headers"); headers != nil {
			for _, f := range headers.fields {
				doc.Headers = append(doc.Headers, operations.ResponseHeader{Name: f.key, Schema: r.schema(f.value)})
			}
		}
		for i := range doc.Media {
			doc.Media[i].Validate = d.validate(v.get("media").items[i].get("schema"))
		}
		op.Responses = append(op.Responses, doc)
	})
	each(n.get("security"), func(v *node) {
		requirement := operations.Requirement{}
		each(v, func(use *node) { requirement = append(requirement, readSchemeUse(use)) })
		op.Security = append(op.Security, requirement)
	})
	r.finish()
	if op.Body != nil {
		for i := range op.Body.Media {
			op.Body.Media[i].Schema = withFiles(&op.Body.Media[i])
		}
	}
	return op
}

func each(list *node, do func(*node)) {
	if list == nil {
		return
	}
	for _, item := range list.items {
		do(item)
	}
}

func readServer(n *node) operations.Server {
	s := operations.Server{URL: n.get("url").text(), Description: n.get("description").text()}
	if vs := n.get("variables"); vs != nil {
		s.Variables = make(map[string]operations.ServerVariable, len(vs.fields))
		for _, f := range vs.fields {
			s.Variables[f.key] = operations.ServerVariable{Default: f.value.get("default").text(), Enum: f.value.get("enum").texts()}
		}
	}
	return s
}

func readSchemeUse(n *node) operations.SchemeUse {
	return operations.SchemeUse{
		Name:   n.get("name").text(),
		Scopes: n.get("scopes").texts(),
		Scheme: operations.SecurityScheme{
			Type: n.get("type").text(), Scheme: n.get("scheme").text(), In: operations.In(n.get("in").text()),
			Param: n.get("param").text(), TokenURL: n.get("tokenUrl").text(),
			AuthorizationServer: n.get("authorizationServer").text(),
			Audience:            n.get("audience").text(), Resource: n.get("resource").text(),
		},
	}
}

func (r *schemaReader) param(n *node) *operations.Param {
	return &operations.Param{
		Name: n.get("name").text(), In: operations.In(n.get("in").text()),
		Required: n.get("required").is(kindTrue), Deprecated: n.get("deprecated").is(kindTrue),
		Description: n.get("description").text(),
		Schema:      r.schema(n.get("schema")),
		Style:       n.get("style").text(), Explode: n.get("explode").is(kindTrue),
		AllowReserved: n.get("allowReserved").is(kindTrue),
		MediaType:     n.get("mediaType").text(),
		Encoding:      readEncodings(n.get("encoding")),
	}
}

func (r *schemaReader) media(list *node) []operations.Media {
	var out []operations.Media
	each(list, func(n *node) {
		m := operations.Media{Type: n.get("type").text(), Schema: r.schema(n.get("schema")), Example: n.get("example").value(), Loose: n.get("loose").is(kindTrue)}
		m.Encoding = readEncodings(n.get("encoding"))
		out = append(out, m)
	})
	return out
}

func readEncodings(n *node) map[string]operations.Encoding {
	if n == nil {
		return nil
	}
	all := make(map[string]operations.Encoding, len(n.fields))
	for _, f := range n.fields {
		all[f.key] = operations.Encoding{
			ContentType: f.value.get("contentType").text(), Style: f.value.get("style").text(),
			Explode: f.value.get("explode").is(kindTrue), AllowReserved: f.value.get("allowReserved").is(kindTrue),
		}
	}
	return all
}
