package archtest

import (
	"slices"
	"strings"
	"testing"
)

// doors names, for each dependency, the one package that may import it. A
// dependency without a door is a dependency nobody decided on. Tests pass
// through the same doors.
var doors = map[string][]string{
	"gopkg.in/yaml.v3":                         {"spec/internal/node", "spec/yamldata", "operations/openapi", "operations/openapi/internal/swagger"}, // to read with positions, and to write
	"go.yaml.in/yaml/v4":                       {"spec/internal/node"},
	"github.com/speakeasy-api/jsonpath":        {"spec/dialect"},
	"github.com/santhosh-tekuri/jsonschema/v6": {"operations/check", "spec/dialect"}, // their tests alone
	"github.com/cenkalti/backoff/v5":           {"operations/client"},
	"github.com/aws/aws-sdk-go-v2":             {"operations/client"}, // its signer alone
	"github.com/icholy/digest":                 {"operations/client"},
	"golang.org/x/oauth2":                      {"operations/client"},
	"golang.org/x/time":                        {"operations/client"},
	"github.com/go-jose/go-jose/v4":            {"serve/access"},
	"github.com/bufbuild/protocompile":         {"operations/formats"},
	"google.golang.org/protobuf":               {"operations/formats"},
	"github.com/andybalholm/cascadia":          {"operations/formats"}, // CSS selectors on the trees of x/net/html
	"github.com/yuin/goldmark":                 {"operations/formats"},
	"golang.org/x/net":                         {"operations/client", "operations/consumed", "operations/formats", "operations/request"}, // httpguts; html
	"github.com/expr-lang/expr":                {"engine/internal/eval"},
	"github.com/dop251/goja":                   {"engine/internal/script"},
	"modernc.org/sqlite":                       {"engine/durable/sqlite", ".ci/e2e"}, // e2e makes the database of a version to come
	"github.com/gofrs/flock":                   {"engine/durable/sqlite"},
	"github.com/modelcontextprotocol/go-sdk":   {"serve/mcp", "serve/mcp/mcptest", "internal/stalltest"},
	"github.com/spf13/cobra":                   {"internal/command"},
	"github.com/spf13/pflag":                   {"internal/command"},
	"github.com/rogpeppe/go-internal":          {"internal/command"}, // differences of texts, and test scripts
	"github.com/creachadair/jrpc2":             {"internal/command/internal/lsp"},
	"golang.org/x/term":                        {"internal/command/internal/term"},
	"golang.org/x/text":                        {"internal/columns"}, // width
}

// testDoors are dependencies that tests alone may import, anywhere.
var testDoors = []string{"github.com/getkin/kin-openapi", "github.com/google/go-cmp", "github.com/owenrumney/go-sarif/v3", "github.com/theory/jsonpath"}

// testPackages hold what tests of several packages share: tests in all but name.
var testPackages = []string{"engine/durable/durabletest", "operations/internal/optest", "serve/internal/servetest", "serve/mcp/mcptest"}

