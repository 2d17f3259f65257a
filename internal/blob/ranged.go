package blob

import (
	"context"
	"errors"
	"io"
	"io/fs"
)

// ranged reads a blob of a bucket anywhere: a range is asked for where reading begins, and kept while it goes on from there.
type ranged struct {
	ctx   context.Context // of the request that reads, which is as long as the reader lives
	store *Store
	name  string
	size  int64

	at     int64 // the next byte that is read
	open   io.ReadCloser
	closed bool
}

var errSeek = errors.New("blob: no such place in the blob")

// Read implements io.Reader.
func (r *ranged) Read(p []byte) (int, error) {
	switch {
	case r.closed:
		return 0, fs.ErrClosed
	case len(p) == 0:
		return 0, nil
	case r.at >= r.size:
		return 0, io.EOF
	}
	if r.open == nil {
		open, err := r.store.Range(r.ctx, r.name, r.at, -1)
		if err != nil {
			return 0, err
		}
		r.open = open
	}
	n, err := r.open.Read(p)
	r.at += int64(n)
	if err == io.EOF && r.at < r.size {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// Seek implements io.Seeker. Nothing is asked of the bucket.
func (r *ranged) Seek(offset int64, whence int) (int64, error) {
	if r.closed {
		return 0, fs.ErrClosed
	}
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.size
	default:
		return 0, errSeek
	}
	if offset < 0 {
		return 0, errSeek
	}
	if offset == r.at {
		return offset, nil
	}
	r.at = offset
	return offset, r.drop()
}

func (r *ranged) drop() error {
	if r.open == nil {
		return nil
	}
	err := r.open.Close()
	r.open = nil
	return err
}

// Close implements io.Closer.
func (r *ranged) Close() error {
	r.closed = true
	return r.drop()
}
