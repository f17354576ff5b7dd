package engine_test

import (
	"bufio"
	"cmp"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/engine"
)

// TestCorpusOfSiblingsPlansAndAnswers loads every public sibling there is, with its
// repository around it, and runs its units on a mock.
func TestCorpusOfSiblingsPlansAndAnswers(t *testing.T) {
	files, refused, absent, units, answered := 0, 0, 0, 0, 0
	used := map[string]bool{}
	for _, name := range siblingsOfTheCorpus(t) {
		root := repositoryOf(name)
		o := &options{FS: os.DirFS(siblingDir + root), Project: "none", Mock: true}
		f, err := engine.Open(t.Context(), strings.TrimPrefix(name, root+"/"), o.load())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		files++
		if len(f.Units()) == 0 && f.Err() != nil {
			refused++
			if d := f.Report().Diagnostics; len(d) > 2 || d[0].Message == "" || d[0].Hint == "" && d[len(d)-1].Hint == "" {
				t.Errorf("%s is refused without one reason and a hint: %v", name, d)
			}
		}
		for _, u := range f.Units() {
			reason := ""
			if u.Program == nil {
				reason = firstError(u)
			} else if _, err := o.runner().Run(t.Context(), u.Program, fitting(o, u), nil); err != nil {
				reason = err.Error()
			}
			code, _, _ := strings.Cut(reason, ":")
			if slices.Contains([]string{"unknown-api", "missing-api", "unknown-operation"}, code) && undescribed[name] != "" {
				used[name] = true
				absent++
				continue
			}
			if units++; reason == "" {
				answered++
				continue
			}
			why := reasonsOfSiblings[name]
			used[name] = true
			if !slices.ContainsFunc(why, func(text string) bool { return strings.Contains(reason, text) }) {
				t.Errorf("%s, unit %s: %s", name, u.Name, reason)
			}
		}
	}
	t.Logf("%d files, %d of them name nothing to call; of %d units nothing at hand describes the operation; %d others, %d answer", files, refused, absent, units, answered)
	if answered*100 < units*85 {
		t.Errorf("only %d of %d units answer", answered, units)
	}
	for name := range undescribed {
		if !used[name] {
			t.Errorf("%s is described by now", name)
		}
	}
	for name := range reasonsOfSiblings {
		if !used[name] {
			t.Errorf("%s needs no reason any more", name)
		}
	}
}

// TestCorpusWithoutVersion runs every unit of the framework files without a version on
// the mock.
func TestCorpusWithoutVersion(t *testing.T) {
	units := 0
	for _, name := range ofTheCorpus(t, "X") {
		root := repositoryOf(name)
		o := &options{FS: os.DirFS(siblingDir + root), Project: "none", Mock: true}
		f, err := engine.Open(t.Context(), strings.TrimPrefix(name, root+"/"), o.load())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, u := range f.Units() {
			if units++; u.Program == nil {
				t.Errorf("%s, unit %s: %s", name, u.Name, firstError(u))
			} else if res, err := o.runner().Run(t.Context(), u.Program, fitting(o, u), nil); err != nil || len(res.Outputs) == 0 {
				t.Errorf("%s, unit %s: %v", name, u.Name, err)
			}
		}
	}
	t.Logf("%d units", units)
}

const siblingDir = "../../shared/corpus/"

// siblingsOfTheCorpus are the files that the corpus's table has as siblings.
func siblingsOfTheCorpus(t *testing.T) []string {
	t.Helper()
	return ofTheCorpus(t, "B1", "B2", "B3", "C", "D", "E", "F", "G", "H", "I", "J", "Z", "?")
}

