package jsonpath

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capstan-run/capstan/internal/jsonvalue"
)

const fleet = `{
  "state": null, "first-name": "Ada", "2fa": true, "Imo Number": {"x": 7}, "a.b": {"[c]": 1}, "été": 2, "@type": "Ship", "n": {"0": "zero"},
  "ships": [
    {"imo": 1, "name": "Petrel", "crew": [{"id": "a", "rank": {"code": 1}}, {"id": "b"}], "flag": "NO"},
    {"imo": 2, "name": "O'Hara", "crew": [], "tons": 3.5, "flag": null},
    {"imo": 3, "crew": [{"id": "c", "rank": {"code": 2}}], "tons": 12}
  ],
  "grid": [[1, 2], [3, [4, 5]]], "limit": 5, "text": "three"
}`

func fleetData(t testing.TB) any {
	t.Helper()
	v, err := jsonvalue.Decode([]byte(fleet))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func mustPath(t testing.TB, src string) *Path {
	t.Helper()
	p, problems := Parse(src)
	if p == nil {
		t.Fatalf("%s: %v", src, problems)
	}
	return p
}

// absent stands for found=false.
const absent = "absent"

func TestPathGet(t *testing.T) {
	data := fleetData(t)
	for src, want := range map[string]string{
		// the whole
		`$.limit`: `5`, `limit`: `5`, `.limit`: `5`, ` $.limit `: `5`, `$.limit.`: `5`, `$ .limit`: `5`, "$\n.limit": `5`,
		// names
		`$.state`: `null`, `$.state.x`: absent, `$.nothing`: absent, `$.limit.x`: absent, `$.first-name`: `"Ada"`, `$.2fa`: `true`,
		`$.Imo Number.x`: `7`, `Imo Number . x`: `7`, `$['Imo Number']["x"]`: `7`, `$['a.b']['[c]']`: `1`, `$["a.b"].['[c]']`: `1`,
		`$.été`: `2`, `$['\u00e9t\u00E9']`: `2`, `$.@type`: `"Ship"`, `$.n.0`: `"zero"`, `$.n[0]`: absent,
		// indexes
		`$.ships[0].name`: `"Petrel"`, `$.ships.[0].name`: `"Petrel"`, `$.ships.0.name`: `"Petrel"`, `ships[-1].imo`: `3`, `$.ships[ 1 ].name`: `"O'Hara"`,
		`$.ships[3]`: absent, `$.ships[-4]`: absent, `$.ships.imo`: absent, `$.ships[0].crew[0].rank.code`: `1`, `$.limit[0]`: absent,
		// wildcards
		`$.ships[*].name`: `["Petrel","O'Hara"]`, `$.ships.*.imo`: `[1,2,3]`, `$.ships[*].crew[0].id`: `["a","c"]`, `$.ships[*].crew[*].id`: `["a","b","c"]`,
		`$.ships[*].crew[0].rank.code`: `[1,2]`, `$.nothing[*].x`: `[]`, `$.limit[*]`: `[]`, `$.ships[*].flag`: `["NO",null]`, `$.grid[*]`: `[[1,2],[3,[4,5]]]`,
		`$.ships[0].crew[0].*`: `["a",{"code":1}]`,
		// unions and slices
		`$.ships[0,2].imo`: `[1,3]`, `$.ships[2, 0, 0].imo`: `[3,1,1]`, `$['limit','text','x']`: `[5,"three"]`,
		`$.ships[1:].imo`: `[2,3]`, `$.ships[:-1].imo`: `[1,2]`, `$.ships[::-1].imo`: `[3,2,1]`, `$.ships[::2].imo`: `[1,3]`, `$.ships[5:]`: `[]`, `$.ships[-2:2].imo`: `[2]`,
		`$.ships[2:0:-1].imo`: `[3,2]`, `$.ships[::0]`: `[]`, `$.ships[0:1, -1].imo`: `[1,3]`, `$.text[1:]`: `[]`, `$.ships[-99:99:999999999].imo`: `[1]`,
		// descendants
		`$..code`: `[1,2]`, `..code`: `[1,2]`, `$.ships..id`: `["a","b","c"]`, `$.grid..[0]`: `[[1,2],1,3,4]`, `$..['imo']`: `[1,2,3]`, `$.grid[1]..*`: `[3,[4,5],4,5]`,
		`$..crew[1].id`: `["b"]`,
		// filters
		`$.ships[?@.imo == 2].name`: `["O'Hara"]`, `$.ships[?(@.imo == 2)].name`: `["O'Hara"]`, `$.ships[?(@.name == 'O\'Hara')].imo`: `[2]`, `$.ships[?@.name=="O'Hara"].imo`: `[2]`,
		`$.ships[?@.imo != 2].imo`: `[1,3]`, `$.ships[?@.tons > 3].imo`: `[2,3]`, `$.ships[?@.tons >= 3.5 && @.tons < 12].imo`: `[2]`, `$.ships[?@.tons <= 3.5e0].imo`: `[2]`,
		`$.ships[?@.tons].imo`: `[2,3]`, `$.ships[?!@.tons].imo`: `[1]`, `$.ships[?@.flag].imo`: `[1,2]`, `$.ships[?@.flag == null].imo`: `[2]`, `$.ships[?@.name && !@.tons].imo`: `[1]`,
		`$.ships[?@.imo == 1 || (@.imo == 3 && @.crew[0].rank.code == 2)].imo`: `[1,3]`, `$.ships[?!(@.imo == 1 || @.imo == 2)].imo`: `[3]`,
		`$.ships[?@.crew[?@.id == 'b']].imo`: `[1]`, `$.ships[?@.crew[*].rank].imo`: `[1,3]`, `$.ships[?@.imo < $.limit].imo`: `[1,2,3]`, `$.ships[?@.nothing == @.neither].imo`: `[1,2,3]`,
		`$.ships[?@.name < 'Oz'].imo`: `[2]`, `$.ships[?@.name > 1].imo`: `[]`, `$.grid[?@ == $.grid[0]]`: `[[1,2]]`, `$.grid[?@[1][0] == 4]`: `[[3,[4,5]]]`,
		`$.ships[?length(@.crew) == 2].imo`: `[1]`, `$.ships[?count(@.crew[*]) > 0].imo`: `[1,3]`, `$.ships[?match(@.name, 'Pet.*')].imo`: `[1]`, `$.ships[?match(@.name, 'et')].imo`: `[]`,
		`$.ships[?search(@.name, 'et')].imo`: `[1]`, `$.ships[?value(@..code) == 2].imo`: `[3]`, `$.ships[?length(@.name) == 6].imo`: `[1,2]`, `$.n[?@ == 'zero']`: `["zero"]`,
		`$.ships[?@['imo'] == 1, 2].imo`: `[1,3]`, `$..[?@.code == 2].code`: `[2]`, `$.ships[?true == true].imo`: `[1,2,3]`, `$.ships[?@.tons == 12.0].imo`: `[3]`,
	} {
		p := mustPath(t, src)
		got := absent
		if v, found := p.Get(data); found {
			b, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			got = string(b)
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", src, got, want)
		}
	}
}

func TestPathToTheWhole(t *testing.T) {
	data := fleetData(t)
	for _, src := range []string{`$`, `$.`, `.`, ` $ `, `$. `} {
		p := mustPath(t, src)
		got, found := p.Get(data)
		if !found || !p.Definite() || p.Names() != nil || !cmp.Equal(data, got) {
			t.Errorf("%q: found %v, definite %v, names %v", src, found, p.Definite(), p.Names())
		}
	}
}

func TestPathNamesAndDrop(t *testing.T) {
	data := map[string]any{"first": map[string]any{"x": []any{map[string]any{"y": 1}}}}
	for _, c := range []struct {
		src, names string
		drop       int
		rest       string
		definite   bool
	}{
		{`$.first.x[0].y`, `first x`, 1, `x`, true},
		{`$.first.x[0].y`, `first x`, 2, ``, true},
		{`first.x[*].y`, `first x`, 1, `x`, false},
		{`$..first.x`, ``, 0, ``, false},
		{`$['first','x'].y`, ``, 0, ``, false},
		{`$[0].first`, ``, 0, ``, true},
		{`$.find-berth['ship id'].x`, `find-berth|ship id|x`, 1, `ship id|x`, true},
		{`$.a`, `a`, 5, ``, true},
	} {
		p := mustPath(t, c.src)
		names := func(p *Path) string { return strings.Join(p.Names(), "|") }
		rest := p.Drop(c.drop)
		if want := strings.ReplaceAll(c.names, "first x", "first|x"); names(p) != want || names(rest) != c.rest || p.Definite() != c.definite || rest.Source() != c.src {
			t.Errorf("%s: names %q, then %q, definite %v, source %q", c.src, names(p), names(rest), p.Definite(), rest.Source())
		}
	}
	if got, found := mustPath(t, `$.first.x[0].y`).Drop(1).Get(data["first"]); !found || got != 1 {
		t.Errorf("the rest of the path gives %v, %v", got, found)
	}
	if mustPath(t, `$.a[*].b`).Drop(3).Definite() != true {
		t.Error("what is left of a path is the whole, which is one place")
	}
}

// A reference takes a word in brackets for a part of the name, a path does not.
func TestReferencesWithWordsInBrackets(t *testing.T) {
	for src, want := range map[string]string{
		`tools.filter[kind]`: `tools|filter[kind]`, `page[size]`: `page[size]`, `a[b][c].d`: `a[b][c]|d`, `a[b].c[d]`: `a[b]|c[d]`,
		`$.tools.filter[kind]`: `tools|filter[kind]`, `a[0].b`: `a`, `a['b'].c`: `a|b|c`, `a[b][0]`: `a[b]`, `a[*]`: `a`,
	} {
		p, problems := ParseReference(src)
		if len(problems) > 0 {
			t.Errorf("%s: %v", src, problems)
			continue
		}
		if got := strings.Join(p.Names(), "|"); got != want {
			t.Errorf("%s names %s, want %s", src, got, want)
		}
	}
	for _, src := range []string{`a[b c]`, `a[]`, `a[b`, `*[b]`, `[b]`} {
		if p, _ := ParseReference(src); p != nil {
			t.Errorf("%s is read as %v", src, p.Names())
		}
	}
	if p, _ := Parse(`$.a[b]`); p != nil {
		t.Error("a path takes words in brackets")
	}
}

// Problems are placed in the path as its author wrote it.
func TestPathProblems(t *testing.T) {
	for src, want := range map[string]string{
		``:                               `0+0 expression-syntax: path is empty; write $. for the whole value`,
		`  `:                             `2+0 expression-syntax: path is empty; write $. for the whole value`,
		`$foo.bar`:                       `1+1 expression-syntax: unexpected 'f' in a path, where a dot or [ should be; write $.foo.bar`,
		`first.$.x`:                      `6+1 expression-syntax: "$" stands only where a path begins; to read a field of that name, write ['$']`,
		`@.x`:                            `0+1 expression-syntax: "@" stands only in a filter; to read a field of that name, write ['@']`,
		`$.a..`:                          `3+2 expression-syntax: nothing is named after ".."; write a name after .., or a single dot`,
		`$...a`:                          `1+2 expression-syntax: nothing is named after ".."; write a name after .., or a single dot`,
		`$.a[]`:                          `3+2 expression-syntax: brackets are empty; write [*] for every item, or [0] for the first`,
		`$.a[`:                           `3+1 expression-syntax: "[" is not closed`,
		`$.a[0`:                          `4+1 expression-syntax: path ends where ] or a comma should be`,
		`$.é[b c].d`:                     `4+3 expression-syntax: "b c" in brackets needs quotes; write ['b c']`,
		`$.a['b`:                         `4+2 expression-syntax: string is not closed`,
		`$.a['\x']`:                      `5+2 expression-syntax: unknown escape in a string; write \\ for a backslash`,
		`$.a['\ud800']`:                  `5+6 expression-syntax: half of a surrogate pair stands alone`,
		`$.a['\u12']`:                    `5+6 expression-syntax: \u needs four hexadecimal digits`,
		`$.a]`:                           `2+2 expression-syntax: "a]" cannot stand without quotes in a path; if it is a field's name, write it as ['name']`,
		`$.{{x}}`:                        `2+5 expression-syntax: "{{x}}" cannot stand without quotes in a path; if it is a field's name, write it as ['name']`,
		`$.foo*`:                         `2+4 expression-syntax: "foo*" cannot stand without quotes in a path; if it is a field's name, write it as ['name']`,
		`$.'a b'.c`:                      `2+5 expression-syntax: "'a b'" cannot stand without quotes in a path; if it is a field's name, write it as ['name']`,
		`$.a.length()`:                   `4+8 expression-syntax: "length()" is no field: a path calls no functions`,
		`$.a[(@.length-1)]`:              `3+2 expression-syntax: a path computes no indexes; write [-1] for the last item, or [?(@.field == 'x')] for those that match`,
		`$.a[1234567890123456]`:          `4+16 expression-syntax: index has more than 15 digits`,
		`$.a[0]b`:                        `6+1 expression-syntax: unexpected 'b' in a path, where a dot or [ should be`,
		`$.a[?@.x = 1]`:                  `9+1 expression-syntax: unknown operator "=" in a filter; write == to compare`,
		`$.a[?@.x =~ /b/]`:               `9+2 expression-syntax: unknown operator "=~" in a filter; write search(@.name, 'pattern')`,
		`$.a[?(@.x == y)]`:               `13+1 expression-syntax: unexpected "y" in a filter; write @.y for the field, or 'y' for the text`,
		`$.a[?(@.x == 1]`:                `14+1 expression-syntax: unexpected ']' in a path, where a closing parenthesis should be`,
		`$.a[?@.x ==]`:                   `11+1 expression-syntax: unexpected ']' in a path, where a field such as @.name, or a value should be`,
		`$.a[?@..x == 1]`:                `5+4 expression-syntax: a path to several values has no value to compare; read a single field, or use count(...)`,
		`$.a[?1]`:                        `5+1 expression-syntax: a filter's condition must be true or false; compare it with a field, such as @.name == 'x'`,
		`$.a[?lenght(@.x) == 1]`:         `5+7 expression-syntax: unknown function "lenght"; did you mean "length"?`,
		`$.a[?length(1) == 1]`:           `5+8 expression-syntax: length needs a path; write length(@.field)`,
		`$.a[?match(@.x)]`:               `14+1 expression-syntax: unexpected ')' in a path, where a comma and a pattern should be`,
		`$.a[?match(@.x, '(')]`:          "5+15 expression-syntax: pattern of match is no regular expression: missing closing ): `^(?:()$`",
		`$.a[?match(@.x, @.y)]`:          `5+15 expression-syntax: match needs a pattern that is known beforehand; write the pattern in quotes`,
		`$.a[?search(@.x, 'y') == true]`: `5+24 expression-syntax: match and search cannot be compared; it is a condition by itself`,
		"$.a\x00":                        `2+2 expression-syntax: "a\x00" cannot stand without quotes in a path; if it is a field's name, write it as ['name']`,
		"\xff":                           `0+1 expression-syntax: path is not valid UTF-8`,
		strings.Repeat("a", maxSource+1): `0+8193 expression-too-large: path is 8193 bytes long, at most 8192 are allowed`,
	} {
		p, problems := Parse(src)
		if p != nil || len(problems) != 1 || problems[0].String() != want {
			t.Errorf("%s:\n got %v\nwant %s", src, problems, want)
		}
	}
}

func TestPathType(t *testing.T) {
	list := listType()
	for src, want := range map[string]string{
		`$`:                               `object`,
		`$.data[0].id`:                    `string`,
		`$.data.0.id`:                     `string`,
		`$.data[*].tags`:                  `[[string]]`,
		`$.data[*].tags[0]`:               `[string]`,
		`$.data[0]['count','score']`:      `[number]`,
		`$.data[1:].id`:                   `[string]`,
		`$.data[?@.state == 'x'].count`:   `[integer]`,
		`$.raw.any.thing`:                 `any`,
		`$.raw[*].x`:                      `[any]`,
		`$.extra[0].x`:                    `any`,
		`$..id`:                           `[any]`,
		`$.list_metadata.*`:               `[string]`,
		`$.data[?@.x]`:                    `10+1 unknown-field: unknown field "x" in the items of $.data; it has: count, id, ok, score, state, tags`,
		`$.data[0].idd`:                   `10+3 unknown-field: unknown field "idd" in $.data[0]; did you mean "id"?`,
		`dta[0].id`:                       `0+3 unknown-field: unknown field "dta"; did you mean "data"?`,
		`$.data['0'].id`:                  `7+3 wrong-type: an array has no field "0"; write [0] before it for the first item, or [*] for every one`,
		`$.data.id`:                       `7+2 wrong-type: an array has no field "id"; write [0] before it for the first item, or [*] for every one`,
		`$.data[0].id.x`:                  `13+1 wrong-type: string has no fields, so no "x"`,
		`$.data[0]['idd']`:                `10+5 unknown-field: unknown field "idd" in $.data[0]; did you mean "id"?`,
		`$.data[*].idd`:                   `10+3 unknown-field: unknown field "idd" in $.data[*]; did you mean "id"?`,
		`$.list_metadata[0]`:              `15+3 wrong-type: object has no items; it is no array; it has: after`,
		`$.total-count[*]`:                `13+3 wrong-type: integer has no items`,
		`$.data[?@.stat == 'x' && @.ok]`:  `10+4 unknown-field: unknown field "stat" in the items of $.data; did you mean "state"?`,
		`$.data[?length(@.tgs) > 1]`:      `17+3 unknown-field: unknown field "tgs" in the items of $.data; did you mean "tags"?`,
		`$.data[?@.count < $.total-coun]`: `20+10 unknown-field: unknown field "total-coun"; did you mean "total-count"?`,
	} {
		got, problem := mustPath(t, src).TypeOf(list)
		text := shape(got)
		if problem != nil {
			text = problem.String()
		}
		if text != want {
			t.Errorf("%s:\n got %s\nwant %s", src, text, want)
		}
	}
}

// The path after a step's id is typed by the step's result; the problem still
// lies where the author wrote it.
func TestPathTypeAfterDrop(t *testing.T) {
	_, problem := mustPath(t, `find.data[0].idd`).Drop(1).TypeOf(listType())
	if want := `13+3 unknown-field: unknown field "idd" in find.data[0]; did you mean "id"?`; problem == nil || problem.String() != want {
		t.Errorf("got %v, want %s", problem, want)
	}
}

func TestPathFiltersCompareNumbersExactly(t *testing.T) {
	var items []any
	for _, id := range []string{"9223372036854775807", "9223372036854775808", "9223372036854775809", "1e400", "10.10"} {
		n, _ := jsonvalue.Number(id)
		items = append(items, map[string]any{"id": n})
	}
	for src, want := range map[string][]any{
		`$[?@.id == 9223372036854775808].id`: {json.Number("9223372036854775808")},
		`$[?@.id > 9223372036854775808].id`:  {json.Number("9223372036854775809"), json.Number("1e400")},
		`$[?@.id == 10.1].id`:                {json.Number("10.10")},
		`$[?@.id == $[1].id].id`:             {json.Number("9223372036854775808")},
		`$[?@.id < 9223372036854775808].id`:  {9223372036854775807, json.Number("10.10")},
	} {
		p, problem := Parse(src)
		if problem != nil {
			t.Fatal(src, problem)
		}
		got, _ := p.Get(items)
		if d := cmp.Diff(any(want), got); d != "" {
			t.Errorf("%s (-want +got):\n%s", src, d)
		}
	}
}
