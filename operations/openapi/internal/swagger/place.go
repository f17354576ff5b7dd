package swagger

import (
	"net/url"
	"strconv"
	"strings"

	yaml "gopkg.in/yaml.v3"
)

// know records the file and the keys of a tree. The document's own schemas are left as
// they are, with their keys.
func (c *converter) know(n *yaml.Node, file uint32) {
	if file != 0 {
		c.files[n] = file
	}
	for i, inner := range n.Content {
		if isMapping(n) && i%2 == 1 {
			c.keys[inner] = n.Content[i-1]
			if n == c.root && n.Content[i-1].Value == "definitions" {
				continue
			}
		}
		c.know(inner, file)
	}
}

// maxHops bounds a chain of references.
const maxHops = 100

// resolve follows the references that lead from a part of a path to another part, in any
// file. One that leads nowhere is returned: compiling reports it.
func (c *converter) resolve(n *yaml.Node) *yaml.Node {
	for range maxHops {
		ref := textOf(n, "$ref")
		if ref == "" {
			return n
		}
		name, pointer, _ := strings.Cut(ref, "#")
		root := c.roots[c.files[n]]
		if name != "" {
			root = c.other(c.files[n], name)
		}
		to := pointed(root, pointer)
		if to == nil {
			return n
		}
		n = to
	}
	return n
}

func (c *converter) other(from uint32, name string) *yaml.Node {
	root, file := c.open(from, name)
	if root == nil {
		return nil
	}
	if c.roots[file] == nil {
		c.roots[file] = root
		c.know(root, file)
	}
	return root
}

// pointed returns the node at a JSON pointer, nil where there is none.
func pointed(n *yaml.Node, pointer string) *yaml.Node {
	plain, err := url.PathUnescape(pointer)
	if err != nil || plain != "" && plain[0] != '/' {
		return nil
	}
	for token := range strings.SplitSeq(plain, "/") {
		switch i, err := strconv.Atoi(token); {
		case token == "" || n == nil:
		case n.Kind != yaml.SequenceNode:
			n = yamlChild(n, strings.NewReplacer("~1", "/", "~0", "~").Replace(token))
		case err == nil && i >= 0 && i < len(n.Content):
			n = n.Content[i]
		default:
			n = nil
		}
	}
	return n
}

// of gives a node that was made of another one the place of that.
func (c *converter) of(from, made *yaml.Node) *yaml.Node {
	if made != from {
		c.keys[made] = c.keys[from]
		c.at(made, from)
	}
	return made
}

func (c *converter) at(made, from *yaml.Node) {
	made.Line, made.Column = from.Line, from.Column
	if file := c.files[from]; file != 0 {
		c.files[made] = file
	}
}

// place gives a node that was made the place of the first node in it, or else of the
// node around it.
func (c *converter) place(n *yaml.Node) *yaml.Node {
	first := n
	for i, inner := range n.Content {
		key := isMapping(n) && i%2 == 0
		if key && inner.Line == 0 {
			continue // it has that of its value
		}
		placed := inner
		if !key {
			placed = c.place(inner)
		}
		if isMapping(n) && !key && n.Content[i-1].Line == 0 && placed.Line != 0 {
			from := placed
			if k := c.keys[inner]; k != nil {
				from = k
			}
			c.at(n.Content[i-1], from)
			placed = from
		}
		if first.Line == 0 && placed.Line != 0 {
			first = placed
		}
	}
	if n.Line == 0 && first.Line != 0 {
		c.at(n, first)
	}
	if n.Line != 0 {
		c.fill(n)
	}
	return n
}

func (c *converter) fill(n *yaml.Node) {
	for _, inner := range n.Content {
		if inner.Line == 0 {
			c.at(inner, n)
			c.fill(inner)
		}
	}
}
