package openapi_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/operations/internal/optest"
	"github.com/capstan-run/capstan/operations/mock"
	"github.com/capstan-run/capstan/operations/openapi"
)

// A document of several files is one document: parts refer to each other, and a
// discriminator maps to files.
func TestSeveralFilesWithADiscriminator(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"api.yaml":             "openapi: 3.0.3\ninfo: {title: Zoo, version: '1'}\npaths:\n  /animals: {$ref: './paths/animals.yaml'}\n",
		"paths/animals.yaml":   "get:\n  operationId: listAnimals\n  responses: {'200': {description: ok, content: {application/json: {schema: {type: array, items: {$ref: '../schemas/Animal.yaml'}}}}}}\n",
		"schemas/Animal.yaml":  "oneOf: [{$ref: './Bear.yaml'}, {$ref: './Seal.yaml'}, {$ref: './Wolf.yaml'}]\ndiscriminator: {propertyName: kind, mapping: {brown-bear: './Bear.yaml', seal: Seal.yaml}}\n",
		"schemas/Bear.yaml":    "type: object\nrequired: [kind]\nproperties: {kind: {type: string, enum: [brown-bear, seal]}, claws: {type: integer}, keeper: {$ref: './Keeper.yaml'}}\n",
		"schemas/Seal.yaml":    "allOf: [{$ref: './Swimmer.yaml'}, {type: object, properties: {fins: {type: integer}}}]\n",
		"schemas/Swimmer.yaml": "type: object\nproperties: {kind: {type: string}}\n",
		"schemas/Wolf.yaml":    "type: object\nproperties: {pack: {type: string}}\n",
		"schemas/Keeper.yaml":  "type: object\nproperties: {animals: {type: array, items: {$ref: './Animal.yaml'}}}\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	set, problems := optest.Compile(t, filepath.Join(dir, "api.yaml"))
	if len(problems) > 0 {
		t.Errorf("problems %v", problems)
	}
	animal := operationOf(t, set, "listAnimals").Result().Items
	for i, want := range []string{"brown-bear", "seal", "Wolf"} {
		one := animal.AnyOf[i].Flatten()
		if kind := one.Property("kind"); kind == nil || kind.Example != want || !kind.Is("string") {
			t.Errorf("alternative %d: kind is %+v", i, kind)
		}
	}
	bear, ok := animal.AnyOf[0].Flatten(), animal.AnyOf[0].Flatten().Property("kind")
	if bear.Property("claws") == nil || len(ok.Enum) != 2 || bear.Property("keeper").Property("animals").Items.AnyOf[0] == (*operations.Schema)(nil) {
		t.Errorf("the bear is %+v", bear)
	}
}

// A discriminator without alternatives has the first that its mapping leads to, as a note:
// what a value must be is unchanged.
func TestMappedSchemas(t *testing.T) {
	const doc = `openapi: 3.0.3
info: {title: Zoo, version: '1'}
servers: [{url: https://zoo.test}]
paths:
  /animals/{id}:
    get: {operationId: getAnimal, parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Animal'}}}}}}
components:
  schemas:
    Animal: {type: object, required: [kind], properties: {kind: {type: string}, mate: {$ref: '#/components/schemas/Animal'}}, discriminator: {propertyName: kind, mapping: {none: '#/components/schemas/None', itself: Animal, seal: Seal, bear: '#/components/schemas/Bear'}}}
    Seal: {allOf: [{$ref: '#/components/schemas/Animal'}, {type: object, required: [fins], properties: {fins: {type: integer}}}]}
    Bear: {allOf: [{$ref: '#/components/schemas/Animal'}]}
`
	index, _ := openapi.Compile("zoo", []byte(doc), nil)
	op := operationOf(t, optest.Set(t, index), "getAnimal")
	animal := op.Result()
	if v := animal.Variant; v == nil || v.Value != "seal" || v.Property != "kind" || v.Schema.Name != "Seal" || v.Schema.Variant != nil || v.Schema.Flatten().Property("fins") == nil {
		t.Fatalf("the animal is %+v", animal.Variant)
	}
	index, _ = openapi.Compile("zoo", []byte(strings.Replace(strings.Replace(doc, ", mapping: {none: '#/components/schemas/None', itself: Animal, seal: Seal, bear: '#/components/schemas/Bear'}", "", 1), "Seal: {", "Grey/Seal: {", 1)), nil)
	if v := operationOf(t, optest.Set(t, index), "getAnimal").Result().Variant; v == nil || v.Value != "Grey/Seal" || v.Schema.Flatten().Property("fins") == nil {
		t.Errorf("without a mapping: %+v", v)
	}
	resp, err := mock.New(nil)(t.Context(), &operations.Request{Op: op, Args: []operations.Arg{{Param: op.Params[0], Value: "a1"}}})
	if err != nil {
		t.Fatal(err)
	}
	got, _ := resp.Value.(map[string]any)
	if got["kind"] != "seal" || got["fins"] == nil {
		t.Errorf("the mock answers %s", resp.Body)
	}
}
