package formats

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"maps"
	"slices"

	"github.com/capstan-run/capstan/internal/jsonvalue"
	"github.com/capstan-run/capstan/internal/lazyregexp"
	"github.com/capstan-run/capstan/spec/yamldata"
	"golang.org/x/net/html"
)

// delimiters are the formats of rows and cells.
var delimiters = map[string]rune{"csv": ',', "tsv": '\t', "psv": '|'}

// Writable reports whether [Write] supports a format.
func Writable(format string) bool {
	return delimiters[format] != 0 || slices.Contains([]string{"xml", "yaml", "html"}, format)
}

// Write gives JSON data the form of a format, such that [New]'s decoder finds the
// values where the data has them: as text, where the format has no types. A list of
// one stands twice in xml, which would be no list otherwise. A string is written as it
// is. Write is for answers that are made up.
func Write(format string, v any) ([]byte, error) {
	v = jsonvalue.Plain(v)
	if text, ok := v.(string); ok {
		return []byte(text), nil
	}
	var b bytes.Buffer
	switch {
	case format == "yaml":
		return yamldata.Encode(v)
	case format == "xml":
		b.WriteString(xml.Header)
		if list, ok := v.([]any); ok {
			v = map[string]any{"item": list}
		}
		writeXML(&b, "answer", v)
	case format == "html":
		b.WriteString("<!doctype html>\n")
		for _, t := range tablesOf(v) {
			writeTable(&b, tableOf(t))
		}
	default:
		w := csv.NewWriter(&b)
		w.Comma = delimiters[format]
		if err := w.WriteAll(tableOf(v)); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// writeXML writes an element. Names that XML does not have are left out.
func writeXML(b *bytes.Buffer, name string, v any) {
	if !xmlName.MatchString(name) {
		return
	}
	list, ok := v.([]any)
	switch {
	case !ok:
		list = []any{v}
	case len(list) == 1:
		list = append(slices.Clone(list), list[0])
	}
	for _, v := range list {
		b.WriteString("<" + name + ">")
		if fields, ok := v.(map[string]any); ok {
			for _, k := range slices.Sorted(maps.Keys(fields)) {
				writeXML(b, k, fields[k])
			}
		} else {
			_ = xml.EscapeText(b, []byte(cellOf(v))) // a Buffer takes all
		}
		b.WriteString("</" + name + ">")
	}
}

var xmlName = lazyregexp.New(`^[A-Za-z_][\w.-]*$`)

// tablesOf returns the tables that a page shows.
func tablesOf(v any) []any {
	if page, ok := v.(map[string]any); ok {
		if tables, ok := page["tables"].([]any); ok {
			return tables
		}
	}
	return []any{v}
}

// tableOf returns data as rows of cells below their names: a list of objects, the only
// one in an object, or one object.
func tableOf(v any) [][]string {
	list, ok := v.([]any)
	if fields, is := v.(map[string]any); is {
		if list = []any{v}; len(fields) == 1 {
			for _, inner := range fields {
				if l, is := inner.([]any); is {
					list = l
				}
			}
		}
	} else if !ok {
		return nil
	}
	names := map[string]bool{}
	for _, row := range list {
		fields, _ := row.(map[string]any)
		for name := range fields {
			names[name] = true
		}
	}
	header := slices.Sorted(maps.Keys(names))
	out := [][]string{header}
	for _, row := range list {
		cells := make([]string, len(header))
		for i, name := range header {
			fields, _ := row.(map[string]any)
			cells[i] = cellOf(fields[name])
		}
		out = append(out, cells)
	}
	return out
}

func writeTable(b *bytes.Buffer, rows [][]string) {
	b.WriteString("<table>\n")
	for i, cells := range rows {
		mark := "td"
		if i == 0 {
			mark = "th"
		}
		b.WriteString("<tr>")
		for _, cell := range cells {
			b.WriteString("<" + mark + ">" + html.EscapeString(cell) + "</" + mark + ">")
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</table>\n")
}

// cellOf is a value as text, JSON where it is no scalar.
func cellOf(v any) string {
	if v == nil {
		return ""
	}
	if s, err := jsonvalue.Text(v); err == nil {
		return s
	}
	text, _ := jsonvalue.Marshal(v)
	return string(text)
}
