package web

import (
	"io"
	"net/http"
	"time"
)

// A long answer or body goes on for as long as it moves: stretch bytes must pass within stretchTime, which is 35 KB a second.
const (
	stretch     = 4 << 20
	stretchTime = 2 * time.Minute
)

// keepOn gives the request deadlines that move with it.
func (c *Context) keepOn() {
	c.long = true
	if c.reading = c.R.Body != nil && c.R.Body != http.NoBody; c.reading {
		c.R.Body = &longBody{ReadCloser: c.R.Body, c: c}
	}
	c.extend()
}

// extend moves the deadlines on. A connection that knows none (in a test) needs none. Once the body is there nothing is read any
// more, and there is no deadline for it: one that passes would cancel the request while a handler works on what came.
func (c *Context) extend() {
	until := c.kit.o.Now().Add(stretchTime)
	control := http.NewResponseController(c.W)
	_ = control.SetWriteDeadline(until)
	if !c.reading {
		until = time.Time{}
	}
	_ = control.SetReadDeadline(until)
}

// longBody moves the deadlines on with every stretch that was read.
type longBody struct {
	io.ReadCloser
	c    *Context
	read int64
}

func (b *longBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.read += int64(n); b.read >= stretch || err != nil {
		b.read, b.c.reading = 0, err == nil
		b.c.extend()
	}
	return n, err
}

// readLong sends in stretches. What stands in from is taken out of its limit, so that the system can send a file by itself.
func (w *writer) readLong(from io.Reader) (sent int64, err error) {
	left := int64(1<<63 - 1)
	limited, ok := from.(*io.LimitedReader)
	if ok {
		left, from = limited.N, limited.R
	}
	for left > 0 {
		w.c.extend()
		part := &io.LimitedReader{R: from, N: min(left, stretch)}
		n, err := io.Copy(w.ResponseWriter, part)
		sent, left = sent+n, left-n
		w.c.size += n
		if limited != nil {
			limited.N -= n
		}
		if err != nil || part.N > 0 {
			return sent, err
		}
	}
	return sent, nil
}
