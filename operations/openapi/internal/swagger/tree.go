package swagger

import (
	"iter"
	"strconv"

	yaml "gopkg.in/yaml.v3"
)

// entries yields the keys and values of an object; those of nothing where it is none.
func entries(n *yaml.Node) iter.Seq2[string, *yaml.Node] {
	return func(yield func(string, *yaml.Node) bool) {
		for n != nil && n.Kind == yaml.AliasNode {
			n = n.Alias
		}
		if n == nil || !isMapping(n) {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i].Value, n.Content[i+1]) {
				return
			}
		}
	}
}

// object makes an object of keys and values, each a string and a node.
func object(pairs ...any) *yaml.Node {
	out := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for i := 0; i+1 < len(pairs); i += 2 {
		put(out, pairs[i].(string), pairs[i+1].(*yaml.Node))
	}
	return out
}

func list() *yaml.Node { return &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"} }

func text(s string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s, Style: yaml.DoubleQuotedStyle}
}

func boolean(b bool) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(b)}
}

// put sets a key of an object, in the place that it has.
func put(n *yaml.Node, key string, v *yaml.Node) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			n.Content[i+1] = v
			return
		}
	}
	n.Content = append(n.Content, text(key), v)
}

// textOf returns the scalar under a key, "" where there is none.
func textOf(n *yaml.Node, key string) string {
	if v := yamlChild(n, key); v != nil && v.Kind == yaml.ScalarNode {
		return v.Value
	}
	return ""
}

// textsOf returns the scalars of the list under a key.
func textsOf(n *yaml.Node, key string) (out []string) {
	v := yamlChild(n, key)
	if v == nil || v.Kind != yaml.SequenceNode {
		return nil
	}
	for _, item := range v.Content {
		if item.Kind == yaml.ScalarNode {
			out = append(out, item.Value)
		}
	}
	return out
}

func orTexts(list, otherwise []string) []string {
	if len(list) == 0 {
		return otherwise
	}
	return list
}

func isMapping(n *yaml.Node) bool { return n.Kind == yaml.MappingNode }

// yamlChild returns the value under a key, nil where there is none.
func yamlChild(n *yaml.Node, key string) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	for i := 0; n != nil && isMapping(n) && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}
