package skill

import (
	"slices"
	"strings"

	"github.com/capstan-run/capstan/operations"
)

// polledThing is something that one operation starts and another shows until it
// is ready, such as an export.
type polledThing struct {
	Start, Look *operations.Operation
	Field       string   // of the answer, that shows its progress
	Ready       []string // its values that mean success
	Other       []string // those that mean neither that nor "under way"
	URL         string   // field with the address of the download, "" when none
}

// polledThings finds them: a single thing with a state that has values for "under
// way" and for "done", and an operation on its collection that makes one.
func polledThings(ops []*operations.Operation) []polledThing {
	var out []polledThing
	for _, look := range ops {
		collection, single := collectionOf(look.Path)
		r := look.Resource()
		if look.Method != "GET" || look.Deprecated || r.List || !single {
			continue
		}
		start := starterOf(ops, collection, r.Name)
		if t := stateOf(r.Item); t != nil && start != nil {
			t.Start, t.Look = start, look
			out = append(out, *t)
		}
	}
	return out
}

// collectionOf returns the path without its last segment, where that is a
// parameter: "/exports/{id}" is one of "/exports".
func collectionOf(path string) (string, bool) {
	i := strings.LastIndexByte(path, '/')
	if i <= 0 || !strings.HasPrefix(path[i+1:], "{") {
		return "", false
	}
	return path[:i], true
}

func starterOf(ops []*operations.Operation, collection, resource string) *operations.Operation {
	for _, op := range ops {
		if op.Method == "POST" && op.Path == collection && op.Resource().Name == resource {
			return op
		}
	}
	return nil
}

// The usual states of things that take time.
var (
	going = []string{"pending", "processing", "in_progress", "in-progress", "running", "queued", "creating", "exporting"}
	done  = []string{"ready", "complete", "completed", "succeeded", "success", "finished", "done"}
)

// stateOf finds the property that shows the progress of a thing.
func stateOf(item *operations.Schema) *polledThing {
	for _, field := range []string{"state", "status"} {
		s := item.Property(field)
		if s == nil {
			continue
		}
		t := polledThing{Field: field}
		underWay := false
		for _, v := range s.Flatten().Enum {
			text, _ := v.(string)
			switch lower := strings.ToLower(text); {
			case slices.Contains(going, lower):
				underWay = true
			case slices.Contains(done, lower):
				t.Ready = append(t.Ready, text)
			case text != "":
				t.Other = append(t.Other, text)
			}
		}
		if underWay && len(t.Ready) > 0 {
			t.URL = firstOf(item, "url", "download_url", "downloadUrl", "file_url", "link")
			return &t
		}
	}
	return nil
}

func firstOf(item *operations.Schema, names ...string) string {
	for _, name := range names {
		if item.Property(name) != nil {
			return name
		}
	}
	return ""
}
