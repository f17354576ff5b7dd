package codec

import (
	"context"
	"errors"
	"math"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/proxy"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/grpc"

	"github.com/capstan-run/capstan/temporal/blob"
)

// together is how many payloads of one message are stored or fetched at once.
const together = 8

// Configure has a client encode and decode every payload of its messages but search
// attributes, which the server reads. With keys, the texts of errors are encrypted too. It
// adds to the data converter and to the dial options that are set, and replaces the failure
// converter and the limits above which the client warns.
func (c *Codec) Configure(o *client.Options) error {
	interceptor, err := proxy.NewPayloadVisitorInterceptor(proxy.PayloadVisitorInterceptorOptions{Outbound: visit(c.encode), Inbound: inbound(visit(c.decodeIfPossible))})
	if err != nil {
		return err
	}
	if o.DataConverter == nil {
		o.DataConverter = converter.GetDefaultDataConverter()
	}
	o.DataConverter = reader{converter.NewCodecDataConverter(o.DataConverter, decodeOnly{c}), c, false}
	// The client would warn of payloads as they are before they are encoded.
	o.PayloadLimits = client.PayloadLimitOptions{PayloadSizeWarning: math.MaxInt, MemoSizeWarning: math.MaxInt}
	o.FailureConverter = temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{DataConverter: o.DataConverter, EncodeCommonAttributes: len(c.o.Keys) > 0})
	o.ConnectionOptions.DialOptions = append(o.ConnectionOptions.DialOptions, grpc.WithChainUnaryInterceptor(interceptor))
	return nil
}

func visit(change func(context.Context, *common.Payload) (*common.Payload, error)) *proxy.VisitPayloadsOptions {
	return &proxy.VisitPayloadsOptions{
		Visitor: func(ctx *proxy.VisitPayloadsContext, payloads []*common.Payload) ([]*common.Payload, error) {
			return each(ctx, payloads, change)
		},
		SkipSearchAttributes: true,
		ConcurrencyLimit:     together,
	}
}

// inbound leaves the tasks of activities to the data converter. A store that is slow or fails
// would take the task here, while the server takes it to be with the worker.
func inbound(o *proxy.VisitPayloadsOptions) *proxy.VisitPayloadsOptions {
	decode := o.Visitor
	o.Visitor = func(ctx *proxy.VisitPayloadsContext, payloads []*common.Payload) ([]*common.Payload, error) {
		if _, task := ctx.Parent.(*workflowservice.PollActivityTaskQueueResponse); task {
			return payloads, nil
		}
		return decode(ctx, payloads)
	}
	return o
}

// decodeIfPossible leaves a payload that will not be decoded by trying again to what reads it.
// An error here would take the whole message, and with it the task of other runs.
func (c *Codec) decodeIfPossible(ctx context.Context, p *common.Payload) (*common.Payload, error) {
	out, err := c.decode(ctx, p)
	if lasting(err) {
		return p, nil
	}
	return out, err
}

// lasting reports whether an error stays until an operator does something.
func lasting(err error) bool {
	return errors.Is(err, ErrKey) || errors.Is(err, ErrChanged) || errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrChanged)
}

// decodeOnly has the error of a payload that was left as it is.
type decodeOnly struct{ c *Codec }

func (d decodeOnly) Encode(p []*common.Payload) ([]*common.Payload, error) { return p, nil }
func (d decodeOnly) Decode(p []*common.Payload) ([]*common.Payload, error) { return d.c.Decode(p) }

// reader is a data converter that panics in a workflow where a payload cannot be decoded: that
// fails the workflow task, where an error would fail the run.
type reader struct {
	converter.DataConverter
	c          *Codec
	inWorkflow bool
}

var _ workflow.ContextAware = reader{}

// Size returns how many bytes the server gets for a payload of r.
func (r reader) Size(p *common.Payload) int { return r.c.Size(p) }

// Encode returns a payload as the server gets it, which the connection then leaves as it is.
// Its errors are those of the store.
func (r reader) Encode(ctx context.Context, p *common.Payload) (*common.Payload, error) {
	return r.c.encode(ctx, p)
}

func (r reader) WithContext(context.Context) converter.DataConverter { return r }

func (r reader) WithWorkflowContext(workflow.Context) converter.DataConverter {
	return reader{r.DataConverter, r.c, true}
}

func (r reader) FromPayload(p *common.Payload, to any) error {
	return r.result(r.DataConverter.FromPayload(p, to))
}

func (r reader) FromPayloads(p *common.Payloads, to ...any) error {
	return r.result(r.DataConverter.FromPayloads(p, to...))
}

func (r reader) result(err error) error {
	if r.inWorkflow && lasting(err) {
		panic(err)
	}
	return err
}
