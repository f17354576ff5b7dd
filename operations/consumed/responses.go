package consumed

import (
	"strings"

	"github.com/capstan-run/capstan/operations"
	"github.com/capstan-run/capstan/spec"
)

// responses describes the answers that are expected. A success is of the format
// that the file names, or else of any: nothing here makes a live answer wrong.
func responses(op *spec.ConsumedOperation) []*operations.ResponseDoc {
	anything := operations.Media{Type: anyMedia, Schema: &operations.Schema{Open: true}, Loose: true}
	success := &operations.ResponseDoc{Status: "2XX"}
	for _, t := range answerMedia(op.OutputFormat.Value) {
		media := operations.Media{Type: t, Schema: &operations.Schema{Open: true}, Loose: true}
		if t == jsonMedia {
			media.Schema = answer(op.Outputs)
		}
		success.Media = append(success.Media, media)
	}
	success.Media = append(success.Media, anything)
	return []*operations.ResponseDoc{success, {Status: "default", Media: []operations.Media{anything}}}
}

// MediaOf returns the media type of a format of answers, "" for one that is unknown.
func MediaOf(format string) string { return append(answerMedia(format), "")[0] }

// answerMedia lists the media types of a format of answers, the one to ask for
// first; none for a format that is unknown.
func answerMedia(format string) []string {
	switch strings.ToLower(format) {
	case "", "json":
		return []string{jsonMedia}
	case "xml":
		return []string{"application/xml", "text/xml"}
	case "yaml":
		return []string{"application/yaml", "application/x-yaml", "text/yaml"}
	case "csv":
		return []string{"text/csv"}
	case "tsv":
		return []string{"text/tab-separated-values"}
	case "html":
		return []string{"text/html"}
	case "markdown":
		return []string{"text/markdown"}
	case "text", "psv":
		return []string{"text/plain"}
	case "avro":
		return []string{"application/avro", "avro/binary"}
	case "protobuf":
		return []string{"application/protobuf", "application/x-protobuf"}
	case "binary":
		return []string{"application/octet-stream"}
	}
	return nil
}