// layers names what each package may import of ours. "x/..." stands for x and
// all below it; as a key it is the rule of every package there that has none
// of its own. A package that no rule covers fails the test: add its row.
var layers = map[string][]string{
	"diag":                             {"internal/columns", "internal/jsonvalue", "internal/words"},
	"internal/...":                     {},
	"internal/graph":                   {"engine/document", "engine/durable", "internal/columns"},
	"internal/suggest":                 {"diag", "internal/words"}, // it completes problems
	"internal/timeline":                {"engine/document", "engine/durable"},
	"internal/readme":                  {"diag", "spec", "spec/dialect"}, // its tests run the examples of every code
	"capabilities":                     {},
	"packaging":                        {"spec/yamldata"}, // its tests read what releases are made with
	"spec":                             {"diag"},
	"spec/framework":                   {"spec", "spec/framework/internal/form", "spec/internal/node", "spec/internal/rules", "diag", "internal/pathtemplate", "internal/suggest", "internal/words", "spec/internal/keys"},
	"spec/dialect":                     {"spec/...", "diag", "internal/loopback", "internal/suggest"},
	"spec/...":                         {"spec", "spec/internal/keys", "spec/internal/node", "spec/internal/rules", "spec/internal/secrets", "diag", "internal/pace", "internal/pathtemplate", "internal/suggest", "internal/jsonvalue", "internal/words"},
	"internal/jsonvalue":               {"internal/charset"},
	"operations/check":                 {"operations", "internal/jsonvalue"},
	"operations/openapi/...":           {},
	"operations/openapi":               {"operations", "operations/check", "operations/openapi/...", "diag", "internal/jsonvalue", "internal/pace"}, // a document's answers are checked against all of its schemas
	"operations/request":               {"operations", "internal/charset", "internal/jsonvalue", "internal/loopback"},
	"operations/client":                {"operations", "operations/check", "operations/request", "internal/bounded", "internal/charset", "internal/jsonvalue", "internal/loopback"}, // it sends what request makes, and again where check's verdict allows
	"operations/paging":                {"operations", "operations/request", "internal/jsonvalue", "internal/words"},                                                                // a link to the next page is compared with the request
	"operations/record":                {"operations", "internal/jsonvalue", "internal/wholefile", "internal/words"},
	"operations/mock":                  {"internal/matching", "operations", "operations/check", "operations/request", "internal/jsonvalue", "internal/words"}, // it answers what fits the schema, to a body of the type that is sent
	"operations/internal/optest":       {"operations", "operations/openapi"},
	"operations":                       {"internal/charset", "internal/jsonvalue", "internal/suggest", "internal/words"}, // the vocabulary: no network, no document
	"operations/consumed":              {"spec", "operations", "diag", "internal/words"},
	"operations/catalog":               {"operations", "operations/openapi", "diag", "internal/suggest", "internal/wholefile"},
	"operations/catalog/...":           {"operations/openapi", "operations/catalog", "diag"},
	"operations/formats":               {"spec/yamldata", "diag", "internal/charset", "internal/suggest", "internal/jsonvalue"},
	"engine/durable":                   {"diag", "internal/columns"},
	"internal/journal":                 {"engine/durable"},
	"engine/document":                  {"diag", "engine/durable", "internal/jsonvalue"},
	"engine/durable/...":               {"engine/durable", "internal/journal"},
	"engine/internal/eval":             {"operations", "diag", "internal/suggest", "internal/jsonvalue"},
	"engine/internal/jsonpath":         {"engine/internal/eval", "internal/jsonvalue", "internal/suggest"},
	"engine/internal/template":         {"engine/internal/eval", "engine/internal/jsonpath", "internal/jsonvalue"},
	"engine/internal/script":           {"diag", "internal/jsonvalue"},
	"engine/internal/plan":             {"spec", "operations", "operations/check", "operations/paging", "operations/request", "operations/consumed", "operations/formats", "engine/durable", "engine/internal/eval", "engine/internal/jsonpath", "engine/internal/template", "engine/internal/script", "diag", "internal/columns", "internal/suggest", "internal/jsonvalue", "internal/words"},
	"engine/internal/history":          {"engine", "engine/durable", "engine/durable/memory", "engine/durable/sqlite", "operations", "operations/client"}, // a test of all of them
	"engine/internal/reach":            {"spec", "engine/document"},
	"engine/internal/connect":          {"spec", "spec/yamldata", "operations", "operations/client", "operations/record", "operations/consumed", "operations/formats", "operations/mock", "engine/document", "engine/internal/eval", "engine/internal/plan", "engine/internal/reach", "internal/loopback", "internal/pace", "diag"},
	"engine/internal/load":             {"spec", "spec/dialect", "spec/project", "spec/yamldata", "operations", "operations/openapi", "operations/catalog", "operations/consumed", "engine/document", "engine/internal/connect", "engine/internal/plan", "engine/internal/reach", "engine/internal/screen", "engine/internal/serving", "capabilities", "diag", "internal/suggest"},
	"engine/internal/screen":           {"spec", "spec/project", "diag", "internal/jsonvalue", "internal/words"},
	"engine/internal/serving":          {"spec", "engine/document", "engine/internal/reach", "diag", "internal/loopback", "internal/pathtemplate", "internal/suggest"},
	"engine/internal/exec":             {"operations", "operations/check", "operations/paging", "operations/request", "engine/durable", "engine/internal/eval", "engine/internal/plan", "diag", "internal/bounded", "internal/suggest", "internal/jsonvalue"},
	"engine":                           {"spec", "operations/...", "engine/...", "capabilities", "diag", "internal/fault", "internal/suggest", "internal/jsonvalue", "internal/loopback"},
	"serve/access":                     {"serve/internal/answer", "internal/bounded", "internal/loopback"},
	"serve/limit":                      {"serve/internal/answer", "serve/access", "internal/fault"}, // a rate counts by caller
	"serve/live":                       {"engine", "engine/document", "engine/durable"},
	"serve/mcp":                        {"serve/access", "internal/charset", "internal/fault", "internal/jsonvalue", "internal/loopback", "internal/pathtemplate", "internal/words"}, // what it serves is described to it: it knows no engine
	"serve/internal/...":               {},
	"serve/internal/body":              {"serve/internal/answer", "internal/charset", "internal/jsonvalue"},
	"serve/internal/conformance":       {"serve", "engine", "spec/yamldata", "internal/jsonvalue"}, // a test, too
	"serve/internal/meaning":           {"serve", "engine"},                                        // a test of all of them
	"serve/internal/servetest":         {"engine/durable", "engine/durable/sqlite", "operations"},  // fixtures of tests
	"serve/runs":                       {"serve/access", "engine", "engine/document", "engine/durable", "internal/charset", "internal/graph", "internal/timeline", "internal/jsonvalue", "serve/live", "serve/internal/..."},
	"serve/tools":                      {"serve/access", "engine", "engine/document", "engine/durable", "internal/jsonvalue", "serve/internal/...", "serve/live", "serve/mcp", "serve/skill"},
	"serve":                            {"serve/...", "engine", "engine/document", "engine/durable", "operations", "spec", "diag", "internal/jsonvalue", "internal/pathtemplate", "internal/loopback"},
	"serve/rest":                       {"engine", "spec", "internal/charset", "internal/jsonvalue", "internal/pathtemplate", "serve/internal/..."},
	"serve/skill":                      {"internal/columns", "engine", "engine/document", "operations", "operations/check", "operations/mock", "operations/paging", "spec", "spec/yamldata", "diag", "internal/jsonvalue", "internal/pace", "internal/words"},
	"serve/skills":                     {"spec", "spec/yamldata", "diag", "internal/columns", "serve/internal/..."},
	"serve/...":                        {"engine", "engine/document", "operations", "spec", "diag", "internal/graph", "internal/jsonvalue", "serve/internal/..."},
	"cmd/capstan":                      {"internal/command"},
	"internal/command":                 {"internal/command/internal/...", "capabilities", "serve/...", "engine", "engine/document", "engine/durable", "engine/durable/memory", "engine/durable/sqlite", "operations/...", "spec", "spec/dialect", "spec/project", "spec/yamldata", "diag", "internal/bounded", "internal/fault", "internal/columns", "internal/graph", "internal/suggest", "internal/jsonvalue", "internal/loopback", "internal/pace", "internal/wholefile", "internal/words"},
	"internal/command/internal/author": {"engine", "engine/document", "operations", "spec", "spec/yamldata", "diag", "internal/jsonvalue", "internal/suggest", "internal/words"},
	"internal/command/internal/lsp":    {"engine", "engine/document", "operations", "spec", "spec/dialect", "diag"}, // dialect describes keys
	"internal/command/internal/report": {"internal/command/internal/term", "engine/document", "engine/durable", "internal/graph", "internal/timeline"},
	"internal/command/internal/term":   {"engine", "engine/document", "engine/durable", "internal/columns", "internal/jsonvalue", "internal/words"},
	"examples/...":                     {"serve", "engine", "engine/durable/...", "operations/...", "spec", "diag"},
	"bench":                            {"bench/internal/measure"}, // its clients are programs of their own
	"bench/...":                        {"bench/internal/measure"},
	"bench/internal/measure":           {},
	"bench/embed":                      {"bench/internal/measure", "engine", "engine/durable/sqlite"},
	".ci/e2e":                          {},
	".ci/clock":                        {},
}

