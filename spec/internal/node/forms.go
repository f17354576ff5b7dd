package node

import "slices"

// Forms are the mappings that readers took from a file, for those who need the keys
// that they accept there. A [Tree] that has them has them filled as it is read.
type Forms struct {
	objects map[place][]*Object
}

// place is that of a key in the main file.
type place struct{ line, column int }

// add takes an object, whose accepted keys may still grow.
func (f *Forms) add(o *Object) {
	if f == nil {
		return
	}
	if f.objects == nil {
		f.objects = map[place][]*Object{}
	}
	for k := range Entries(o.Node) {
		if o.Tree.FileOf(k) == o.Tree.Main {
			at := place{k.Line, k.Column}
			f.objects[at] = append(f.objects[at], o)
		}
	}
}

func (o *Object) order() []string {
	if o.Order != nil {
		return o.Order
	}
	return o.Asked
}

// Rank returns the index of a key in the order of its mapping, -1 for one that has no
// place there.
func (f *Forms) Rank(k *Node) int {
	var order []string
	for _, o := range f.objects[place{k.Line, k.Column}] {
		if own := o.order(); len(own) > len(order) {
			order = own
		}
	}
	return slices.Index(order, k.Value)
}
