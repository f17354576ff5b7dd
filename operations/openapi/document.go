package openapi

import (
	"cmp"
	"errors"
	"slices"
	"sync"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/check"
)

// document is an index that was opened: operations and components are decoded on
// first use.
type document struct {
	about  operations.SetInfo
	reader *indexReader
	places []int // of the operations
	// answers are compared with these schemas.
	answers *check.Schemas

	mu         sync.RWMutex // held while anything is decoded
	operations []*operations.Operation
	components map[string]*component
	schemes    *node // of an index that lacks them nil, until they are wanted
}

// component is a schema of the document that others refer to.
type component struct {
	place  int
	schema *operations.Schema // nil until it is first wanted
}

// Open reads an index that [Compile] made. It keeps data, which must not change
// afterwards, and decodes the directory only: about a millisecond for a thousand
// operations.
func Open(data []byte) (*operations.Set, error) { return OpenAs("", data, nil) }

// OpenAs opens an index for an API of another name than it was compiled under; ""
// keeps that. files are those besides the document that it was compiled from.
func OpenAs(api string, data []byte, files []string) (*operations.Set, error) {
	d, err := open(data)
	if err != nil {
		return nil, err
	}
	d.about.API, d.about.Files = cmp.Or(api, d.about.API), files
	return operations.NewSet(d.about, d), nil
}

func open(data []byte) (*document, error) {
	r, err := openIndex(data)
	if err != nil {
		return nil, err
	}
	directory := r.at(r.start)
	list := directory.get("operations")
	if !list.is(kindArray) {
		return nil, errors.New("the index is damaged (it has no directory); compile the document again")
	}
	d := &document{
		about: operations.SetInfo{
			API: directory.get("api").text(), Title: directory.get("title").text(),
			Version: directory.get("version").text(), Hash: directory.get("hash").text(),
			General: directory.get("general").text(), Pace: directory.get("pace").text(), Paced: directory.get("paced").text(),
		},
		reader:     r,
		operations: make([]*operations.Operation, len(list.items)),
		components: make(map[string]*component),
		schemes:    directory.get("schemes"),
	}
	for _, item := range list.items {
		d.about.Operations = append(d.about.Operations, operations.Summary{
			ID: item.get("id").text(), Method: item.get("method").text(), Path: item.get("path").text(),
			Summary: item.get("summary").text(), Tags: item.get("tags").texts(), Deprecated: item.get("deprecated").is(kindTrue),
		})
		d.places = append(d.places, item.get("at").place())
	}
	if components := directory.get("components"); components.is(kindObject) {
		for _, f := range components.fields {
			d.components[f.key] = &component{place: f.value.place()}
		}
	}
	d.answers = check.NewSchemas(func(name string) any {
		if c := d.components[name]; c != nil {
			return r.at(c.place).value()
		}
		return nil
	})
	return d, nil
}

func (n *node) place() int {
	if !n.is(kindInt) {
		return -1
	}
	return int(n.int)
}

// Operation returns the operation at a place, which it decodes once.
func (d *document) Operation(i int) *operations.Operation {
	d.mu.RLock()
	op := d.operations[i]
	d.mu.RUnlock()
	if op != nil {
		return op
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.operations[i] == nil {
		d.operations[i] = d.readOperation(d.reader.at(d.places[i]), d.about.Operations[i])
	}
	return d.operations[i]
}

// Schemes returns the security schemes of the document.
func (d *document) Schemes() (all []operations.SchemeUse) {
	each(d.schemeNodes(), func(n *node) { all = append(all, readSchemeUse(n)) })
	return all
}

func (d *document) schemeNodes() *node {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.schemes == nil { // the index was made before they were kept
		var ops []*node
		for _, place := range d.places {
			ops = append(ops, d.reader.at(place))
		}
		d.schemes = schemesOf(ops)
	}
	return d.schemes
}

// schemesOf gathers the security schemes of operations.
func schemesOf(operations []*node) *node {
	out := arrayNode()
	known := map[string]bool{}
	for _, op := range operations {
		each(op.get("security"), func(alternative *node) {
			each(alternative, func(use *node) {
				if name := use.get("name").text(); !known[name] {
					known[name] = true
					scheme := readSchemeUse(use)
					scheme.Scopes = nil
					out.items = append(out.items, schemeUseNode(scheme))
				}
			})
		})
	}
	slices.SortFunc(out.items, func(a, b *node) int { return cmp.Compare(a.get("name").text(), b.get("name").text()) })
	return out
}

// Subset returns an index of the operations at these places.
func (d *document) Subset(places []int) []byte {
	x := &indexContent{
		api: d.about.API, title: d.about.Title, version: d.about.Version, hash: d.about.Hash,
		schemes: d.schemeNodes(), general: d.about.General, pace: d.about.Pace, paced: d.about.Paced,
	}
	reached := map[string]*node{}
	for _, i := range places {
		op := d.reader.at(d.places[i])
		x.operations = append(x.operations, op)
		d.reach(op, reached)
	}
	for name, schema := range reached {
		x.components = append(x.components, field{name, schema})
	}
	slices.SortFunc(x.components, func(a, b field) int { return cmp.Compare(a.key, b.key) })
	return encodeIndex(x)
}

// reach gathers the components that n refers to, directly or through others.
func (d *document) reach(n *node, into map[string]*node) {
	for _, item := range n.items {
		d.reach(item, into)
	}
	for _, f := range n.fields {
		if f.key != "$ref" || f.value.kind != kindString {
			d.reach(f.value, into)
			continue
		}
		name := check.RefName(f.value.str)
		c, ok := d.components[name]
		if !ok || into[name] != nil {
			continue
		}
		schema := d.reader.at(c.place)
		into[name] = schema
		d.reach(schema, into)
	}
}

// validate returns the comparison of answers with a schema of the document.
func (d *document) validate(schema *node) func(any) []operations.Violation {
	return d.answers.Full(schema.value)
}