func TestOneDoorPerDependency(t *testing.T) {
	for _, f := range goFiles(t) {
		for _, imp := range f.imports {
			if !thirdParty(imp) || inAny(imp, testDoors) && (f.test || slices.Contains(testPackages, f.pkg())) {
				continue
			}
			module, allowed := doorOf(imp)
			switch {
			case module == "":
				t.Errorf("%s imports %s, which has no door: decide which package owns it and add it to doors", f.name, imp)
			case !slices.Contains(allowed, f.pkg()):
				t.Errorf("%s imports %s; only %s may", f.name, imp, strings.Join(allowed, ", "))
			}
		}
	}
}

func TestImportDirection(t *testing.T) {
	for _, f := range goFiles(t) {
		rule, ok := ruleFor(f.pkg())
		if !ok {
			t.Errorf("%s: package %s has no row in layers: decide what it may import", f.name, f.pkg())
			continue
		}
		for _, imp := range f.imports {
			target, ours := strings.CutPrefix(imp, module+"/")
			if !ours || target == f.pkg() || target == "internal/lazyregexp" || f.test && testMay(f.pkg(), target) { // any may use it, as regexp
				continue
			}
			if !allows(rule, target) {
				t.Errorf("%s imports %s; package %s may import of ours only: %s", f.name, target, f.pkg(), strings.Join(rule, " "))
			}
		}
	}
}

