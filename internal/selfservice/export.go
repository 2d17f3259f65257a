package selfservice

import (
	"context"
	"slices"
	"time"

	"vestibule/internal/access"
	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/organization"
	"vestibule/internal/outbox"
	"vestibule/internal/session"
	"vestibule/internal/text"
)

// ExportVersion is the version of the copy's format (docs/own-data.md). It goes up when a field changes its meaning or goes away;
// fields may be added without.
const ExportVersion = 1

// An Export is all that the portal knows of an account's owner, but for what proves who it is: no password, code, key, answer or
// token, in no form. Times are RFC 3339 in UTC; a field that is not set is left out.
type Export struct {
	Format     string            `json:"format"` // always "vestibule-account"
	Version    int               `json:"version"`
	ExportedAt time.Time         `json:"exported_at"`
	Account    ExportAccount     `json:"account"`
	Membership *ExportMembership `json:"membership,omitempty"`
	Protection ExportProtection  `json:"protection"`
	Terms      []ExportTerms     `json:"terms_accepted"`
	Requests   []ExportRequest   `json:"access_requests"`
	Sessions   []ExportSession   `json:"sessions"`
	Devices    []ExportDevice    `json:"known_devices"`
	Messages   []ExportMessage   `json:"messages"`
	Events     []ExportEvent     `json:"events"`
	Handed
}

// Handed is what was handed over to the person. It is known elsewhere: see Service.Handed.
type Handed struct {
	Downloads  []ExportDownload  `json:"downloads"`
	Agreements []ExportAgreement `json:"agreements_accepted"`
}

// ExportDownload is one answer with bytes of a file.
type ExportDownload struct {
	Product   string    `json:"product"`
	Version   string    `json:"version"`
	File      string    `json:"file"`
	Bytes     int64     `json:"bytes"`
	State     string    `json:"state"`
	Address   string    `json:"network_address,omitempty"`
	StartedAt time.Time `json:"started_at"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
}

// ExportAgreement is an agreement that the person accepted for the organization. The hash names the exact text.
type ExportAgreement struct {
	Product    string    `json:"product"`
	Version    string    `json:"version"`
	Language   string    `json:"language"`
	TextHash   string    `json:"text_hash"`
	Address    string    `json:"network_address,omitempty"`
	AcceptedAt time.Time `json:"accepted_at"`
}

// ExportAccount is who the person is.
type ExportAccount struct {
	UserID           string               `json:"user_id"`
	FirstName        string               `json:"first_name"`
	LastName         string               `json:"last_name"`
	Email            string               `json:"email"`
	EmailConfirmedAt time.Time            `json:"email_confirmed_at,omitzero"`
	EarlierEmails    []ExportEarlierEmail `json:"earlier_emails,omitempty"`
	Mobile           string               `json:"mobile,omitempty"`
	MobileVerifiedAt time.Time            `json:"mobile_verified_at,omitzero"`
	Organization     string               `json:"organization_as_typed"`
	Country          string               `json:"country,omitempty"`
	Language         string               `json:"language"`
	State            string               `json:"state"`
	CreatedAt        time.Time            `json:"created_at"`
	SignedInAt       time.Time            `json:"signed_in_at,omitzero"`
	PasswordSetAt    time.Time            `json:"password_set_at,omitzero"`
	ClosingAt        time.Time            `json:"closing_at,omitzero"`
}

// ExportEarlierEmail is an address that the account had, while the change can be undone.
type ExportEarlierEmail struct {
	Email     string    `json:"email"`
	ChangedAt time.Time `json:"changed_at"`
	UndoUntil time.Time `json:"undo_until"`
}

// ExportMembership is the organization that the person belongs to.
type ExportMembership struct {
	Organization string    `json:"organization"`
	Role         string    `json:"role"`
	JoinedAt     time.Time `json:"joined_at"`
}

// ExportProtection says by what the account is protected, without what that is.
type ExportProtection struct {
	Authenticator     bool            `json:"authenticator_app"`
	RecoveryCodesLeft int             `json:"recovery_codes_left"`
	Questions         []string        `json:"security_questions"`
	Passkeys          []ExportPasskey `json:"passkeys"`
}

// ExportPasskey is a passkey by its name.
type ExportPasskey struct {
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`
	UsedAt    time.Time `json:"used_at,omitzero"`
}

// ExportTerms is an acceptance of the terms. The hash names the exact text.
type ExportTerms struct {
	Version    string    `json:"version"`
	TextHash   string    `json:"text_hash"`
	Address    string    `json:"network_address,omitempty"`
	AcceptedAt time.Time `json:"accepted_at"`
}

