package formats

import (
	"strings"
	"testing"
)

func TestXML(t *testing.T) {
	check(t, "xml", "", nil, map[string]any{
		`<?xml version="1.0"?><fleet><!-- two -->
		  <vessel code="V1"><name>Kittiwake &amp; Sons</name><home><port>Hull</port></home></vessel>
		  <vessel code="V2"><name><![CDATA[Gull <2>]]></name></vessel></fleet>`: object{"vessel": []any{
			object{"code": "V1", "name": "Kittiwake & Sons", "home": object{"port": "Hull"}},
			object{"code": "V2", "name": "Gull <2>"}}},
		`<a>5</a>`:                      "5",
		`<a> as is </a>`:                " as is ",
		"<a>\n</a>":                     "",
		`<a/>`:                          "",
		`<p cur="EUR"> 3 </p>`:          object{"cur": "EUR", "": "3"},
		`<p>x<b>y</b>z</p>`:             object{"b": "y", "": "xz"},
		`<a x="1"><x>2</x><x>3</x></a>`: object{"x": []any{"1", "2", "3"}},
		`<a><b><c>1</c></b><b/></a>`:    object{"b": []any{object{"c": "1"}, ""}},
		`<n:a xmlns:n="u" xmlns="v"><n:b n:c="1"/></n:a>`:                                  object{"b": object{"c": "1"}},
		`<a xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><b xsi:nil="true"/></a>`: object{"b": nil},
		`<!DOCTYPE html PUBLIC "-//x" "http://x/y.dtd"><a>&#233;</a>`:                      "é",
		" \n": nil,
	})
}

func TestXMLRefuses(t *testing.T) {
	refuse(t, "xml", "", nil, map[string]string{
		"entities or elements of its own": `<!DOCTYPE a [<!ENTITY b "x">]><a>&b;</a>`,
		"invalid character entity":        `<a>&b;</a>`,
		"unexpected EOF":                  `<a><b>`,
		"second root":                     `<a/><b/>`,
		"outside the root":                `<a/>x`,
		"no element":                      `<?xml version="1.0"?>`,
		"more than 200 deep":              strings.Repeat("<a>", 201),
		"1000000 values":                  "<a>" + strings.Repeat("<b/>", maxValues) + "</a>",
		"invalid UTF-8":                   "<a>\xff</a>",
	})
}

func TestDelimited(t *testing.T) {
	check(t, "csv", "", nil, map[string]any{
		"name,count\nAda,3\nBo,10\n": []any{object{"name": "Ada", "count": "3"}, object{"name": "Bo", "count": "10"}},
		"\xef\xbb\xbfa,b\r\n1,\r\n\r\n2": []any{
			object{"a": "1", "b": ""}, object{"a": "2", "b": ""}},
		"a,b\n\"x, \"\"y\"\"\nz\",\"\"\n": []any{object{"a": "x, \"y\"\nz", "b": ""}},
		"a\n5\" pipe\n":                   []any{object{"a": `5" pipe`}},
		"a , b\n 1 ,2":                    []any{object{"a": " 1 ", "b": "2"}},
		"a,a,,a (2)\n1,2,3,4":             []any{object{"a": "1", "a (2)": "2", "column 3": "3", "a (2) (2)": "4"}},
		"a\n1,,2\n":                       []any{object{"a": "1", "column 3": "2"}},
		"a\r1\r2":                         []any{object{"a": "1"}, object{"a": "2"}},
		"a,b\n":                           []any{},
		"":                                []any{},
	})
	check(t, "tsv", "", nil, map[string]any{"name\tcount\nAda, B\t3\n": []any{object{"name": "Ada, B", "count": "3"}}})
	check(t, "psv", "", nil, map[string]any{"name|count\r\nAda|3\r\nBo|\r\n": []any{
		object{"name": "Ada", "count": "3"}, object{"name": "Bo", "count": ""}}})
	refuse(t, "csv", "", nil, map[string]string{
		"line 3: a quote is not closed":     "a\n\n\"x\ny",
		"line 2: text follows":              "a\n\"x\"y",
		"header row is blank":               ",,\n1,2,3",
		"UTF-8":                             "a\n\xff",
		"more than the 1000000 values that": strings.Repeat("a,", 1000) + "\n" + strings.Repeat("x\n", 1000),
	})
}

func TestHTML(t *testing.T) {
	const page = `<html><body><table><tr><th>Day</th></tr><tr><td>Mon</td></tr></table>
	  <table class="wide main"><thead><tr><th>Item</th><th>Unit  price</th></tr></thead>
	  <tbody><tr><td> Rope &amp; tar </td><td><b>3</b> eur</td></tr><tr><td>Nail</td></tr></tbody></table></body></html>`
	day := []any{object{"Day": "Mon"}}
	items := []any{object{"Item": "Rope & tar", "Unit price": "3 eur"}, object{"Item": "Nail", "Unit price": ""}}
	check(t, "html", "", nil, map[string]any{page: object{"tables": []any{day, items}}})
	check(t, "html", "table.main", nil, map[string]any{page: object{"tables": []any{items}}})
	check(t, "html", "body", nil, map[string]any{page: object{"tables": []any{day, items}}})
	check(t, "html", "table.gone, p", nil, map[string]any{page: object{"tables": []any{}}, "": object{"tables": []any{}}})
}

