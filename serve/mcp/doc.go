// Package mcp serves tools, resources and prompts over the Model Context
// Protocol, in every version from 2024-11-05 to 2026-07-28. Describe them in an
// Offer and start with New; Server.Handler speaks streamable HTTP,
// Server.Stdio newline-delimited JSON-RPC.
//
// The protocol has two eras. Up to 2025-11-25 a client opens a session with
// "initialize"; from 2026-07-28 on every request stands alone and names its
// version. One Server speaks both at the same address, and an Offer's functions
// do not see the difference. A session belongs to the caller that opened it, as
// package access names callers: for others there is none of that id.
//
// # How it works
//
// The SDK behind this package does transports, sessions, negotiation and
// cancellation. It is asked through one middleware (features.go), which answers
// every feature request from an immutable snapshot of the Offer: that makes
// Replace atomic, keeps the author's order, and gives each era exactly its own
// fields. In front of the SDK's HTTP handlers stands a gate
// (http.go) that decides the era and turns the SDK's plain-text refusals into
// JSON-RPC. It begins plain calls of tools itself, and asks the SDK only for those
// that are not complete soon (early.go).
package mcp
