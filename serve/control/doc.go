// Package control serves the control exposure of a framework capability: health,
// readiness, a description, metrics and traces of requests, and, where the author
// allows it, a reload of the changed file. Start with
// New; Metrics and Traces see only the requests that go through their Watch.
package control