// ofTheCorpus are the files that the corpus's table has as one of the kinds.
func ofTheCorpus(t *testing.T, kinds ...string) (out []string) {
	t.Helper()
	f, err := os.Open(siblingDir + "INDEX.tsv")
	if err != nil {
		t.Skipf("the corpus is not here: %v", err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		cells := strings.Split(lines.Text(), "\t")
		kind, _, _ := strings.Cut(cells[1], " ")
		if slices.Contains(kinds, kind) {
			out = append(out, cells[0])
		}
	}
	return out
}

// repositoryOf is the folder of a file that is a repository, or stands for one.
func repositoryOf(name string) string {
	parts := strings.Split(name, "/")
	if parts[1] == "api-search__capabilities" {
		return path.Join(parts[:4]...)
	}
	return path.Join(parts[:2]...)
}

func firstError(u *engine.Unit) string {
	for _, d := range u.Problems {
		if d.Severity == 0 {
			return d.Code + ": " + d.Message
		}
	}
	return "no program"
}

// fitting are inputs of a unit that fit their schemas: all that are required.
func fitting(o *options, u *engine.Unit) engine.Inputs {
	in := engine.Inputs{}
	for _, x := range (&program{u.Program, o.runner()}).Plan().Inputs {
		if x.Required {
			in[x.Name] = fittingValue(x.Schema, 3)
		}
	}
	return in
}

func fittingValue(s map[string]any, depth int) any {
	if enum, ok := s["enum"].([]any); ok && len(enum) > 0 {
		return enum[0]
	}
	if v, ok := s["const"]; ok {
		return v
	}
	kind, _ := s["type"].(string)
	if kinds, ok := s["type"].([]any); ok && len(kinds) > 0 {
		kind, _ = kinds[0].(string)
	}
	switch kind {
	case "integer", "number":
		return cmp.Or(s["minimum"], any(1))
	case "boolean":
		return true
	case "array":
		items, _ := s["items"].(map[string]any)
		if items == nil || depth == 0 {
			return []any{}
		}
		return []any{fittingValue(items, depth-1)}
	case "object":
		out := map[string]any{}
		properties, _ := s["properties"].(map[string]any)
		for _, name := range requiredOf(s) {
			if p, ok := properties[name].(map[string]any); ok && depth > 0 {
				out[name] = fittingValue(p, depth-1)
			}
		}
		return out
	}
	switch s["format"] {
	case "date":
		return "2026-05-22"
	case "date-time":
		return "2026-05-22T10:00:00Z"
	case "uuid":
		return "123e4567-e89b-12d3-a456-426614174000"
	case "email":
		return "a@example.com"
	case "uri":
		return "https://example.com"
	}
	if s["pattern"] != nil {
		return "0123456789abcdef"
	}
	return "Kittiwake"
}

func requiredOf(s map[string]any) (out []string) {
	switch names := s["required"].(type) {
	case []string:
		return names
	case []any:
		for _, name := range names {
			out = append(out, name.(string))
		}
	}
	return out
}

// undescribed are the files whose operations no document and no shared file at hand
// describes, for the reason that is given.
var undescribed = map[string]string{
	"composition/api-evangelist__alpha-vantage/capabilities/financial-data-analytics.yaml":                                                "its ids are values of a parameter of one operation",
	"composition/api-evangelist__amazon-bedrock/capabilities/capabilities.yml":                                                            "56 of its 68 ids are in none of its two documents",
	"composition/api-evangelist__apache-pulsar/capabilities/pulsar-workflow.yaml":                                                         "its ids are not in its document",
	"composition/api-evangelist__cilium/naftiko/cilium-capabilities.yml":                                                                  "none of its ids is in its document",
	"composition/api-evangelist__fern/capabilities/agent-ready-docs.yaml":                                                                 "it names no API that anybody describes",
	"composition/api-evangelist__fern/capabilities/openapi-to-sdk-and-docs.yaml":                                                          "it names no API that anybody describes",
	"composition/api-evangelist__konbiniapi/capabilities/social-listening.yaml":                                                           "two of its ids are not in its document",
	"composition/api-evangelist__svix/capabilities/failed-delivery-recovery.yaml":                                                         "its ids are not in its document",
	"composition/api-evangelist__svix/capabilities/third-party-webhook-fan-in.yaml":                                                       "its ids are not in its document",
	"composition/api-search__capabilities/_capabilities/absentify/absence-management-absentify.yaml":                                      "the corpus has neither its document nor its shared files",
	"composition/api-search__capabilities/_capabilities/acceptance-criteria/requirements-management.yaml":                                 "the corpus has neither its document nor its shared files",
	"composition/api-search__capabilities/_capabilities/agency-for-toxic-substances-and-disease-registry/toxic-substance-monitoring.yaml": "the corpus has neither its document nor its shared files",
	"composition/api-search__capabilities/_capabilities/agent-diff/api-agent-testing.yaml":                                                "the corpus has neither its document nor its shared files",
	"composition/api-search__capabilities/_capabilities/airbnb/airbnb-listing-management.yaml":                                            "the corpus has neither its document nor its shared files",
	"composition/api-search__capabilities/_capabilities/airbus-oneatlas/oneatlas-geospatial-data-access.yaml":                             "the corpus has neither its document nor its shared files",
	"composition/api-search__capabilities/_capabilities/amazon-data-lifecycle-manager/backup-automation-operations.yaml":                  "the corpus has neither its document nor its shared files",
	"composition/api-search__capabilities/_capabilities/amazon-data-pipeline/etl-pipeline-operations.yaml":                                "the corpus has neither its document nor its shared files",
	"composition/api-search__capabilities/_capabilities/amazon-deadline-cloud/render-farm-operations.yaml":                                "the corpus has neither its document nor its shared files",
	"composition/api-search__capabilities/_capabilities/amazon-swf/amazon-swf-workflow-management.yaml":                                   "the corpus has neither its document nor its shared files",
	"composition/api-search__capabilities/_capabilities/apache-poi/poi-workflow.yaml":                                                     "the corpus has neither its document nor its shared files",
	"composition/api-search__capabilities/_capabilities/apache-ranger/ranger-workflow.yaml":                                               "the corpus has neither its document nor its shared files",
	"composition/api-search__capabilities/_capabilities/apache-rocketmq/rocketmq-workflow.yaml":                                           "the corpus has neither its document nor its shared files",
	"composition/api-search__capabilities/_capabilities/apache-samza/samza-workflow.yaml":                                                 "the corpus has neither its document nor its shared files",
	"composition/api-search__capabilities/_capabilities/apache-shardingsphere/shardingsphere-workflow.yaml":                               "the corpus has neither its document nor its shared files",
	"composition/api-search__capabilities/_capabilities/apache-shiro/shiro-workflow.yaml":                                                 "the corpus has neither its document nor its shared files",
	"composition/api-search__capabilities/_capabilities/avaloq/avaloq-wealth-management.yaml":                                             "the corpus has neither its document nor its shared files",
	"composition/api-search__capabilities/_capabilities/basiq/open-banking.yaml":                                                          "the corpus has neither its document nor its shared files",
	"composition/api-search__capabilities/_capabilities/bifrost/ai-chat-routing.yaml":                                                     "the corpus has neither its document nor its shared files",
	"composition/api-search__capabilities/_capabilities/bigpanda/incident-management.yaml":                                                "the corpus has neither its document nor its shared files",
	"composition/api-search__capabilities/_capabilities/bloom-credit/bloom-credit-credit-intelligence.yaml":                               "the corpus has neither its document nor its shared files",
	"composition/api-search__capabilities/_capabilities/the-open-movie-database/movie-lookup.yaml":                                        "the corpus has neither its document nor its shared files",
	"composition/api-search__capabilities/_capabilities/urban-outfitters/retail-commerce.yaml":                                            "the corpus has neither its document nor its shared files",
}

// reasonsOfSiblings are why other units of a file do not run: parts of their first problems.
var reasonsOfSiblings = map[string][]string{
	"composition/api-search__capabilities/_capabilities/ble/ble-gatt-capability.yaml":    {`says not which operation`, `no OpenAPI document that can be found`},
	"composition/api-evangelist__acceldata/capabilities/data-observability.yaml":         {`none of the documented values`},
	"composition/api-evangelist__agstack/capabilities/precision-agriculture.yaml":        {`input "geo_id_1" is not used by any step`, `input "geojson_file" is not used by any step`},
	"composition/api-evangelist__amazon-bedrock/capabilities/capabilities.yml":           {`property "role" is missing`},
	"composition/api-evangelist__arlula/capabilities/satellite-imagery-operations.yaml":  {`404 Not Found`},
	"composition/api-evangelist__bringg/capabilities/last-mile-delivery.yaml":            {`names 2 operations`},
	"composition/api-evangelist__bump-sh/capabilities/breaking-change-governance.yaml":   {`createDiff has no parameter or body property "documentation"`},
	"composition/api-evangelist__bump-sh/capabilities/mcp-server-publishing.yaml":        {`deployMcpServer has no parameter or body property "document"`},
	"composition/api-evangelist__bump-sh/capabilities/multi-api-hub-index.yaml":          {`unknown function "each"`},
	"composition/api-evangelist__currencylayer/capabilities/currency-conversion.yaml":    {`unknown field "error"`},
	"composition/api-evangelist__fern/capabilities/sdk-pipeline-automation.yaml":         {`says not which operation`},
	"composition/api-evangelist__fixer/capabilities/currency-conversion.yaml":            {`unknown field "error"`},
	"composition/api-evangelist__konbiniapi/capabilities/content-research.yaml":          {`unknown field "items"`},
	"composition/api-evangelist__onfleet/capabilities/last-mile-delivery.yaml":           {`says not which operation`},
	"composition/api-evangelist__positionstack/capabilities/address-to-coordinates.yaml": {`is out of range`},
	"composition/api-evangelist__shodan/capabilities/internet-asset-discovery.yaml":      {`404 Not Found`},
	"composition/api-evangelist__trimble/capabilities/bim-collaboration.yaml":            {`input "topicStatus" is not used by any step`, `input "email" is not used by any step`},
}
