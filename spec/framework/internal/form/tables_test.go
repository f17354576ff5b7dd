package form

import (
	"encoding/json"
	"testing"
)

// Every key of every kind has a meaning and an example, and every kind a meaning.
func TestKeysHaveAMeaning(t *testing.T) {
	used := map[Kind]map[string]bool{}
	for k, all := range accepted() {
		used[k] = map[string]bool{"": true}
		if k != KindUntitled && k != KindStep && meaningOf(k, "").doc == "" {
			t.Errorf("%s has no meaning", k)
		}
		for _, r := range append(all.rules, forms()[k]...) {
			used[k][r.Key] = true
			about := meaningOf(k, r.Key)
			if about.doc == "" || !json.Valid([]byte(about.example)) || about.fallback != "" && !json.Valid([]byte(about.fallback)) {
				t.Errorf("%q of %s: %+v", r.Key, k, about)
			}
		}
	}
	for k, keys := range meanings() {
		for key := range keys {
			if k == "" || used[k][key] {
				continue
			}
			shared := false
			for other, as := range sharedMeanings {
				shared = shared || as == k && used[other][key]
			}
			if !shared {
				t.Errorf("no %s has a key %q", k, key)
			}
		}
	}
}
