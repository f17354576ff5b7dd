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

// Check returns why data is no whole index of this version, nil when it is one.
func Check(data []byte) error {
	_, err := openIndex(data)
	return err
}

func open(data []byte) (*document, error) {
	r, err := openIndex(data)
	if err != nil {
		return nil, err
	}
	d := &document{reader: r, components: map[string]*component{}}
	if !d.readDirectory(r.decoder(r.start)) {
		return nil, errors.New("the index is damaged (it has no directory); compile the document again")
	}
	d.operations = make([]*operations.Operation, len(d.places))
	d.answers = check.NewSchemas(func(name string) any {
		if c := d.components[name]; c != nil {
			return r.at(c.place).value()
		}
		return nil
	})
	return d, nil
}

// readDirectory reads the summaries of all operations and components. It makes no
// nodes: there are hundreds of entries, and a run needs a few.
func (d *document) readDirectory(in *decoder) (listed bool) {
	texts := map[string]*string{
		"api": &d.about.API, "title": &d.about.Title, "version": &d.about.Version, "hash": &d.about.Hash,
		"general": &d.about.General, "pace": &d.about.Pace, "paced": &d.about.Paced,
	}
	in.fields(func(key string, _ int) {
		switch text := texts[key]; {
		case text != nil:
			*text = in.string()
		case key == "operations":
			listed = in.next(byte(kindArray))
			in.items(d.readEntry(in))
		case key == "components":
			in.fields(d.readComponent(in))
		case key == "schemes":
			d.schemes = in.node(0)
		default:
			in.node(0)
		}
	})
	return listed
}

// readEntry returns the reader of an operation's entry in the directory.
func (d *document) readEntry(in *decoder) func(n int) {
	return func(n int) {
		if d.places == nil {
			d.places, d.about.Operations = make([]int, 0, n), make([]operations.Summary, 0, n)
		}
		s, place := operations.Summary{}, -1
		in.fields(func(key string, _ int) {
			switch key {
			case "id":
				s.ID = in.string()
			case "method":
				s.Method = in.string()
			case "path":
				s.Path = in.string()
			case "summary":
				s.Summary = in.string()
			case "tags":
				s.Tags = in.strings()
			case "deprecated":
				s.Deprecated = in.node(0).is(kindTrue)
			case "at":
				place = in.place()
			default:
				in.node(0)
			}
		})
		d.places, d.about.Operations = append(d.places, place), append(d.about.Operations, s)
	}
}

// readComponent returns the reader of a component's entry in the directory.
func (d *document) readComponent(in *decoder) func(key string, n int) {
	var all []component
	return func(key string, n int) {
		if all == nil {
			all = make([]component, 0, n)
			d.components = make(map[string]*component, n)
		}
		all = append(all, component{place: in.place()})
		d.components[key] = &all[len(all)-1]
	}
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
