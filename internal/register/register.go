// Package register lets a person become an account, step by step, and makes sure
// whose account it then is.
//
// A registration is a flow: one row that says where it stands, found by the
// ticket in the browser's cookie. It goes on after a reload, in a second tab,
// on another node, after a crash; a step that is not the row's is Conflict, and
// the page asks the row again. What the person typed is a claim. The account is
// made when the terms are accepted, and from then on it can be left and found
// again by a link in the mailbox, which sets everything afresh.
//
// The package also holds what belongs to the question whose mailbox it is:
// confirming an address, and "this was not me", which gives an account that
// never confirmed its address to the mailbox's owner.
//
// It promises: no step is skipped or done twice, whoever asks how often; a code
// is tried five times; nothing typed grants anything; where addresses are
// concealed, what a stranger sees does not depend on whether one is known. It
// leaves to others: what the account may do (access), what it joins
// (organization), signing in (signin).
package register

import (
	"context"
	"time"

	"vestibule/internal/access"
	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/code"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/flow"
	"vestibule/internal/message"
	"vestibule/internal/secret"
	"vestibule/internal/text"
)

const kind = "register"

// A Ticket is what the browser of a registration holds.
type Ticket = flow.Ticket

// A Question is one that is offered.
type Question struct {
	ID   string
	Text map[text.Lang]string
}

// OfferedQuestions are the catalogue's own.
func OfferedQuestions(words *text.Catalogue) []Question {
	var all []Question
	for _, id := range account.OfferedQuestions() {
		q := Question{ID: id, Text: map[text.Lang]string{}}
		for _, lang := range text.Languages() {
			q.Text[lang] = words.For(lang).T("account.question." + id)
		}
		all = append(all, q)
	}
	return all
}

// Settings are what the vendor decides about registrations.
type Settings struct {
	Conceal   bool            // do not tell whether an address has an account
	Pattern   account.Pattern // of UserIDs
	Issuer    string          // what authenticator apps show
	Terms     account.Terms
	Questions []Question // none: not asked
	Countries []string   // whose numbers get an SMS; none: all
	Code      code.Rule
	Life      time.Duration // of a registration without an account
	Finish    time.Duration // of one with an account, and of the account itself
	Remind    time.Duration // after which an unfinished account is reminded
	Confirm   time.Duration // how long a link that confirms works
	Limits    Limits
}

// DefaultSettings are the guide's.
func DefaultSettings() Settings {
	return Settings{
		Pattern: account.DefaultPattern, Code: code.Default(), Life: 24 * time.Hour, Finish: 7 * 24 * time.Hour,
		Remind: 48 * time.Hour, Confirm: 24 * time.Hour, Limits: DefaultLimits(),
	}
}

// A Service is what people do to become an account.
type Service struct {
	DB        *db.DB
	Secret    secret.Source
	Ring      *secret.Ring
	Messages  *message.Writer
	Passwords *account.Passwords
	Settings  Settings
	// Notify says which of the staff are told that somebody cannot get a code.
	Notify func(*db.Tx) ([]message.To, error)
}

// A Form is what a person tells about itself in the first step.
type Form struct {
	Once          string // from the page: one sent twice begins one registration
	Invitation    string // token of an approval's personal link, or ""
	FirstName     string
	LastName      string
	Email         string
	MobileCountry string
	Mobile        string // as it is written in that country
	Organization  string
	Lang          text.Lang
}

// data is what a registration has gathered so far.
type data struct {
	FirstName, LastName string
	Email, EmailKey     string
	Mobile              string // E.164
	Organization        string
	Lang                text.Lang
	Invitation          string    `json:",omitempty"` // sealed token
	EmailProved         bool      `json:",omitempty"`
	EmailFixed          bool      `json:",omitempty"` // the address is an account's
	Sends               int       `json:",omitempty"`
	NextSendAt          time.Time `json:",omitzero"`
	SentTo              string    `json:",omitempty"` // the number that the last code went to
	Held                string    `json:",omitempty"` // why no code went out: a code of held…
	HelpAskedAt         time.Time `json:",omitzero"`
	HelpNote            string    `json:",omitempty"` // what staff should know
	MobileProved        bool      `json:",omitempty"`
	AccountID           string    `json:",omitempty"`
	UserID              string    `json:",omitempty"`
	Questions           []account.Question
	RecoveryCodes       string `json:",omitempty"` // sealed, until they are kept
	AuthenticatorOn     bool   `json:",omitempty"`
	HadAuthenticator    bool   `json:",omitempty"` // a completion: the account has one already
	Completes           bool   `json:",omitempty"` // an account that came from elsewhere; see CompleteByOwner
	Mark                string `json:",omitempty"` // for that: a password set meanwhile makes the ticket void
}

type registration = flow.Flow[data]

// Why no code went out. Words stand under "register.held.".
const (
	heldCountry = "country" // no text messages to that country
	heldLimit   = "limit"   // too many were asked for
)

// A View is what the next page shows.
type View struct {
	Step              Step
	FirstName         string
	LastName          string
	Email             string
	EmailFixed        bool // it cannot be changed: it is an account's
	EmailProved       bool
	MobileCountry     string
	Mobile            string // as it is written in that country
	MobileMasked      string
	Organization      string
	Wait              time.Duration // until a code can be sent again
	Held              string        // why no code went out, or ""
	HelpAsked         bool
	CodeLife          time.Duration
	Terms             account.Terms
	Questions         []account.Question // chosen so far; no hashes
	Enrolment         account.Enrolment
	RecoveryCodes     []string
	UserID            string
	MobileVerified    bool
	AuthenticatorOn   bool
	QuestionsAsked    bool
	ConfirmationUntil time.Time
	Holder            account.Account // of a personal link's address; without an ID: nobody
	HolderBegan       bool            // a registration made it
	Completes         bool            // an account from elsewhere gets what it lacks: the sign-in goes on at Done
	Standing          access.Standing // once it is done
}