func TestHTMLCellsStayUnderTheirColumns(t *testing.T) {
	check(t, "html", "", nil, map[string]any{
		`<table><tr><th>a<th>b<th>c<tr><td colspan=2>1<td>2<tr><td rowspan=2>3<td>4<td>5<tr><td>6<td>7</table>`: object{"tables": []any{[]any{
			object{"a": "1", "b": "", "c": "2"}, object{"a": "3", "b": "4", "c": "5"}, object{"a": "3", "b": "6", "c": "7"}}}},
		`<table><tr><th>name<th>n<tr><th>x<td>1</table>`:                          object{"tables": []any{[]any{object{"name": "x", "n": "1"}}}},
		`<table><tr><td>no<td>header</table>`:                                     object{"tables": []any{}},
		`<table><thead><tr><td>h</thead><tr><td>a<br>b<script>x</script></table>`: object{"tables": []any{[]any{object{"h": "a b"}}}},
		`<table><tr><th>o<tr><td><table><tr><th>i<tr><td>1</table></table>`: object{"tables": []any{
			[]any{object{"o": "i 1"}}, []any{object{"i": "1"}}}},
		"<meta charset=latin1><table><tr><th>h<tr><td>caf\xe9</table>": object{"tables": []any{[]any{object{"h": "café"}}}},
	})
	refuse(t, "html", "", nil, map[string]string{
		"512 nodes":      strings.Repeat("<div>", 600),
		"2000 tables":    strings.Repeat("<table></table>", 2001),
		"1000000 values": "<table><tr>" + strings.Repeat("<th colspan=1000>x", 1001),
		"MiB":            strings.Repeat("x", maxMarkup+1<<20),
	})
}

func TestMarkdown(t *testing.T) {
	const doc = "---\ntitle: Knots\nn: 2\n---\n# Start\r\n\r\nTie `it` well\nand often.\n\n" +
		"| Rope | Size |\n| ---- | ---- |\n| Hemp | 10   |\n| Wire |\n\n## Next *steps*\n\nRead on.\n"
	table := []any{[]any{object{"Rope": "Hemp", "Size": "10"}, object{"Rope": "Wire", "Size": ""}}}
	start := object{"heading": "Start", "level": 1, "content": "Tie it well and often."}
	next := object{"heading": "Next steps", "level": 2, "content": "Read on."}
	front := object{"title": "Knots", "n": 2}
	check(t, "markdown", "", nil, map[string]any{doc: object{"frontMatter": front, "tables": table, "sections": []any{start, next}}})
	check(t, "markdown", "Next", nil, map[string]any{doc: object{"frontMatter": front, "tables": table, "sections": []any{next}}})
	check(t, "markdown", "## Next", nil, map[string]any{doc: object{"frontMatter": front, "tables": table, "sections": []any{next}}})
	check(t, "markdown", "# Next", nil, map[string]any{doc: object{"frontMatter": front, "tables": table, "sections": []any{}}})
}

func TestMarkdownContentIsWhatAReaderSees(t *testing.T) {
	for body, want := range map[string]string{
		"a &amp; \\* [link](http://x \"t\") ![alt](y) <http://z> <b>c</b>": "a & * link alt http://z c",
		"- one\n- two\n  - three\n\n> said":                                "one\ntwo\nthree\nsaid",
		"```go\nx := 1\n\ny\n```\nafter":                                   "x := 1\n\ny\nafter",
		"a  \nb":                                                           "a\nb",
		"<div>\nx\n</div>":                                                 "",
		"`a\\&amp;`":                                                       "a\\&amp;",
		"***\n\nx **y** _z_":                                               "x y z",
		"    indented\n    c":                                              "indented\nc",
	} {
		got, err := decode(t, "markdown", "", nil, "before\n\n# h\n\n"+body+"\n", "")
		if err != nil {
			t.Errorf("%q: %v", body, err)
			continue
		}
		section := got.(object)["sections"].([]any)[0].(object)
		if section["content"] != want {
			t.Errorf("%q: content %q, want %q", body, section["content"], want)
		}
	}
}

func TestMarkdownFrontMatter(t *testing.T) {
	none := object{"frontMatter": object{}, "tables": []any{}, "sections": []any{}}
	check(t, "markdown", "", nil, map[string]any{
		"":                       none,
		"---\n---\n":             none,
		"---\nnot closed":        none,
		"---\nprose\n---\n":      object{"frontMatter": object{}, "tables": []any{}, "sections": []any{object{"heading": "prose", "level": 2, "content": ""}}},
		"---\r\na: 1\r\n---\r\n": object{"frontMatter": object{"a": 1}, "tables": []any{}, "sections": []any{}},
		"---\na: 1\n---":         object{"frontMatter": object{"a": 1}, "tables": []any{}, "sections": []any{}},
	})
	refuse(t, "markdown", "", nil, map[string]string{
		"front matter":        "---\na: [\n---\n",
		"1000000 values":      strings.Repeat("|a", 2000) + "\n" + strings.Repeat("|-", 2000) + "\n" + strings.Repeat("|\n", 2000),
		"200 deep":            strings.Repeat("> ", 300),
		"more marks in them":  strings.Repeat("*a_", 30_000),
		"more than the 4 MiB": strings.Repeat("x", maxMarkup+1<<20),
	})
}
