// Package document holds the documents that users and programs read: the [Plan]
// of a capability and the account of a [Run]. Their JSON form is part of
// Capstan's contract.
package document
