package access

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/code"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/message"
	"vestibule/internal/organization"
	"vestibule/internal/text"
	"vestibule/internal/throttle"
)

// A Form is a request as it was typed.
type Form struct {
	First, Last           string
	Email                 string
	MobileCountry, Mobile string // optional
	Organization          string
	Country               string // ISO 3166-1 alpha-2
	Product               string // id
	Users                 string
	Purpose               string // optional
	Consent               bool
	Lang                  string

	Trap    string        // a field that people do not see
	Took    time.Duration // from showing the form to sending it; zero where that is unknown
	Address string        // the network address that it came from
}

const (
	maxPurpose = 1000
	maxUsers   = 1_000_000
	tooFast    = 4 * time.Second // nobody fills in nine fields in this time
)

// A Receipt is what the page after a request shows. It is the same whether or
// not the request was new.
type Receipt struct {
	ReceivedAt time.Time
	DueAt      time.Time
	LateAt     time.Time
}

// Ask files a request. If the same address waits for the same product already,
// nothing is filed and the applicant is told by e-mail; the receipt is the same.
// What is wrong with the form is Invalid with a failure for each field.
func (s *Service) Ask(ctx context.Context, f Form) (Receipt, error) {
	r, email, err := f.read()
	if err != nil {
		return Receipt{}, err
	}
	if err := s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.Settings.PerNetwork.Spend(tx, r.Network); err != nil {
			return err
		}
		return s.Settings.Global.Spend(tx, "all")
	}); err != nil {
		return Receipt{}, err
	}
	var receipt Receipt
	file := func(tx *db.Tx) error {
		p, err := license.ProductByID(tx, f.Product)
		if fault.Is(err, fault.NotFound) || err == nil && !p.Offered {
			return fault.OnField("product", "choose-product")
		}
		if err != nil {
			return err
		}
		r.ProductName = p.Name
		r.Signals = plainSignals(f, email)
		filed, err := s.file(tx, r)
		receipt = Receipt{ReceivedAt: tx.Now(), DueAt: filed.now.DueAt, LateAt: filed.now.LateAt}
		return err
	}
	if err = s.DB.Write(ctx, file); fault.Code(err, "changed") {
		err = s.DB.Write(ctx, file) // the one that waited was decided meanwhile: this one is filed
	}
	return receipt, err
}

// AskAgain files a request for an account whose evaluation has ended, with what
// is known of it. Conflict "ask-again-not-needed" where the standing does not
// call for it; asking twice is asking once.
func (s *Service) AskAgain(ctx context.Context, accountID string) (Receipt, error) {
	var receipt Receipt
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		a, err := account.Get(tx, accountID)
		if err != nil {
			return err
		}
		st, err := StandingOf(tx, accountID)
		if err != nil {
			return err
		}
		if st.Request.State == Received && st.Remedy == RemedyWait {
			receipt = Receipt{ReceivedAt: st.Request.CreatedAt, DueAt: st.Request.DueAt, LateAt: st.Request.LateAt}
			return nil
		}
		if st.Remedy != RemedyAskAgain {
			return fault.New(fault.Conflict, "ask-again-not-needed")
		}
		r := Request{
			Product: st.License.Product.ID, ProductName: st.License.Product.Name,
			FirstName: a.FirstName, LastName: a.LastName, Email: a.Email, EmailKey: a.EmailKey, Mobile: a.Mobile,
			Organization: st.Membership.Organization.Name, Country: st.Membership.Organization.Country,
			Users: max(st.License.State.Seats, 1), Lang: a.Lang, Account: a.ID,
			Network: throttle.Network(audit.From(ctx).Address),
			Signals: []Signal{SignalReturning},
		}
		filed, err := s.file(tx, r)
		receipt = Receipt{ReceivedAt: tx.Now(), DueAt: filed.now.DueAt, LateAt: filed.now.LateAt}
		return err
	})
	return receipt, err
}

// filing is what file did: now is the request as it would be filed now, kept is
// the one that waits.
type filing struct {
	now, kept Request
	made      bool
}

func (s *Service) file(tx *db.Tx, r Request) (filing, error) {
	now, c := tx.Now(), s.Settings.Calendar
	r.ID, r.Reference, r.State, r.CreatedAt = s.Secret.ID(now), reference(s.Secret), Received, now
	r.RemindAt, r.DueAt, r.LateAt = c.Add(now, s.Settings.RemindMinutes), c.Add(now, s.Settings.DueMinutes), now.Add(s.Settings.LateAfter)
	related, err := relatedSignals(tx, r)
	if err != nil {
		return filing{}, err
	}
	waiting, err := colleagues(tx, r, Received)
	if err != nil {
		return filing{}, err
	}
	if len(waiting) > 0 {
		related = append(related, SignalColleagues)
	}
	r.Signals = ordered(append(r.Signals, related...))
	n, err := insert(tx, r)
	if err != nil {
		return filing{}, err
	}
	if n == 0 {
		return s.again(tx, r)
	}
	if err := insertTokens(tx, r); err != nil {
		return filing{}, err
	}
	if err := signalColleagues(tx, waiting); err != nil {
		return filing{}, err
	}
	token, err := code.NewLink(tx, s.Secret, purposeWithdraw, r.ID, "", withdrawLife)
	if err != nil {
		return filing{}, err
	}
	if err := s.Messages.Send(tx, r.to(), r.subject(), time.Time{}, message.RequestReceived{
		Number: r.Reference, Product: r.ProductName, Organization: r.Organization, Users: r.Users,
		ReceivedAt: now, DueAt: r.DueAt, LateAt: r.LateAt, WithdrawToken: token,
	}); err != nil {
		return filing{}, err
	}
	staff, err := s.staff(tx)
	if err != nil {
		return filing{}, err
	}
	for _, to := range staff {
		if err := s.Messages.Send(tx, to, r.subject(), time.Time{}, message.StaffRequestWaiting{
			RequestID: r.ID, Number: r.Reference, Applicant: r.Name(), Email: r.Email, Organization: r.Organization,
			Country: account.CountryName(r.Country, string(to.Lang)), Product: r.ProductName, Users: r.Users, ReceivedAt: now, DueAt: r.DueAt,
		}); err != nil {
			return filing{}, err
		}
	}
	return filing{now: r, kept: r, made: true}, audit.Add(tx, s.Secret, audit.Event{
		Action: "access_request.create", Subject: r.subject(), Actor: audit.Actor{Kind: audit.Visitor},
		Detail: map[string]string{"product": r.Product, "signals": join(r.Signals)},
	})
}

