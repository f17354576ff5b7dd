package mock

import (
	"strings"

	"github.com/capstan-run/capstan/internal/words"
	"github.com/capstan-run/capstan/operations"
)

// verb is the effect of an operation on the mock's world.
type verb int

const (
	plain  verb = iota // answers, changes nothing: POST /portal/generate_link
	list               // GET /connections
	get                // GET /connections/{id}, GET /users/external_id/{external_id}
	create             // POST /organizations
	update             // PUT or PATCH /organizations/{id}
	remove             // DELETE /organizations/{id}
	act                // POST /invitations/{id}/revoke
)

// route is an operation as the mock understands it, judged by its method, path
// and documented answer.
type route struct {
	op       *operations.Operation
	verb     verb
	result   *operations.Schema // schema of the documented answer, may be nil
	example  any                // example of the answer as a whole, may be nil
	item     *operations.Schema // schema of one item
	listKey  string             // property that holds a list's items, "" for a bare array
	kind     string             // the kind of an item: "organization"
	coll     string             // path of the collection the item lives in
	identity string             // path parameter that names the item, "" for none
	lookup   bool               // the identity is not the item's own id
	singular bool               // one per parent: GET /organizations/{id}/audit_log_configuration
	parents  []parent
	action   string // last path segment of an act
}

// parent is a path parameter that names an owner of an item.
type parent struct {
	param string
	names []string // field names under which an item may carry it
	kind  string   // its kind, by the path segment before it
	// example is a documented value, which shows how an id looks; nil for none.
	example any
}

func newRoute(op *operations.Operation) *route {
	r := &route{op: op, result: op.Result()}
	if doc := op.Success(); doc != nil && doc.JSON() != nil {
		r.example = doc.JSON().Example
	}
	r.item = r.result
	path, _, _ := strings.Cut(op.Path, "?")
	segments := strings.Split(strings.Trim(path, "/"), "/")
	last := len(segments) - 1
	if res := op.Resource(); res.List && asks(op) && isObject(res.Item) {
		r.verb, r.listKey, r.item = list, res.ItemsAt, res.Item
	} else {
		r.verb = verbOf(op, segments, r.result)
	}
	r.place(segments, last)
	r.kind = kindOf(r.item, r.coll)
	return r
}

// asks reports an operation that asks for items, in its query or its body.
func asks(op *operations.Operation) bool { return op.Method == "GET" || op.Method == "QUERY" }

func verbOf(op *operations.Operation, segments []string, result *operations.Schema) verb {
	last := len(segments) - 1
	named := isParam(segments[last])
	below := last > 0 && isParam(segments[last-1])
	switch {
	case asks(op) || op.Method == "HEAD":
		if result == nil {
			return plain
		}
		return get
	case op.Method == "DELETE" && named:
		return remove
	case (op.Method == "PUT" || op.Method == "PATCH") && (named || !below || kindOf(result, "") != collectionKind(segments[:last-1])):
		return update
	case op.Method == "POST" && named:
		return update
	case (op.Method == "POST" || op.Method == "PUT" || op.Method == "PATCH") && below && !isPlural(segments[last]):
		return act
	case op.Method == "POST" && result != nil:
		return create
	}
	return plain
}

// place finds the collection, the identity and the parents in the path.
func (r *route) place(segments []string, last int) {
	end := last // index of the segment that names the item, or past the path
	switch {
	case r.verb == act:
		r.action, end = segments[last], last-1
	case !isParam(segments[last]):
		end = last + 1
	}
	if end <= last {
		r.identity = paramName(segments[end])
	}
	coll := segments[:end]
	if n := len(coll); n > 1 && r.identity != "" && isPlural(coll[n-2]) && (strings.HasPrefix(coll[n-1], "by_") || words.Snake(coll[n-1]) == words.Snake(r.identity)) {
		r.lookup, coll = true, coll[:n-1]
	}
	r.coll = "/" + strings.Join(coll, "/")
	r.singular = r.identity == "" && (r.verb == get || r.verb == update)
	for i, s := range coll {
		if isParam(s) {
			r.parents = append(r.parents, newParent(r.op, paramName(s), coll[:i]))
		}
	}
}

func newParent(op *operations.Operation, param string, before []string) parent {
	p := parent{param: param, names: aliases(param)}
	if kind := collectionKind(before); kind != "" {
		p.kind = kind
		p.names = append(p.names, kind+"_id", kind)
	}
	if doc := op.Param(operations.InPath, param); doc != nil {
		p.example = doc.Schema.Example
	}
	return p
}

// kindOf names the kind of an item: by the `object` constant that many APIs give,
// else by its collection.
func kindOf(item *operations.Schema, coll string) string {
	for _, p := range shapeOf(item).props {
		if p.Name == "object" && p.Schema != nil && p.Schema.HasConst {
			return text(p.Schema.Const)
		}
	}
	return collectionKind(strings.Split(strings.Trim(coll, "/"), "/"))
}

// collectionKind is the singular of the last segment that is no parameter.
func collectionKind(segments []string) string {
	for i := len(segments) - 1; i >= 0; i-- {
		if !isParam(segments[i]) {
			return words.Singular(words.Snake(segments[i]))
		}
	}
	return ""
}

func isParam(segment string) bool { return strings.HasPrefix(segment, "{") }

func paramName(segment string) string { return strings.Trim(segment, "{}") }

func isObject(s *operations.Schema) bool { return s != nil && shapeOf(s).kind == "object" }