// Once makes what a fresh first page carries, so that the page sent twice begins
// one registration.
func (s *Service) Once() string { return s.Secret.Token() }

// Current returns where the ticket's registration stands. It is Gone where there
// is none: then the first page is shown.
func (s *Service) Current(ctx context.Context, t Ticket) (v View, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		f, err := load(tx, t)
		if err != nil {
			return err
		}
		v, err = s.view(tx, f)
		return err
	})
	return v, err
}

func (s *Service) view(tx *db.Tx, f *registration) (View, error) {
	d := f.Data
	v := View{
		Step: f.Step, FirstName: d.FirstName, LastName: d.LastName, Email: d.Email, EmailFixed: d.EmailFixed, EmailProved: d.EmailProved,
		MobileMasked: account.MaskMobile(d.Mobile), Organization: d.Organization, Wait: max(0, d.NextSendAt.Sub(tx.Now())), Held: d.Held,
		HelpAsked: !d.HelpAskedAt.IsZero(), CodeLife: s.Settings.Code.Life, Terms: s.Settings.Terms.At(tx.Now()), UserID: d.UserID,
		MobileVerified: d.MobileProved, AuthenticatorOn: d.AuthenticatorOn, Completes: d.Completes, QuestionsAsked: len(s.Settings.Questions) > 0,
	}
	v.MobileCountry, v.Mobile = account.MobileParts(d.Mobile)
	for _, q := range d.Questions {
		v.Questions = append(v.Questions, account.Question{Question: q.Question, Own: q.Own})
	}
	var err error
	switch f.Step {
	case Authenticator:
		v.Enrolment, err = account.PendingAuthenticator(tx, s.Ring, d.AccountID, s.Settings.Issuer, d.Email)
	case Codes:
		v.RecoveryCodes, err = s.keptCodes(f)
	case Done:
		v.Standing, err = access.StandingOf(tx, d.AccountID)
	}
	return v, err
}

// move loads the ticket's registration, moves it by ev, lets do change it, and
// saves it.
func (s *Service) move(ctx context.Context, t Ticket, ev event, do func(*db.Tx, *registration) error) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		f, err := hold(tx, t)
		if err != nil {
			return err
		}
		return s.moveLoaded(tx, f, ev, do)
	})
}

func (s *Service) moveLoaded(tx *db.Tx, f *registration, ev event, do func(*db.Tx, *registration) error) error {
	to, err := s.after(f, ev)
	if err != nil {
		return err
	}
	from := f.Step
	f.Step = to
	if err := do(tx, f); err != nil {
		return err
	}
	if f.Data.Completes {
		if err := s.completes(tx, f, from); err != nil {
			return err
		}
	}
	return f.Save(tx)
}

// stands reads the registration and fails with Conflict where ev is none of its
// step's. It is for what must be worked out before a transaction is opened; the
// step itself asks again.
func (s *Service) stands(ctx context.Context, t Ticket, ev event) (f *registration, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if f, err = load(tx, t); err != nil {
			return err
		}
		_, err = s.after(f, ev)
		return err
	})
	return f, err
}

func (s *Service) event(tx *db.Tx, f *registration, action string, detail ...string) error {
	e := audit.Event{Action: action, Subject: subject(f), Detail: map[string]string{}}
	if f.Data.AccountID != "" {
		e.Detail["registration"] = f.ID
	}
	for i := 0; i+1 < len(detail); i += 2 {
		e.Detail[detail[i]] = detail[i+1]
	}
	return audit.Add(tx, s.Secret, e)
}

func subject(f *registration) string {
	if f.Data.AccountID != "" {
		return "account:" + f.Data.AccountID
	}
	return about(f)
}

// about names the registration to the outbox.
func about(f *registration) string { return "registration:" + f.ID }

func (d *data) to() message.To {
	return message.To{Address: d.Email, Name: d.FirstName + " " + d.LastName, Lang: d.Lang}
}

// Asked returns the words of an offered question in a language, or "" for one
// that is not offered.
func (s *Service) Asked(lang text.Lang, question string) string { return s.asked(lang)(question) }

func (s *Service) asked(lang text.Lang) func(string) string {
	return func(id string) string {
		for _, q := range s.Settings.Questions {
			if q.ID == id {
				if words, ok := q.Text[lang]; ok {
					return words
				}
				return q.Text["en"]
			}
		}
		return ""
	}
}

// Offered returns the offered questions in a language: id and words, in order.
func (s *Service) Offered(lang text.Lang) (all [][2]string) {
	for _, q := range s.Settings.Questions {
		all = append(all, [2]string{q.ID, s.asked(lang)(q.ID)})
	}
	return all
}

// QuestionWords returns the words of a chosen question.
func (s *Service) QuestionWords(lang text.Lang, q account.Question) string {
	if q.Question == "" {
		return q.Own
	}
	return s.asked(lang)(q.Question)
}

func isGone(err error) bool { return fault.Is(err, fault.Gone) }
