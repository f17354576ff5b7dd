// Package author helps to write capabilities. [Gives] and [Takes] show the fields of an
// operation, [For] finds operations by a field, [Compose] writes a composition of
// operations, and [Overlay] the overlay that completes one.
package author
