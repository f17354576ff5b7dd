// Package author helps to write capabilities: it shows what operations take and give,
// and finds them by a field. Start with [Gives] and [For].
package author
