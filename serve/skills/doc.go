// Package skills serves the skill exposure of a framework capability: the
// catalogue of its skills, what each says of itself and its tools, and the
// files of its folder. Start with New, after Check found nothing wrong.
//
// It only hands out what the author wrote. Nothing is run here: a tool that
// another exposure offers is named with where to call it.
package skills