// testMay lets tests use, besides what the package may, its own sub-packages
// (the durable tests run the shared suite), what keeps and answers the runs they serve, and,
// from operations on, the data that ships: a published capability is the best
// test case there is.
func testMay(pkg, target string) bool {
	if target == "spec/dialect" || target == "internal/stalltest" { // the model is best written as a file; the other imports nothing of ours
		return true
	}
	if (under(pkg, "engine/durable") || under(pkg, "serve")) && slices.Contains(testPackages, target) {
		return true
	}
	if under(pkg, "serve") && (under(target, "engine/durable") || under(target, "operations")) {
		return true
	}
	if under(pkg, "operations") && under(target, "operations") {
		return true // an operation is best had from a document, and a request best seen as it is sent
	}
	if pkg == "engine/internal/plan" && (target == "operations/openapi" || target == "operations/mock") {
		return true // plans are tried on every document there is, with values that fit it
	}
	if pkg == "engine/internal/exec" && (target == "spec" || target == "operations/consumed") {
		return true // a plan is best had from a file
	}
	ships := target == "capabilities" || target == "operations/catalog" || target == "operations/openapi"
	return under(target, pkg) || ships && (under(pkg, "operations") || under(pkg, "engine"))
}

// thirdParty tells a module's import path from a standard library one: its
// first element holds a dot.
func thirdParty(imp string) bool {
	first, _, _ := strings.Cut(imp, "/")
	return strings.Contains(first, ".") && !under(imp, module)
}

func doorOf(imp string) (module string, allowed []string) {
	for m, pkgs := range doors {
		if under(imp, m) {
			return m, pkgs
		}
	}
	return "", nil
}

func inAny(imp string, modules []string) bool {
	return slices.ContainsFunc(modules, func(m string) bool { return under(imp, m) })
}

// ruleFor finds the row of pkg: its own, else the nearest "x/..." above it.
func ruleFor(pkg string) ([]string, bool) {
	if rule, ok := layers[pkg]; ok {
		return rule, true
	}
	for dir := pkg; ; {
		i := strings.LastIndexByte(dir, '/')
		if i < 0 {
			return nil, false
		}
		dir = dir[:i]
		if rule, ok := layers[dir+"/..."]; ok {
			return rule, true
		}
	}
}

func allows(rule []string, target string) bool {
	return slices.ContainsFunc(rule, func(r string) bool {
		dir, all := strings.CutSuffix(r, "/...")
		return target == r || all && under(target, dir)
	})
}
