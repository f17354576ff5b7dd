package formats

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
)

// avroMagic begins an object container file (Avro 1.12, "Object Container
// Files").
const avroMagic = "Obj\x01"

const (
	maxContainerSchema = 1 << 20
	maxUnpacked        = 64 << 20 // of all blocks together
	syncSize           = 16
)

// readContainer reads all values of an object container file. Its blocks may
// be packed with deflate.
func readContainer(body []byte) (any, error) {
	head := newAvroReader(body, newBudget())
	head.rest = head.rest[len(avroMagic):]
	meta := map[string][]byte{}
	err := head.blocks(func() error {
		key, err := head.text()
		if err != nil {
			return err
		}
		if meta[key], err = head.bytes(); err != nil {
			return err
		}
		return head.left.take(1)
	})
	if err != nil {
		return nil, err
	}
	sync, err := head.take(syncSize)
	if err != nil {
		return nil, err
	}
	if len(meta["avro.schema"]) > maxContainerSchema {
		return nil, fmt.Errorf("the schema of the container file has more than %d MiB", maxContainerSchema>>20)
	}
	schema, err := parseAvro(meta["avro.schema"])
	if err != nil {
		return nil, fmt.Errorf("the schema of the container file is broken: %w", err)
	}
	c := &container{head: head, schema: schema, codec: string(meta["avro.codec"]), sync: sync, unpacked: maxUnpacked}
	return c.read()
}

type container struct {
	head     *avroReader
	schema   *avroSchema
	codec    string
	sync     []byte
	unpacked int // bytes that blocks may still unpack to
}

func (c *container) read() (any, error) {
	out := []any{}
	for !c.head.atEnd() {
		count, err := c.head.long()
		if err != nil {
			return nil, err
		}
		packed, err := c.head.bytes()
		if err != nil {
			return nil, err
		}
		sync, err := c.head.take(syncSize)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(sync, c.sync) {
			return nil, errors.New("a block of the container file does not end with its mark")
		}
		if count < 0 || count > maxValues {
			return nil, errTooMany
		}
		block, err := c.unpack(packed)
		if err != nil {
			return nil, err
		}
		r := newAvroReader(block, c.head.left)
		for range count {
			v, err := r.value(c.schema, 1)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		if !r.atEnd() {
			return nil, errors.New("a block of the container file holds more than its values")
		}
	}
	return out, nil
}

func (c *container) unpack(packed []byte) ([]byte, error) {
	switch c.codec {
	case "", "null":
		return packed, nil
	case "deflate":
		block, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), int64(c.unpacked)+1))
		if err != nil {
			return nil, fmt.Errorf("a block of the container file cannot be unpacked: %w", err)
		}
		if len(block) > c.unpacked {
			return nil, fmt.Errorf("the container file unpacks to more than %d MiB", maxUnpacked>>20)
		}
		c.unpacked -= len(block)
		return block, nil
	}
	return nil, fmt.Errorf("the container file is packed with %q; only null and deflate are read", c.codec)
}
