// Package blob keeps large files: in a folder, or in a bucket that speaks S3.
//
// A blob has a name of our own making (letters, digits, "-", and "/" between), is written once and whole, and is never changed. Put
// returns when all of it lies on the disk or in the bucket: a blob whose writing was cut is not there. Whoever writes notes the name
// before and what it is for after, in the database; the store itself knows neither.
//
// Nothing here holds more of a blob in memory than a buffer. A blob of a folder is opened as the *os.File that it is, so that the
// system sends it without a copy; one of a bucket is read by ranges.
package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	gcaws "gocloud.dev/aws"
	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/s3blob"
	"gocloud.dev/gcerrors"

	"vestibule/internal/fault"
)

// Buffer is how much of a blob is in memory while it is copied.
const Buffer = 256 << 10

// Where says where blobs are kept.
type Where struct {
	// URL is a folder, or s3://bucket?region=…&endpoint=…&s3ForcePathStyle=true.
	URL string
	// Key and Secret open the bucket. Without them the ways of the AWS tools hold: their environment, files, the machine's role.
	Key, Secret string
}

// A Store keeps blobs. Its methods are safe for many goroutines.
type Store struct {
	bucket *blob.Bucket
	folder string // or ""

	// Fault, when set, is asked on both sides of each effect, with "before put", "after put", "before delete" and so on; its error
	// is the store's. For tests.
	Fault func(point, name string) error
}

// Open opens a store; a folder is made when it is missing. That a bucket can be reached is Check's question.
func Open(ctx context.Context, w Where) (*Store, error) {
	if IsBucket(w.URL) {
		return openBucket(ctx, w)
	}
	folder, err := filepath.Abs(w.URL)
	if err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	b, err := fileblob.OpenBucket(folder, &fileblob.Options{
		CreateDir: true, DirFileMode: 0o700, NoTempDir: true, Metadata: fileblob.MetadataDontWrite,
	})
	if err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	return &Store{bucket: b, folder: folder}, nil
}

// IsBucket reports whether a place is a bucket and no folder.
func IsBucket(place string) bool { return strings.HasPrefix(place, "s3://") }

func openBucket(ctx context.Context, w Where) (*Store, error) {
	u, err := url.Parse(w.URL)
	if err != nil || u.Host == "" {
		return nil, errors.New("blob: the address of the bucket is not like s3://bucket?region=…")
	}
	q := u.Query()
	pathStyle := false
	for _, name := range []string{"s3ForcePathStyle", "use_path_style"} {
		if q.Has(name) {
			pathStyle, _ = strconv.ParseBool(q.Get(name))
			q.Del(name)
		}
	}
	endpoint := q.Get("endpoint")
	q.Del("endpoint")
	if endpoint != "" && !q.Has("request_checksum_calculation") {
		q.Set("request_checksum_calculation", "when_required") // what other makers' stores expect
		q.Set("response_checksum_validation", "when_required")
	}
	cfg, err := gcaws.V2ConfigFromURLParams(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	if w.Key != "" {
		cfg.Credentials = credentials.NewStaticCredentialsProvider(w.Key, w.Secret, "")
	}
	client := s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = pathStyle
		if endpoint != "" {
			o.BaseEndpoint = &endpoint
		}
	})
	b, err := s3blob.OpenBucket(ctx, client, u.Host, &s3blob.Options{RequestChecksumCalculation: cfg.RequestChecksumCalculation})
	if err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	return &Store{bucket: b}, nil
}

// Close gives back what the store holds.
func (s *Store) Close() error { return s.bucket.Close() }

// Local reports whether blobs lie in a folder of this machine.
func (s *Store) Local() bool { return s.folder != "" }

// Check reports whether the store answers and may be listed.
func (s *Store) Check(ctx context.Context) error {
	_, _, err := s.bucket.ListPage(ctx, blob.FirstPageToken, 1, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return fmt.Errorf("blob: there is no such bucket: %w", err)
	}
	return translate(err)
}

var names = regexp.MustCompile(`^[0-9A-Za-z-]+(/[0-9A-Za-z-]+)*$`)

func (s *Store) at(point, name string) error {
	if !names.MatchString(name) {
		return fmt.Errorf("blob: the name %q is not of our making", name)
	}
	if s.Fault == nil {
		return nil
	}
	return s.Fault(point, name)
}

