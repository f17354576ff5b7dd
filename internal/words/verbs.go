package words

import "slices"

// verbs are words that name what an operation does, by class.
var verbs = map[string]string{
	"create": "create", "add": "create", "new": "create", "make": "create", "generate": "create", "insert": "create",
	"register": "create", "define": "create", "issue": "create", "emit": "create", "post": "create",
	"list": "list", "search": "list", "query": "list", "index": "list", "all": "list",
	"get": "get", "read": "get", "fetch": "get", "retrieve": "get", "show": "get", "find": "get", "lookup": "get", "describe": "get",
	"update": "update", "edit": "update", "patch": "update", "modify": "update", "set": "update", "put": "update", "change": "update", "replace": "update",
	"delete": "delete", "remove": "delete", "destroy": "delete",
}

// Verb returns the class of a verb, in lower case: create, list, get, update or
// delete. It is "" for any other word.
func Verb(word string) string { return verbs[word] }

// Contradict reports whether two names differ in the verbs that they have, as
// "delete-book" and "create-book" do.
func Contradict(a, b string) bool {
	inA, inB := Split(a, nil), Split(b, nil)
	onlyA, onlyB := without(inA, inB), without(inB, inA)
	if len(onlyA) == 0 || len(onlyB) == 0 {
		return false
	}
	return !slices.ContainsFunc(onlyA, func(class string) bool { return slices.Contains(onlyB, class) })
}

// without returns the classes of the verbs of list that others lacks.
func without(list, others []string) (classes []string) {
	for _, w := range list {
		if class := verbs[w]; class != "" && !slices.Contains(others, w) {
			classes = append(classes, class)
		}
	}
	return classes
}
