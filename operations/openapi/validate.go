package openapi

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// maxFaults bounds how many of kin-openapi's findings are passed on.
const maxFaults = 20

// validate adds the faults that kin-openapi finds in the document. Nothing of it
// keeps an operation from being called. Examples, defaults and patterns are not
// checked: that costs more than all the rest.
func (c *compiler) validate() {
	c.cut()
	err := c.doc.Validate(context.Background(), openapi3.EnableMultiError(), openapi3.DisableExamplesValidation(),
		openapi3.DisableSchemaDefaultsValidation(), openapi3.DisableSchemaPatternValidation())
	all, ok := errors.AsType[openapi3.MultiError](err)
	if !ok && err != nil {
		all = openapi3.MultiError{err}
	}
	seen := make(map[string]bool) // a component is found wanting once for each of its uses
	for _, e := range all {
		where, at, cause := c.context(e)
		if seen[cause] || reported(e) {
			continue
		}
		if seen[cause] = true; len(seen) > maxFaults {
			return
		}
		c.fault(at, "%s: %s", where, cause)
	}
}

// maxUnused bounds how many schemas are checked that no operation reaches.
const maxUnused = 1_000

// cut lets references lead nowhere. kin-openapi follows them from every use of a
// schema again, which takes the product of uses and schemas; each component is
// checked by itself.
func (c *compiler) cut() {
	for _, ref := range c.refs {
		ref.Value = &openapi3.Schema{}
	}
	if c.doc.Components == nil || len(c.doc.Components.Schemas) < len(c.components)+maxUnused {
		return
	}
	used := make(map[*openapi3.Schema]bool, len(c.names))
	for to := range c.names {
		used[to.schema] = true
	}
	maps.DeleteFunc(c.doc.Components.Schemas, func(_ string, ref *openapi3.SchemaRef) bool { return !used[ref.Value] })
}

// context peels off a finding where it was made. Of the cause only the first
// line is kept; others print whole schemas.
func (c *compiler) context(err error) (where string, at *openapi3.Origin, cause string) {
	where, at = "the document", c.doc.Origin
	if e, ok := errors.AsType[*openapi3.SectionValidationError](err); ok {
		where, err = e.Section, e.Cause
	}
	if e, ok := errors.AsType[*openapi3.ComponentValidationError](err); ok {
		where, err = fmt.Sprintf("%s %q", e.Section, e.Name), e.Cause
		if s := c.doc.Components.Schemas[e.Name]; e.Section == "schema" && s != nil {
			at = schemaOrigin(s)
		}
	}
	if e, ok := errors.AsType[*openapi3.PathValidationError](err); ok {
		where, err = e.Path, e.Cause
		item := c.doc.Paths.Value(e.Path)
		if item != nil {
			at = item.Origin
		}
		if e, ok := errors.AsType[*openapi3.OperationValidationError](err); ok {
			where, err = e.Method+" "+where, e.Cause
			if item != nil && item.Operations()[e.Method] != nil {
				at = item.Operations()[e.Method].Origin
			}
		}
	}
	cause, _, _ = strings.Cut(err.Error(), "\n")
	return where, at, cause
}

// reported reports findings that compiling reports itself, with its remedy,
// and missing fields that it either misses too or does not need.
func reported(err error) bool {
	return is[*openapi3.RequiredFieldError](err) || is[*openapi3.SchemaTypeError](err) || is[*openapi3.DuplicateRequiredFieldError](err) ||
		is[*openapi3.UnresolvedRefError](err) || is[*openapi3.DuplicateOperationIDError](err) || is[*openapi3.PathParametersError](err) ||
		is[*openapi3.PathMustStartWithSlashError](err) || is[*openapi3.InvalidParameterInError](err) || is[*openapi3.PathParameterRequiredError](err) ||
		is[*openapi3.SecurityRequirementSchemeUndefinedError](err) || is[*openapi3.ExactlyOneFieldError](err) ||
		is[*openapi3.AdditionalOperationsDuplicateMethodError](err) || is[*openapi3.AdditionalOperationsFixedMethodCaseError](err) ||
		is[*openapi3.AdditionalOperationsInvalidMethodError](err) || is[*openapi3.ItemSchemaFieldFor32Plus](err)
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
