// Package node is where YAML is read: text becomes a [Tree] of plain nodes with
// known places ([Parse]), and a [Decoder] turns nodes into the values of
// package spec, collecting every problem on the way. Readers of dialects are
// made of these. Nothing here knows a dialect.
package node

import "gopkg.in/yaml.v3"

// Node is a node of a [Tree]. No other package imports the parser.
type Node = yaml.Node

// Kind is the kind of a node.
type Kind = yaml.Kind

// The styles of values: of a mapping or list in braces or brackets, and of texts.
const (
	FlowStyle    = yaml.FlowStyle
	LiteralStyle = yaml.LiteralStyle
	FoldedStyle  = yaml.FoldedStyle
	TaggedStyle  = yaml.TaggedStyle
	DoubleQuoted = yaml.DoubleQuotedStyle
	SingleQuoted = yaml.SingleQuotedStyle
)

// AliasNode is the kind of an alias, which no expanded tree has.
const AliasNode = yaml.AliasNode

// The kinds of nodes in an expanded tree.
const (
	MappingNode  = yaml.MappingNode
	SequenceNode = yaml.SequenceNode
	ScalarNode   = yaml.ScalarNode
)