// ExportRequest is a request for an evaluation from the account's confirmed address.
type ExportRequest struct {
	Reference    string    `json:"reference"`
	Product      string    `json:"product"`
	State        string    `json:"state"`
	FirstName    string    `json:"first_name"`
	LastName     string    `json:"last_name"`
	Email        string    `json:"email"`
	Mobile       string    `json:"mobile,omitempty"`
	Organization string    `json:"organization"`
	Country      string    `json:"country,omitempty"`
	Users        int       `json:"users,omitempty"`
	Purpose      string    `json:"purpose,omitempty"`
	CreatedAt    time.Time `json:"created_at"`
	DecidedAt    time.Time `json:"decided_at,omitzero"`
	Reason       string    `json:"reason,omitempty"`
}

// ExportSession is a place where the account is signed in.
type ExportSession struct {
	Current   bool      `json:"current"`
	Browser   string    `json:"browser,omitempty"`
	System    string    `json:"system,omitempty"`
	Address   string    `json:"network_address"`
	Place     string    `json:"place,omitempty"`
	StartedAt time.Time `json:"started_at"`
	SeenAt    time.Time `json:"seen_at"`
}

// ExportDevice is a browser that the account knows.
type ExportDevice struct {
	Browser      string    `json:"browser,omitempty"`
	System       string    `json:"system,omitempty"`
	Network      string    `json:"network"`
	FirstAt      time.Time `json:"first_at"`
	SeenAt       time.Time `json:"seen_at"`
	TrustedUntil time.Time `json:"trusted_until,omitzero"`
}

// ExportMessage is a message that went to the person. What it said is not kept.
type ExportMessage struct {
	Kind    string    `json:"kind"`
	Channel string    `json:"channel"`
	To      string    `json:"to"` // masked
	State   string    `json:"state"`
	At      time.Time `json:"at"`
}

// ExportEvent is one thing that happened.
type ExportEvent struct {
	Action  string    `json:"action"`
	By      By        `json:"by"`
	At      time.Time `json:"at"`
	Address string    `json:"network_address,omitempty"`
}

// What of each a copy holds at most, the newest.
const (
	exportRequests = 200
	exportMessages = 1000
	exportEvents   = 5000
)

// Export copies all that is known of the account's owner, and notes that it was taken. It wants a fresh sign-in. The words of
// security questions and places are in the language.
func (s *Service) Export(ctx context.Context, t session.Token, lang text.Lang) (out Export, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		at, a, err := account.FreshlySignedIn(tx, t)
		if err != nil {
			return err
		}
		if err := s.Settings.Limits.Exports.Spend(tx, a.ID); err != nil {
			return err
		}
		if out, err = s.export(tx, at, a, lang); err != nil {
			return err
		}
		return s.event(tx, a, "account.export")
	})
	return out, err
}

func (s *Service) export(tx *db.Tx, at *session.Session, a account.Account, lang text.Lang) (Export, error) {
	out := Export{
		Format: "vestibule-account", Version: ExportVersion, ExportedAt: tx.Now(),
		Account: ExportAccount{
			UserID: a.UserID, FirstName: a.FirstName, LastName: a.LastName, Email: a.Email, EmailConfirmedAt: a.EmailConfirmedAt,
			Mobile: a.Mobile, MobileVerifiedAt: a.MobileVerifiedAt, Organization: a.Organization, Country: a.Country, Language: a.Lang,
			State: string(a.State), CreatedAt: a.CreatedAt, SignedInAt: a.SignedInAt, PasswordSetAt: a.PasswordSetAt, ClosingAt: a.ClosingAt,
		},
		Terms: []ExportTerms{}, Requests: []ExportRequest{}, Sessions: []ExportSession{}, Devices: []ExportDevice{}, Messages: []ExportMessage{}, Events: []ExportEvent{},
		Handed: Handed{Downloads: []ExportDownload{}, Agreements: []ExportAgreement{}},
	}
	for _, fill := range []func() error{
		func() error { return s.exportPerson(tx, a, &out) },
		func() error { return s.exportProtection(tx, a, lang, &out.Protection) },
		func() error { return s.exportPlaces(tx, at, a, lang, &out) },
		func() error { return s.exportMessages(tx, a, &out) },
		func() (err error) {
			if s.Handed != nil {
				out.Handed, err = s.Handed(tx, a.ID)
			}
			return err
		},
		func() error {
			list, _, err := s.happenings(tx, a, 0, exportEvents, lang)
			for _, h := range list {
				out.Events = append(out.Events, ExportEvent{Action: h.Action, By: h.By, At: h.At, Address: h.Address})
			}
			return err
		},
	} {
		if err := fill(); err != nil {
			return Export{}, err
		}
	}
	return out, nil
}

