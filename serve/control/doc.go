// Package control serves the control exposure of a framework capability: is it
// alive, is it ready, what is it, how much is asked of it and how does it
// answer, and, where the author allows it, take up the changed file. Start with
// New; Metrics and Traces know only what goes through their Watch.
package control
