// Package attribute has the search attributes that runs carry on a Temporal server, and
// registers them.
package attribute

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
)

// The attributes, as the runtime sets them.
var (
	Capability = temporal.NewSearchAttributeKeyKeyword("CapstanCapability") // the name of the capability
	Status     = temporal.NewSearchAttributeKeyKeyword("CapstanStatus")     // the status of the run, as durable.Status writes it
	Owner      = temporal.NewSearchAttributeKeyKeyword("CapstanOwner")      // who started the run
	Waiting    = temporal.NewSearchAttributeKeyKeyword("CapstanWaiting")    // the path of the step that the run waits for
	Title      = temporal.NewSearchAttributeKeyString("CapstanTitle")       // the run's title, found by its words
	Facts      = temporal.NewSearchAttributeKeyKeywordList("CapstanFacts")  // NAME=VALUE of labels and inputs
	Started    = temporal.NewSearchAttributeKeyTime("CapstanStarted")       // when the run was started first
	Due        = temporal.NewSearchAttributeKeyTime("CapstanDue")           // when the run goes on by itself
)

// All returns every attribute. A server on SQL keeps at most three attributes of type
// KeywordList, Text and Datetime each in a namespace, and ten of type Keyword.
func All() []temporal.SearchAttributeKey {
	return []temporal.SearchAttributeKey{Capability, Status, Owner, Waiting, Title, Facts, Started, Due}
}

// Register makes the attributes known to the server, for one namespace, and returns once runs
// can be found by them. Those that it knows
// with the same type are left alone; one that it knows with another type is an error.
func Register(ctx context.Context, c client.Client, namespace string) error {
	known, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return fmt.Errorf("search attributes of namespace %q: %w", namespace, err)
	}
	missing := map[string]enums.IndexedValueType{}
	for _, key := range All() {
		switch is, ok := known.CustomAttributes[key.GetName()]; {
		case !ok:
			missing[key.GetName()] = key.GetValueType()
		case is != key.GetValueType():
			return fmt.Errorf("search attribute %s of namespace %q has type %s, not %s: remove it, or use another namespace", key.GetName(), namespace, is, key.GetValueType())
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: namespace, SearchAttributes: missing})
	if err != nil {
		return fmt.Errorf("registering search attributes in namespace %q: %w", namespace, err)
	}
	return findable(ctx, c, namespace)
}

// findable waits until runs can be found by every attribute: servers take a moment.
func findable(ctx context.Context, c client.Client, namespace string) error {
	for {
		err := Check(ctx, c, namespace)
		var missing *serviceerror.InvalidArgument
		if !errors.As(err, &missing) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Check returns why runs cannot be found by the attributes in a namespace: an InvalidArgument
// where it does not know one of them.
func Check(ctx context.Context, c client.Client, namespace string) error {
	var query []string
	for _, key := range All() {
		query = append(query, key.GetName()+" IS NOT NULL")
	}
	_, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: namespace, Query: strings.Join(query, " OR ")})
	return err
}
