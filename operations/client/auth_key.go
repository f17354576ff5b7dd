package client

import (
	"maps"
	"slices"
	"strings"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/request"
)

// applyKey puts an API key into its documented place.
func applyKey(req *operations.Request, use operations.SchemeUse, key string) error {
	if err := checkKey(req, use, key); err != nil {
		return err
	}
	switch name := use.Scheme.Param; use.Scheme.In {
	case operations.InHeader:
		setHeader(req, name, key)
	case operations.InQuery:
		setArg(req, &operations.Param{Name: name, In: operations.InQuery, Schema: &operations.Schema{}, Style: "form"}, key)
	case operations.InPath:
		p := &operations.Param{Name: name, In: operations.InPath, Schema: &operations.Schema{}, Style: "simple"}
		if !req.Op.InTemplate(p) {
			return operations.NewError(req, operations.ReasonCredential, nil, "the credential for %q belongs into the path as %q, and %s has no place for it", use.Name, name, req.Op.Path)
		}
		setArg(req, p, key)
	case operations.InCookie:
		if strings.ContainsAny(key, "; ,\"\\") {
			return operations.NewError(req, operations.ReasonCredential, nil, "the credential for %q holds a character that a cookie cannot carry", use.Name)
		}
		setHeader(req, "Cookie", strings.Join(append(slices.Clip(req.Header["Cookie"]), name+"="+key), "; "))
	case operations.InBody:
		return keyInBody(req, use, key)
	default:
		return operations.NewError(req, operations.ReasonCredential, nil, "the security scheme %q puts its key in %q, which is no place for one", use.Name, use.Scheme.In)
	}
	return nil
}

// setArg replaces the argument of a parameter.
func setArg(req *operations.Request, p *operations.Param, value string) {
	same := func(a operations.Arg) bool { return a.Param.In == p.In && a.Param.Name == p.Name }
	req.Args = append(slices.DeleteFunc(slices.Clone(req.Args), same), operations.Arg{Param: p, Value: value})
}

// keyInBody makes an API key a property of the body. A request without one gets a
// JSON body that has nothing else.
func keyInBody(req *operations.Request, use operations.SchemeUse, key string) error {
	if req.Op.Effect() == operations.Read && req.Op.Body == nil {
		return operations.NewError(req, operations.ReasonCredential, nil, "the credential for %q belongs into the body, and a %s request has none", use.Name, req.Op.Method)
	}
	if req.Op.Body == nil {
		op := *req.Op
		op.Body = &operations.Body{Media: []operations.Media{{Type: "application/json", Schema: &operations.Schema{Open: true}}}}
		req.Op = &op
	}
	fields, ok := jsonvalue.Plain(req.Body).(map[string]any)
	if media, err := request.Media(req); err != nil || !takesFields(media.Type) || !ok && req.Body != nil {
		return operations.NewError(req, operations.ReasonCredential, err, "the credential for %q is a property of the body, and the body of this request is no object", use.Name)
	}
	with := maps.Clone(fields)
	if with == nil {
		with = map[string]any{}
	}
	with[use.Scheme.Param] = key
	req.Body = with
	return nil
}

// takesFields reports whether a body of a media type has named parts.
func takesFields(media string) bool {
	base, _, _ := strings.Cut(strings.ToLower(media), ";")
	switch strings.TrimSpace(base) {
	case "application/x-www-form-urlencoded", "multipart/form-data":
		return true
	}
	return operations.IsJSON(media)
}
