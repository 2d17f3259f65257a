// Package demo has the sample content that shows what the portal does: a
// vendor, its staff, clients in every standing, and a queue with requests of
// every kind; and the inbox that shows what the portal would have sent.
//
// The content is made by the same Services that people use, in the order of
// time: a Clock stands at each moment while what happened then is done. The
// result is a portal as it would be after some months of use, with a whole
// audit trail. Names, companies and numbers are fictional; the domains are
// reserved for examples, but for two that show a signal.
//
// Passwords are drawn on the first run and kept sealed in the database, so that
// a second start goes on with the same content and prints the same credentials.
package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"vestibule/internal/access"
	"vestibule/internal/account"
	"vestibule/internal/carrier"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/importer"
	"vestibule/internal/license"
	"vestibule/internal/release"
	"vestibule/internal/secret"
	"vestibule/internal/signin"
	"vestibule/internal/staff"
)

// A Clock tells the time of day, until Set makes it stand still.
type Clock struct {
	real func() time.Time

	mu sync.RWMutex
	at time.Time // zero: the time of day
}

// NewClock returns a clock that goes by real.
func NewClock(real func() time.Time) *Clock { return &Clock{real: real} }

// Now reads the clock.
func (c *Clock) Now() time.Time {
	c.mu.RLock()
	at := c.at
	c.mu.RUnlock()
	if at.IsZero() {
		return c.real()
	}
	return at
}

// Set makes the clock stand at an instant; the zero time lets it go again.
func (c *Clock) Set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

// Parts are what the content is made with.
type Parts struct {
	Clock     *Clock
	DB        *db.DB
	Ring      *secret.Ring
	Secret    secret.Source
	Inbox     *carrier.Inbox
	Deliver   func(context.Context) (int, error)
	Access    *access.Service
	Staff     *staff.Service
	SignIn    *signin.Service
	Importer  *importer.Service
	License   *license.Service
	Release   *release.Service
	Passwords *account.Passwords
	Terms     account.Terms
	Product   string // its id
}

// Content is what somebody needs to know to use the demo.
type Content struct {
	Staff   []Staff  `json:"staff"`
	Samples Samples  `json:"samples"`
	Clients []Client `json:"clients"`
}

// A Staff is a member of staff who can sign in at /office.
type Staff struct {
	UserID     string   `json:"user_id"`
	Password   string   `json:"password"`
	TOTPSecret string   `json:"totp_secret"`
	Name       string   `json:"name"`
	Roles      []string `json:"roles"`
}

// A Client is an account that can sign in at /sign-in.
type Client struct {
	UserID   string `json:"user_id"`
	Email    string `json:"email"`
	Password string `json:"password"`
	Name     string `json:"name"`
	Standing string `json:"standing"`
}

// Samples are people who can try a way in that the guide describes.
type Samples struct {
	// The subscriber and the reseller contact have no account yet: they begin
	// at /register with this address and need no approval.
	Subscriber Person `json:"subscriber"`
	Reseller   Person `json:"reseller"`
	// The beta tester has an account of the earlier system, with an expired
	// password.
	BetaTester Person `json:"beta_tester"`
}

// A Person is one of the samples.
type Person struct {
	FirstName    string `json:"first_name"`
	LastName     string `json:"last_name"`
	Email        string `json:"email"`
	Mobile       string `json:"mobile"`
	Country      string `json:"country"`
	Organization string `json:"organization"`
	UserID       string `json:"user_id,omitempty"`
}

// contentSetting keeps the Content, sealed.
const contentSetting = "demo-content"

// Fill makes the content of a fresh database, or finds what an earlier start
// made. A database whose content was begun and not finished is Conflict
// "demo-unfinished".
func Fill(ctx context.Context, p Parts) (Content, error) {
	kept, err := p.kept(ctx)
	if err != nil || kept != nil {
		return *cmpContent(kept), err
	}
	begun := false
	if err := p.DB.Read(ctx, func(tx *db.Tx) error {
		mark, err := db.Setting(tx, contentSetting+"-begun")
		begun = mark != ""
		return err
	}); err != nil {
		return Content{}, err
	}
	if begun {
		return Content{}, fault.New(fault.Conflict, "demo-unfinished")
	}
	if err := p.DB.Write(ctx, func(tx *db.Tx) error { return db.PutSetting(tx, contentSetting+"-begun", "yes") }); err != nil {
		return Content{}, err
	}
	defer p.Clock.Set(time.Time{})
	c, err := p.make(ctx)
	if err != nil {
		return Content{}, fmt.Errorf("the sample content: %w", err)
	}
	p.Clock.Set(time.Time{})
	return c, p.keep(ctx, c)
}

func cmpContent(c *Content) *Content {
	if c == nil {
		return &Content{}
	}
	return c
}

func (p Parts) kept(ctx context.Context) (*Content, error) {
	sealed := ""
	if err := p.DB.Read(ctx, func(tx *db.Tx) (err error) {
		sealed, err = db.Setting(tx, contentSetting)
		return err
	}); err != nil || sealed == "" {
		return nil, err
	}
	plain, err := p.Ring.Open("setting/"+contentSetting, sealed)
	if err != nil {
		return nil, err
	}
	c := &Content{}
	return c, json.Unmarshal(plain, c)
}

func (p Parts) keep(ctx context.Context, c Content) error {
	plain, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return p.DB.Write(ctx, func(tx *db.Tx) error {
		return db.PutSetting(tx, contentSetting, p.Ring.Seal("setting/"+contentSetting, plain))
	})
}
