package message

import (
	"io/fs"
	"net/url"
	"time"

	"vestibule/internal/outbox"
	"vestibule/internal/text"
)

// A Vendor is who the messages come from.
type Vendor struct {
	Name     string
	Legal    string            // name and postal address in one line, under every e-mail; may be empty
	Phone    string            // of the helpdesk, as it is read; may be empty
	Hours    map[string]string // when that is answered, by language, like "working days from 08:00 to 18:00 UK time"
	Security string            // e-mail address for "was it not you?"; empty means ReplyTo
	ReplyTo  string            // e-mail address of the helpdesk; may be empty
	Accent   string            // the brand's colour as #rrggbb
}

// Options say how messages are written.
type Options struct {
	Vendor    Vendor
	BaseURL   *url.URL        // of the portal, always the configured one
	Words     *text.Catalogue // for dates and numbers; it knows the time zone
	Lang      text.Lang       // for people whose language is not known
	Overrides fs.FS           // a vendor's own files, or nil
	Outbox    *outbox.Outbox
}

// A Writer writes messages. It is safe for many goroutines.
type Writer struct {
	o      Options
	outbox *outbox.Outbox
}

// NewWriter reads the words and tries each of them. The error says which file
// is wrong, and where.
func NewWriter(o Options) (*Writer, error) {
	return &Writer{o: o, outbox: o.Outbox}, nil
}

// Write makes the words of m for to at now, without sending them.
func (w *Writer) Write(to To, now time.Time, m Message) (outbox.Message, error) {
	return outbox.Message{}, nil
}
