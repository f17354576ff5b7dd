package eval

// Whole reports whether the path selects the value itself and nothing in it.
func (p *Path) Whole() bool { return len(p.segments) == 0 }

// Name returns the path of one name, $.name, whatever characters it holds.
func Name(name string) *Path {
	return newPath(name, []segment{{selectors: []selector{{kind: selectName, name: name}}}})
}
