package fetch

import (
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"sync"
	"unicode"

	"vestibule/internal/download"
	"vestibule/internal/web"
)

// stretch is how much is sent between two looks at the transfer's lease.
const stretch = 4 << 20

// send answers with a file, as RFC 9110 has it: whole or in ranges, or not at all where the client has it already. What Go's
// ServeContent decides about conditions and ranges stands; here its first byte is held back until the transfer is written down.
func (f *Face) send(c *web.Context, file *download.File) error {
	defer file.Content.Close()

	h := c.W.Header()
	h.Set("Etag", `"`+file.SHA256+`"`)
	h.Set("Content-Type", mediaType(file.MediaType))
	h.Set("Content-Disposition", Disposition(file.Name))
	// Bytes that one client may have are for no cache between, and a proxy must not change them: their checksum is known.
	h.Set("Cache-Control", "private, no-cache, no-transform")
	h.Set("Accept-Ranges", "bytes")

	ranges, asked, ok := parseRanges(c.R.Header.Get("Range"), file.Size)
	if !ok {
		h.Set("Content-Range", "bytes */"+decimal(file.Size))
		for _, name := range []string{"Content-Disposition", "Etag", "Cache-Control"} {
			h.Del(name)
		}
		return c.Bytes(http.StatusRequestedRangeNotSatisfiable, "text/plain; charset=utf-8", nil)
	}
	if asked == "" {
		c.R.Header.Del("Range") // of a unit that is not known here: it is to be passed over (RFC 9110, 14.2)
	}
	s := &sender{ResponseWriter: c.W, c: c, face: f, file: file, asked: asked, ranges: ranges}
	http.ServeContent(s, c.R, "", file.Published, &source{ReadSeekCloser: file.Content, to: s})
	return s.finish()
}

// A sender is the answer to one request for bytes. It begins the transfer when the status says that bytes come, and notes what
// went out.
type sender struct {
	http.ResponseWriter
	c      *web.Context
	face   *Face
	file   *download.File
	asked  string // the Range header
	ranges int64  // bytes that it asks for

	mu       sync.Mutex // of several ranges the parts are read by a goroutine of their own
	transfer *download.Sending
	failed   error // before the first byte: answered by the kit
	broken   error // after it: the answer is cut short
}

// WriteHeader implements http.ResponseWriter.
func (s *sender) WriteHeader(status int) {
	bytes, asked := s.file.Size, ""
	switch status {
	case http.StatusOK:
	case http.StatusPartialContent:
		bytes, asked = s.ranges, s.asked
	default:
		s.ResponseWriter.WriteHeader(status)
		return
	}
	if s.c.R.Method == http.MethodGet {
		if s.transfer, s.failed = s.face.downloads.Begin(s.c.Context(), s.file, asked, bytes); s.failed != nil {
			h := s.Header()
			for _, name := range []string{"Etag", "Content-Type", "Content-Disposition", "Cache-Control", "Accept-Ranges", "Content-Length", "Content-Range", "Last-Modified"} {
				h.Del(name)
			}
			h.Set("Cache-Control", "no-store")
			return
		}
	}
	s.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer.
func (s *sender) Write(b []byte) (int, error) {
	if s.failed != nil {
		return 0, s.failed
	}
	return s.ResponseWriter.Write(b)
}

// ReadFrom sends a range of the file. A file of the system goes on to the connection as it is, so that the system can send it by
// itself.
func (s *sender) ReadFrom(from io.Reader) (sent int64, err error) {
	if s.failed != nil {
		return 0, s.failed
	}
	limited, isLimited := from.(*io.LimitedReader)
	if !isLimited {
		return io.Copy(justWriter{s.ResponseWriter}, from) // several ranges
	}
	content, isOurs := limited.R.(*source)
	to, takes := s.ResponseWriter.(io.ReaderFrom)
	if !isOurs || !takes {
		return io.Copy(justWriter{s.ResponseWriter}, from)
	}
	for limited.N > 0 {
		part := &io.LimitedReader{R: content.plain(), N: min(limited.N, stretch)}
		n, err := to.ReadFrom(part)
		sent += n
		limited.N -= n
		if noted := s.sent(content.at, n); err == nil {
			err = noted
		}
		content.at += n
		if err != nil || n == 0 {
			return sent, err
		}
	}
	return sent, nil
}

// sent notes bytes of the file that went out.
func (s *sender) sent(from, n int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n == 0 || s.transfer == nil {
		return nil
	}
	err := s.transfer.Sent(s.c.Context(), from, n)
	if err != nil && s.broken == nil {
		s.broken = err
	}
	return err
}

// finish settles the transfer.
func (s *sender) finish() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return s.failed
	}
	if s.transfer == nil {
		return nil
	}
	if err := s.transfer.End(s.c.Context()); err != nil && s.broken == nil {
		s.broken = err
	}
	s.transfer = nil
	if s.broken != nil && s.c.Context().Err() == nil {
		s.face.log.ErrorContext(s.c.Context(), "a transfer was cut short", "id", s.c.RequestID, "cause", s.broken)
		panic(http.ErrAbortHandler) // so that nobody takes it for whole
	}
	return nil
}

// A source is the file as ServeContent sees it. It knows the offset that it stands at.
type source struct {
	io.ReadSeekCloser
	to *sender
	at int64
}

// Seek implements io.Seeker.
func (s *source) Seek(offset int64, whence int) (int64, error) {
	at, err := s.ReadSeekCloser.Seek(offset, whence)
	if err == nil {
		s.at = at
	}
	return at, err
}

// Read serves several ranges, which are copied to the answer as they are read.
func (s *source) Read(b []byte) (int, error) {
	n, err := s.ReadSeekCloser.Read(b)
	if n > 0 {
		if noted := s.to.sent(s.at, int64(n)); noted != nil && err == nil {
			err = noted
		}
		s.at += int64(n)
	}
	return n, err
}

// plain is the file itself, where it is one of the system's.
func (s *source) plain() io.Reader {
	if f, ok := s.ReadSeekCloser.(*os.File); ok {
		return f
	}
	return s.ReadSeekCloser
}

// justWriter hides ReadFrom.
type justWriter struct{ io.Writer }

// mediaType is what is told of a file: never anything that a browser runs.
func mediaType(said string) string {
	if _, _, err := mime.ParseMediaType(said); err != nil || said == "" {
		return "application/octet-stream"
	}
	return said
}

// Disposition tells the client to keep the file under its name (RFC 6266): in letters that every client reads, and in full (RFC
// 8187) where that differs. A name never leads to another folder.
func Disposition(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, "_"))
	name = strings.Trim(name, " .")
	if name == "" {
		name = "download"
	}
	plain := strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII || r == '%' {
			return '_'
		}
		return r
	}, name)
	said := `attachment; filename="` + plain + `"`
	if plain != name {
		said += "; filename*=UTF-8''" + extended(name)
	}
	return said
}

// extended is a value with its language left out (RFC 8187, 3.2.1).
func extended(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte("!#$&+-.^_`|~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', hex[c>>4], hex[c&15]})
	}
	return b.String()
}
