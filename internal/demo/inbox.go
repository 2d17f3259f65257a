package demo

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"vestibule/internal/carrier"
	"vestibule/internal/fault"
	"vestibule/internal/secret"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// InboxPath is where the demo shows what would have been sent.
const InboxPath = "/dev/inbox"

// inboxShown bounds the list.
const inboxShown = 200

// The preview of an e-mail is the one page that another page of the portal
// may frame; it may style itself, as e-mails do, and nothing else.
const previewPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; frame-ancestors 'self'"

// An Inbox shows the e-mails and text messages that would have gone out. Where
// others can reach the demo, Token guards it: once in the address, from then on
// in a cookie.
type Inbox struct {
	Carrier *carrier.Inbox
	Token   string
}

const (
	inboxCookie = "inbox"
	inboxLife   = 12 * time.Hour
)

// Address is where the inbox is found under a base URL.
func (i *Inbox) Address(base string) string {
	if i.Token == "" {
		return base + InboxPath
	}
	return base + InboxPath + "?token=" + i.Token
}

// Routes are the inbox's pages.
func (i *Inbox) Routes() []web.Route {
	return []web.Route{
		web.Row(web.Anyone, "GET /dev/inbox", i.list),
		web.Row(web.Anyone, "GET /dev/inbox.json", i.machine),
		web.Row(web.Anyone, "GET /dev/inbox/{id}", i.show),
		web.Row(web.Anyone, "GET /dev/inbox/{id}/preview", i.preview),
	}
}

// admit lets in whoever knows the token; to all others there is no inbox.
func (i *Inbox) admit(c *web.Context) error {
	if i.Token == "" {
		return nil
	}
	if secret.Same(c.R.URL.Query().Get("token"), i.Token) {
		c.SetCookie(inboxCookie, i.Token, inboxLife)
		return nil
	}
	if secret.Same(c.Cookie(inboxCookie), i.Token) {
		return nil
	}
	return fault.New(fault.NotFound, "not-found")
}

// inboxRow is one message in the list, ready to show.
type inboxRow struct{ Href, Icon, Subject, To, When string }

type inboxPage struct {
	*ui.Frame
	Rows []inboxRow
}

func (i *Inbox) list(c *web.Context) error {
	if err := i.admit(c); err != nil {
		return err
	}
	mails, err := i.Carrier.List(c.Context(), strings.TrimSpace(c.R.URL.Query().Get("to")), inboxShown)
	if err != nil {
		return err
	}
	page := inboxPage{Frame: c.Frame()}
	for _, m := range mails {
		row := inboxRow{Href: InboxPath + "/" + m.ID, Icon: "mail", Subject: m.Subject, To: m.To, When: c.Words.ShortDateTime(m.At)}
		if m.Channel == carrier.SMS {
			row.Icon, row.Subject = "phone", m.Text
		}
		page.Rows = append(page.Rows, row)
	}
	return c.Page(http.StatusOK, inboxList(page))
}

// A letter is a message as /dev/inbox.json has it.
type letter struct {
	ID      string    `json:"id"`
	Channel string    `json:"channel"`
	Kind    string    `json:"kind"`
	To      string    `json:"to"`
	Lang    string    `json:"lang"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
	HTML    string    `json:"html"`
	Links   []string  `json:"links"`
	Code    string    `json:"code,omitempty"`
	At      time.Time `json:"at"`
}

func (i *Inbox) machine(c *web.Context) error {
	if err := i.admit(c); err != nil {
		return err
	}
	mails, err := i.Carrier.List(c.Context(), strings.TrimSpace(c.R.URL.Query().Get("to")), inboxShown)
	if err != nil {
		return err
	}
	out := make([]letter, len(mails))
	for n, m := range mails {
		out[n] = letter{
			ID: m.ID, Channel: string(m.Channel), Kind: m.Kind, To: m.To, Lang: m.Lang, Subject: m.Subject,
			Text: m.Text, HTML: m.HTML, Links: append([]string{}, m.Links...), Code: m.Code, At: m.At,
		}
	}
	body, err := json.Marshal(out)
	if err != nil {
		return err
	}
	return c.Bytes(http.StatusOK, "application/json", append(body, '\n'))
}

type letterPage struct {
	*ui.Frame
	Title, To, When string
	Preview         string // its path; empty for a text message
	Text            string
}

func (i *Inbox) show(c *web.Context) error {
	m, err := i.find(c)
	if err != nil {
		return err
	}
	page := letterPage{Frame: c.Frame(), Title: m.Subject, To: m.To, When: c.Words.ShortDateTime(m.At), Text: m.Text}
	if m.Channel == carrier.SMS {
		page.Title = c.T("demo.inbox.sms")
	}
	if m.HTML != "" {
		page.Preview = InboxPath + "/" + m.ID + "/preview"
	}
	return c.Page(http.StatusOK, inboxLetter(page))
}

func (i *Inbox) preview(c *web.Context) error {
	m, err := i.find(c)
	if err != nil {
		return err
	}
	if m.HTML == "" {
		return fault.New(fault.NotFound, "not-found")
	}
	c.W.Header()["Content-Security-Policy"] = []string{previewPolicy}
	return c.Bytes(http.StatusOK, "text/html; charset=utf-8", []byte(m.HTML))
}

func (i *Inbox) find(c *web.Context) (carrier.Mail, error) {
	if err := i.admit(c); err != nil {
		return carrier.Mail{}, err
	}
	return i.Carrier.Get(c.Context(), c.R.PathValue("id"))
}

// Pages are samples of the inbox's pages, for the gallery and its checks.
func Pages() []web.Sample {
	return []web.Sample{inboxSample(), inboxEmptySample(), letterSample()}
}
