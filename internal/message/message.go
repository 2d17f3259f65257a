// Package message has the words of every message that leaves the portal.
//
// A message is a Go struct: its fields are what the words need, its type says
// which words. The words are files, one for each message and language, which a
// vendor may replace one by one by files of the same name in a folder. A file
// is plain text with the actions of Go templates; from the one text both the
// HTML and the plain part of an e-mail are made, so that the two always say the
// same in the same order. See templates/README.md for how to write one.
//
// All files are parsed and tried with samples when the Writer is made: a fault
// in one keeps the portal from starting instead of losing a message.
//
// Links are made from the configured base URL and a token or id, never from a
// request. The portal never writes a password into a message, because it has
// none.
package message

import (
	"time"

	"vestibule/internal/carrier"
	"vestibule/internal/db"
	"vestibule/internal/text"
)

// To is whom a message goes to.
type To struct {
	Address string    // an e-mail address, or for a text message a number as E.164
	Name    string    // as it is greeted; may be empty
	Lang    text.Lang // one that is not known is answered in the vendor's language
}

// Send writes m in the language of to and adds it to the outbox, in the
// transaction of what it tells of. about names the thing that it is about, like
// "request:01J…": a newer message of the same kind about the same thing to the
// same address takes back the older one that has not left (a code or a link
// that only one can be valid of: whatever its address). After until the message
// is of no use and is dropped instead of being sent late; zero means always.
func (w *Writer) Send(tx *db.Tx, to To, about string, until time.Time, m Message) error {
	written, err := w.Write(to, tx.Now(), m)
	if err != nil {
		return err
	}
	written.About, written.Until = about, until
	return w.outbox.Add(tx, written)
}

// Withhold does the work of Send, and nothing leaves: a record says that the
// message was withheld. It is for where nobody may notice whether one was sent.
func (w *Writer) Withhold(tx *db.Tx, to To, about string, until time.Time, m Message) error {
	written, err := w.Write(to, tx.Now(), m)
	if err != nil {
		return err
	}
	written.About, written.Until = about, until
	return w.outbox.Withhold(tx, written)
}

// Recall takes back the messages about a thing that have not left, because what
// they tell is no longer so. Without kinds it takes back all.
func (w *Writer) Recall(tx *db.Tx, about string, kinds ...Message) error {
	return w.outbox.Recall(tx, about, names(kinds)...)
}

// TakeBack is Recall, and says how many messages there were that will not leave.
func (w *Writer) TakeBack(tx *db.Tx, about string, kinds ...Message) (int64, error) {
	return w.outbox.TakeBack(tx, about, names(kinds)...)
}

func names(kinds []Message) []string {
	list := make([]string, len(kinds))
	for i, k := range kinds {
		list[i] = k.spec().kind
	}
	return list
}

// A Message is one of the types of this package.
type Message interface{ spec() spec }

// spec is what the Writer has to know of a message besides its words.
type spec struct {
	kind    string // names the file of its words
	channel carrier.Channel
	secrets []string // the codes and tokens in it
	sole    bool     // see outbox.Message
	apart   bool     // the same
}

func email(kind string, tokens ...string) spec {
	return spec{kind: kind, channel: carrier.Email, secrets: tokens}
}

// paths are where links lead, by the name that templates know them by. The faces
// that serve them have the same paths in their tables.
func paths() map[string]string {
	return map[string]string{
		"home":         "/",
		"request":      "/request",
		"withdraw":     "/request/withdraw",
		"register":     "/register",
		"welcome":      "/welcome",
		"continue":     "/register/continue",
		"finish":       "/register/finish",
		"confirm":      "/confirm-email",
		"reset":        "/reset-password/link",
		"sign-in":      "/sign-in",
		"help":         "/get-back-in",
		"portal":       "/portal",
		"downloads":    "/portal/downloads",
		"licence":      "/portal/licences",
		"queue":        "/office/requests",
		"registration": "/office/registrations",
		"account":      "/office/accounts",
		"stop":         "/stop",
		"new-email":    "/portal/account/email/confirm",
		"undo-email":   "/undo-email",
		"keep-account": "/keep-account",
	}
}
