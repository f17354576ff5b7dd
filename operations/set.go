package operations

// Set is the operations of one OpenAPI document. Operations are decoded on
// first use. A Set is immutable and safe for concurrent use.
type Set struct{}
