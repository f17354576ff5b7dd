// Package temporal runs capabilities on Temporal: the programs of the engine, with runs
// that any number of workers take up and a server keeps.
//
// It is a module of its own, so that the capstan command has none of its dependencies.
package temporal