func (s *Service) exportPerson(tx *db.Tx, a account.Account, out *Export) error {
	earlier, err := account.EarlierEmails(tx, a.ID)
	if err != nil {
		return err
	}
	for _, e := range earlier {
		out.Account.EarlierEmails = append(out.Account.EarlierEmails, ExportEarlierEmail{Email: e.Email, ChangedAt: e.ChangedAt, UndoUntil: e.Until})
	}
	m, err := organization.Of(tx, a.ID)
	if err == nil {
		out.Membership = &ExportMembership{Organization: m.Organization.Name, Role: string(m.Role), JoinedAt: m.JoinedAt}
	} else if !fault.Is(err, fault.NotFound) {
		return err
	}
	accepted, err := account.Acceptances(tx, a.ID)
	if err != nil {
		return err
	}
	for _, one := range accepted {
		out.Terms = append(out.Terms, ExportTerms{Version: one.Version, TextHash: one.TextHash, Address: one.Address, AcceptedAt: one.AcceptedAt})
	}
	if !a.EmailConfirmed() {
		return nil // what came from the address may be a stranger's
	}
	requests, err := access.RequestsOf(tx, a.EmailKey, exportRequests)
	for _, r := range requests {
		out.Requests = append(out.Requests, ExportRequest{
			Reference: r.Reference, Product: r.ProductName, State: string(r.State), FirstName: r.FirstName, LastName: r.LastName, Email: r.Email,
			Mobile: r.Mobile, Organization: r.Organization, Country: r.Country, Users: r.Users, Purpose: r.Purpose, CreatedAt: r.CreatedAt,
			DecidedAt: r.DecidedAt, Reason: r.Reason,
		})
	}
	return err
}

func (s *Service) exportProtection(tx *db.Tx, a account.Account, lang text.Lang, p *ExportProtection) error {
	p.Questions, p.Passkeys = []string{}, []ExportPasskey{}
	var err error
	if p.Authenticator, err = account.HasAuthenticator(tx, a.ID); err != nil {
		return err
	}
	if p.RecoveryCodesLeft, err = account.RecoveryCodesLeft(tx, a.ID); err != nil {
		return err
	}
	questions, err := account.QuestionsOf(tx, a.ID)
	if err != nil {
		return err
	}
	for _, q := range questions {
		words := q.Own
		if q.Question != "" && s.QuestionWords != nil {
			words = s.QuestionWords(lang, account.Question{Question: q.Question})
		}
		p.Questions = append(p.Questions, words)
	}
	passkeys, err := account.Passkeys(tx, a.ID)
	for _, one := range passkeys {
		p.Passkeys = append(p.Passkeys, ExportPasskey{Name: one.Name, CreatedAt: one.CreatedAt, UsedAt: one.UsedAt})
	}
	return err
}

func (s *Service) exportPlaces(tx *db.Tx, at *session.Session, a account.Account, lang text.Lang, out *Export) error {
	in, err := s.sessions(tx, a.ID, at.ID, lang)
	if err != nil {
		return err
	}
	for _, one := range in {
		out.Sessions = append(out.Sessions, ExportSession{
			Current: one.Current, Browser: one.Agent.Browser, System: one.Agent.System, Address: one.Address, Place: one.Place,
			StartedAt: one.StartedAt, SeenAt: one.SeenAt,
		})
	}
	known, err := s.known(tx, a.ID)
	for _, d := range known {
		out.Devices = append(out.Devices, ExportDevice{
			Browser: d.Browser.Browser, System: d.Browser.System, Network: d.Network, FirstAt: d.FirstAt, SeenAt: d.SeenAt, TrustedUntil: d.TrustedUntil,
		})
	}
	return err
}

// exportMessages lists what went to the proved address and number.
func (s *Service) exportMessages(tx *db.Tx, a account.Account, out *Export) error {
	if s.Outbox == nil {
		return nil
	}
	add := func(recipient, masked string, since time.Time) error {
		list, err := s.Outbox.List(tx, outbox.Filter{To: recipient, Limit: exportMessages})
		for _, m := range list {
			if m.QueuedAt.Before(since) {
				continue // the number was somebody else's then
			}
			out.Messages = append(out.Messages, ExportMessage{Kind: m.Kind, Channel: string(m.Channel), To: masked, State: m.State, At: m.QueuedAt})
		}
		return err
	}
	if a.EmailConfirmed() {
		if err := add(a.Email, account.MaskEmail(a.Email), time.Time{}); err != nil {
			return err
		}
	}
	if a.MobileVerified() {
		if err := add(a.Mobile, account.MaskMobile(a.Mobile), a.MobileVerifiedAt); err != nil {
			return err
		}
	}
	slices.SortFunc(out.Messages, func(x, y ExportMessage) int { return y.At.Compare(x.At) })
	return nil
}
