// Package skills serves the skill exposure of a framework capability: the
// catalogue of its skills, the description of each with its tools, and the
// files of its folder. Start with New, after Check found nothing wrong.
//
// It only hands out the author's texts. Nothing is run here: a tool that
// another exposure offers is named with where to call it.
package skills
