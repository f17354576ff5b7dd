package eval

// Whole reports whether the path selects the value itself and nothing in it.
func (p *Path) Whole() bool { return len(p.segments) == 0 }
