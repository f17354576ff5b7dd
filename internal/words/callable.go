package words

import (
	"fmt"
	"strings"
)

// MaxCallable bounds a callable name.
const MaxCallable = 64

// Callable returns for every name one that the clients of models take, of 1 to
// [MaxCallable] letters, digits, "_" and "-", all different: the name itself where
// it is one, else one made of it. Equal names get equal ones.
func Callable(names []string) []string {
	out, taken := make([]string, len(names)), make(map[string]string, len(names))
	for i, name := range names {
		if isCallable(name) {
			out[i], taken[name] = name, name
		}
	}
	for i, name := range names {
		if out[i] != "" {
			continue
		}
		out[i] = callable(name)
		for n := 2; ; n++ {
			if owner, used := taken[out[i]]; !used || owner == name {
				break
			}
			out[i] = numbered(callable(name), n)
		}
		taken[out[i]] = name
	}
	return out
}

func isCallable(name string) bool {
	return name != "" && len(name) <= MaxCallable && strings.IndexFunc(name, notCallable) < 0
}

func notCallable(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-')
}

// callable puts one "_" in the place of everything between the characters that may
// stand: "filter[kind]" is "filter_kind".
func callable(name string) string {
	made := strings.Join(strings.FieldsFunc(name, notCallable), "_")
	if len(made) > MaxCallable {
		made = strings.TrimRight(made[:MaxCallable], "_-")
	}
	if made == "" {
		return "value"
	}
	return made
}

func numbered(name string, n int) string {
	end := fmt.Sprintf("_%d", n)
	return name[:min(len(name), MaxCallable-len(end))] + end
}
