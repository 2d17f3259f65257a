package cli

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"vestibule/internal/app"
	"vestibule/internal/config"
	"vestibule/internal/demo"
	"vestibule/internal/fault"
	"vestibule/internal/secret"
	"vestibule/internal/web"
)

type demoCommand struct {
	Listen string `help:"Address and port. Beyond loopback the demo serves https with its own certificate, and its inbox wants a token." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	Data   string `help:"Folder of the demo. A second start goes on with what is there." default:"vestibule-demo" placeholder:"FOLDER" type:"path"`
	JSON   bool   `help:"Print one line of JSON for programs, once the portal answers."`
}

// printed is the line of --json.
type printed struct {
	URL    string `json:"url"`
	Inbox  string `json:"inbox"`
	Office string `json:"office"`
	demo.Content
}

// options are the demo's, under what the environment says. Its office never
// closes, so that the queue shows every state of due at any time of day.
func (c demoCommand) options(s *session, base string) (*config.Config, error) {
	env := config.Environment{
		"VESTIBULE_LISTEN=" + c.Listen, "VESTIBULE_DATA=" + c.Data, "VESTIBULE_BASE_URL=" + base, "VESTIBULE_LOG_LEVEL=warn",
		"VESTIBULE_VENDOR_NAME=Northwind Conferencing", "VESTIBULE_VENDOR_LEGAL=Northwind Conferencing Ltd, 14 Wharf Lane, Bristol, United Kingdom",
		"VESTIBULE_VENDOR_SUPPORT_PHONE=+44 1632 960182", "VESTIBULE_VENDOR_SUPPORT_EMAIL=help@northwind.example",
		"VESTIBULE_VENDOR_SECURITY_EMAIL=security@northwind.example",
		"VESTIBULE_VENDOR_SUPPORT_HOURS_EN=at any hour", "VESTIBULE_VENDOR_SUPPORT_HOURS_DE=rund um die Uhr",
		"VESTIBULE_PRODUCT_NAME=Meeting Add-On for GroupWise", "VESTIBULE_PRODUCT_PREFIX=MAG", "VESTIBULE_PRODUCT_CODE=meeting-add-on",
		"VESTIBULE_OFFICE_HOURS=Sun-Sat 00:00-24:00", "VESTIBULE_OUTBOX_MODE=hold",
	}
	return config.Load(os.DevNull, append(env, s.env...))
}

// Run starts the demo.
func (c demoCommand) Run(s *session) error {
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return usage("--listen %s is no address with a port: write 127.0.0.1:8080", c.Listen)
	}
	clock, chance := demo.NewClock(app.Clock), secret.System{}
	inbox := &demo.Inbox{}
	named := host
	if host == "127.0.0.1" {
		named = "localhost" // to a number no browser makes a passkey
	}
	base, open := "http://"+net.JoinHostPort(named, port), !config.Loopback(host)
	if open {
		if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
			if host, err = os.Hostname(); err != nil {
				return err
			}
		}
		base = "https://" + net.JoinHostPort(host, port)
		inbox.Token = chance.Token()
	}
	cfg, err := c.options(s, base)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return err
	}
	var certificate *tls.Certificate
	if open {
		made, err := demo.Certificate(c.Data, host, chance, clock.Now())
		if err != nil {
			return err
		}
		certificate = &made
	}
	l, err := app.Listen(s.ctx, cfg)
	if err != nil {
		return listening(c.Listen, err)
	}
	p, err := app.New(s.ctx, app.Options{
		Config: cfg, Version: version(), Log: app.NewLog(cfg, s.err), Now: clock.Now, Demo: true, Crash: s.crash(),
		Routes: func(p *app.Portal) []web.Route {
			inbox.Carrier = p.Inbox
			return append(inbox.Routes(), web.Gallery(append(app.Samples(), demo.Pages()...))...)
		},
	})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	content, err := demo.Fill(s.ctx, demo.Parts{
		Clock: clock, DB: p.DB, Ring: p.Ring, Secret: chance, Inbox: p.Inbox, Deliver: p.Outbox.Deliver,
		Access: p.Access, Staff: p.Staff, SignIn: p.SignIn, Importer: p.Importer, License: p.Services.License, Release: p.Services.Release, Passwords: p.Passwords, Terms: p.SignIn.Terms,
		Product: cfg.Product.Code,
	})
	if fault.Code(err, "demo-unfinished") {
		err = fmt.Errorf("the folder %s holds a demo that was interrupted while it was made: delete the folder and start again", c.Data)
	}
	if err != nil {
		return errors.Join(err, l.Close(), p.Close())
	}
	out := printed{URL: cfg.BaseURL, Inbox: inbox.Address(cfg.BaseURL), Office: cfg.BaseURL + "/office", Content: content}
	if err := c.print(s, out); err != nil {
		return errors.Join(err, l.Close(), p.Close())
	}
	return errors.Join(p.Run(s.ctx, l, certificate), p.Close())
}

// print tells where everything is. The listener is open by then: whoever reads
// the line can connect.
func (c demoCommand) print(s *session, out printed) error {
	if c.JSON {
		return json.NewEncoder(s.out).Encode(out)
	}
	t := tabwriter.NewWriter(s.out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(t, "\nThe demo of Northwind Conferencing is open.\n\n")
	fmt.Fprintf(t, "  Portal\t%s\n  Back office\t%s\n  Inbox\t%s\n  Every page\t%s/dev/gallery\n", out.URL, out.Office, out.Inbox, out.URL)
	fmt.Fprintf(t, "\nStaff (sign in at the back office; the authenticator app takes the setup key)\n\n")
	for _, m := range out.Staff {
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\n", m.UserID, m.Password, m.TOTPSecret, strings.Join(m.Roles, ", "))
	}
	fmt.Fprintf(t, "\nClients (sign in at %s/sign-in)\n\n", out.URL)
	for _, m := range out.Clients {
		fmt.Fprintf(t, "  %s\t%s\t%s\n", m.UserID, m.Password, m.Standing)
	}
	x := out.Samples
	fmt.Fprintf(t, "\nPeople to try the guide with\n\n")
	fmt.Fprintf(t, "  Subscriber\t%s\tregisters at once, no request needed\n", x.Subscriber.Email)
	fmt.Fprintf(t, "  Reseller\t%s\tregisters at once, no request needed\n", x.Reseller.Email)
	fmt.Fprintf(t, "  Beta tester\t%s\thas the UserID %s and an expired password\n", x.BetaTester.Email, x.BetaTester.UserID)
	fmt.Fprintf(t, "\nEverything is kept in %s. Ctrl-C stops the demo.\n\n", filepath.Clean(c.Data))
	return t.Flush()
}