// again tells the applicant that the first request is in the queue. Whoever
// asks many times for somebody else's address causes few e-mails.
func (s *Service) again(tx *db.Tx, r Request) (filing, error) {
	kept, err := openOf(tx, r.EmailKey, r.Product)
	if fault.Is(err, fault.NotFound) {
		// It was decided at this very moment: the person may ask once more.
		return filing{}, fault.New(fault.Conflict, "changed")
	}
	if err != nil {
		return filing{}, err
	}
	if err := s.Settings.PerAddress.Spend(tx, r.EmailKey); err != nil {
		if fault.Is(err, fault.TooMany) {
			return filing{now: r, kept: kept}, nil
		}
		return filing{}, err
	}
	token, err := code.NewLink(tx, s.Secret, purposeWithdraw, kept.ID, "", withdrawLife)
	if err != nil {
		return filing{}, err
	}
	return filing{now: r, kept: kept}, s.Messages.Send(tx, kept.to(), kept.subject(), time.Time{}, message.RequestDuplicate{
		Number: kept.Reference, Product: kept.ProductName, ReceivedAt: kept.CreatedAt, DueAt: kept.DueAt, LateAt: kept.LateAt, WithdrawToken: token,
	})
}

// read checks what was typed.
func (f Form) read() (Request, account.Email, error) {
	var wrong fault.Form
	var other error // what is not the form's fault
	note := func(field string, err error) {
		if err := wrong.AddErr(field, err); err != nil {
			other = err
		}
	}
	named := func(field, typed string, parse func(string) (string, error)) string {
		s, err := parse(typed)
		note(field, err)
		return s
	}
	r := Request{Product: f.Product, Country: f.Country, Lang: f.Lang, Network: throttle.Network(f.Address)}
	r.FirstName = named("first", f.First, account.ParseName)
	r.LastName = named("last", f.Last, account.ParseName)
	email, err := account.ParseEmail(f.Email)
	note("email", err)
	r.Email, r.EmailKey = email.Typed, email.Key
	if strings.TrimSpace(f.Mobile) != "" {
		r.Mobile = named("mobile", f.Mobile, func(typed string) (string, error) { return account.ParseMobile(f.MobileCountry, typed) })
	}
	r.Organization = named("organization", f.Organization, account.ParseOrganization)
	if !account.IsCountry(f.Country) {
		wrong.Add("country", "choose-country")
	}
	if f.Product == "" || len(f.Product) > 100 {
		wrong.Add("product", "choose-product")
	}
	r.Users, err = readUsers(f.Users)
	note("users", err)
	r.Purpose, err = readPurpose(f.Purpose)
	note("purpose", err)
	if !f.Consent {
		wrong.Add("consent", "consent-needed")
	}
	if other != nil {
		return r, email, other
	}
	return r, email, wrong.Err()
}

// readUsers reads a number as people write it: 1200, 1,200, 1.200, 1 200.
func readUsers(typed string) (int, error) {
	digits := strings.Map(func(r rune) rune {
		switch r {
		case ',', '.', '\'', '’', ' ', '\u00a0', '\u2009', '\u202f':
			return -1
		}
		return r
	}, strings.TrimSpace(typed))
	if len(digits) > 12 {
		return 0, fault.New(fault.Invalid, "users-range")
	}
	n, err := strconv.Atoi(digits)
	switch {
	case err != nil || digits[0] == '+':
		return 0, fault.New(fault.Invalid, "users-digits")
	case n < 1 || n > maxUsers:
		return 0, fault.New(fault.Invalid, "users-range")
	}
	return n, nil
}

// readPurpose takes text of several lines without characters that deceive the
// eye of the one who reads it.
func readPurpose(typed string) (string, error) {
	if !utf8.ValidString(typed) {
		return "", fault.New(fault.Invalid, "not-text")
	}
	s := strings.TrimSpace(strings.ReplaceAll(typed, "\r\n", "\n"))
	if utf8.RuneCountInString(s) > maxPurpose {
		return "", fault.New(fault.Invalid, "too-long").With("max", strconv.Itoa(maxPurpose))
	}
	for _, c := range s {
		joiner := c == '\u200c' || c == '\u200d' // Persian and Indic words are written with them
		if unicode.IsControl(c) && c != '\n' && c != '\t' || unicode.Is(unicode.Cf, c) && !joiner {
			return "", fault.New(fault.Invalid, "not-text")
		}
	}
	return s, nil
}

func (r *Request) to() message.To {
	return message.To{Address: r.Email, Name: r.FirstName, Lang: text.Lang(r.Lang)}
}

// nameKey is how the typed organization is compared.
func (r *Request) nameKey() string { return organization.NameKey(r.Organization) }

// Promise is by when a request that came now would be decided.
func (s *Service) Promise(now time.Time) Receipt {
	return Receipt{ReceivedAt: now, DueAt: s.Settings.Calendar.Add(now, s.Settings.DueMinutes), LateAt: now.Add(s.Settings.LateAfter)}
}