// translate gives the stores' errors one meaning: absence is NotFound, all else of the store is Unavailable.
func translate(err error) error {
	switch {
	case err == nil:
		return nil
	case gcerrors.Code(err) == gcerrors.NotFound || errors.Is(err, fs.ErrNotExist):
		return fault.Because(fault.NotFound, "not-found", err)
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return &fault.Error{Kind: fault.Unavailable, Code: "files-unavailable", RetryAfter: 10 * time.Second, Cause: err}
}

// Put writes a blob from in and returns its size once it is there for good. An error of in is returned as it is, and there is no blob.
func (s *Store) Put(ctx context.Context, name string, in io.Reader) (size int64, err error) {
	if err := s.at("before put", name); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // before the writer is closed, it gives the blob up
	var file *os.File
	w, err := s.bucket.NewWriter(ctx, name, &blob.WriterOptions{
		ContentType: "application/octet-stream", MaxConcurrency: 1,
		BeforeWrite: func(as func(any) bool) error {
			as(&file)
			return nil
		},
	})
	if err != nil {
		return 0, translate(err)
	}
	from := &watched{in: in}
	size, err = io.CopyBuffer(plain{w}, from, make([]byte, Buffer))
	if err == nil && file != nil {
		err = file.Sync()
	}
	if err != nil {
		cancel()
		_ = w.Close() // it gives the blob up
		if from.err != nil {
			return 0, from.err
		}
		return 0, translate(err)
	}
	if err := w.Close(); err != nil {
		return 0, translate(err)
	}
	if s.folder != "" {
		if err := s.settle(name); err != nil {
			return 0, translate(err)
		}
	}
	return size, s.at("after put", name)
}

// plain hides what the writer can besides, so that the copy uses the buffer.
type plain struct{ io.Writer }

// watched remembers that it was the reader that failed.
type watched struct {
	in  io.Reader
	err error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.in.Read(p)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}

// settle makes a blob's name survive the loss of power: each folder on the way to it is written.
func (s *Store) settle(name string) error {
	for dir := filepath.Dir(s.path(name)); len(dir) >= len(s.folder); dir = filepath.Dir(dir) {
		f, err := os.Open(dir)
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) path(name string) string { return filepath.Join(s.folder, filepath.FromSlash(name)) }

// Range opens length bytes of a blob from offset on; a negative length means to its end.
func (s *Store) Range(ctx context.Context, name string, offset, length int64) (io.ReadCloser, error) {
	if err := s.at("before read", name); err != nil {
		return nil, err
	}
	r, err := s.bucket.NewRangeReader(ctx, name, offset, length, nil)
	if err != nil {
		return nil, translate(err)
	}
	return r, nil
}

// Open opens a blob to read it anywhere. Of a folder it is the *os.File itself.
func (s *Store) Open(ctx context.Context, name string) (io.ReadSeekCloser, error) {
	if err := s.at("before read", name); err != nil {
		return nil, err
	}
	if s.folder != "" {
		f, err := os.Open(s.path(name))
		if err != nil {
			return nil, translate(err)
		}
		return f, nil
	}
	size, err := s.Size(ctx, name)
	if err != nil {
		return nil, err
	}
	return &ranged{ctx: ctx, store: s, name: name, size: size}, nil
}

// Size is how many bytes a blob has.
func (s *Store) Size(ctx context.Context, name string) (int64, error) {
	if err := s.at("before size", name); err != nil {
		return 0, err
	}
	a, err := s.bucket.Attributes(ctx, name)
	if err != nil {
		return 0, translate(err)
	}
	return a.Size, nil
}

// Delete takes a blob away; one that is not there is no error.
func (s *Store) Delete(ctx context.Context, name string) error {
	if err := s.at("before delete", name); err != nil {
		return err
	}
	if err := s.bucket.Delete(ctx, name); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return translate(err)
	}
	return s.at("after delete", name)
}

// List calls f with each blob whose name begins with the prefix, in the order of the names.
func (s *Store) List(ctx context.Context, prefix string, f func(name string, size int64) error) error {
	it := s.bucket.List(&blob.ListOptions{Prefix: prefix})
	for {
		o, err := it.Next(ctx)
		if err == io.EOF { //nolint:errorlint // as the library says
			return nil
		}
		if err != nil {
			return translate(err)
		}
		if !names.MatchString(o.Key) {
			continue // what is being written
		}
		if err := f(o.Key, o.Size); err != nil {
			return err
		}
	}
}

// Tidy takes away what cut writings left in the folder before the instant. A bucket does that by a rule of its own.
func (s *Store) Tidy(before time.Time) error {
	if s.folder == "" {
		return nil
	}
	root, err := os.OpenRoot(s.folder)
	if err != nil {
		return translate(err)
	}
	err = fs.WalkDir(root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // another node was quicker
		}
		if err != nil || d.IsDir() || filepath.Ext(path) != ".tmp" {
			return err
		}
		info, err := d.Info()
		if err != nil || !info.ModTime().Before(before) {
			return ignore(err)
		}
		return ignore(root.Remove(path))
	})
	return errors.Join(err, root.Close())
}

func ignore(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
