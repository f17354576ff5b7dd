package sim

import "time"

// bucket is a token bucket of which times are reserved in advance.
type bucket struct {
	rate  float64 // tokens a second
	burst int
	full  time.Duration // when it is full, if nothing is taken
}

// reserve takes a token, and returns when it is there: now or later.
func (b *bucket) reserve(now time.Duration) time.Duration {
	gap := time.Duration(float64(time.Second) / b.rate)
	at := max(now, b.full-time.Duration(b.burst-1)*gap)
	b.full = max(b.full, at) + gap
	return at
}

// takes takes a token that is there now.
func (b *bucket) takes(now time.Duration) bool {
	was := b.full
	if b.reserve(now) > now {
		b.full = was
		return false
	}
	return true
}

// heap is a binary heap: items[0] is the least.
type heap[T any] struct {
	items []T
	less  func(a, b T) bool
}

func (h *heap[T]) push(v T) {
	h.items = append(h.items, v)
	for i := len(h.items) - 1; i > 0; {
		parent := (i - 1) / 2
		if !h.less(h.items[i], h.items[parent]) {
			break
		}
		h.items[i], h.items[parent] = h.items[parent], h.items[i]
		i = parent
	}
}

func (h *heap[T]) pop() T {
	top, last := h.items[0], len(h.items)-1
	h.items[0] = h.items[last]
	h.items = h.items[:last]
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < last; child++ {
			if h.less(h.items[child], h.items[least]) {
				least = child
			}
		}
		if least == i {
			return top
		}
		h.items[i], h.items[least] = h.items[least], h.items[i]
		i = least
	}
}
