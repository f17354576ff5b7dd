// Package document holds the documents that people and programs see: the [Plan]
// of a capability and the account of a [Run]. Their JSON form is part of
// Capstan's contract.
package document
