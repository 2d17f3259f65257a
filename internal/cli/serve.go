package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"syscall"
	"time"

	"vestibule/internal/app"
	"vestibule/internal/config"
	"vestibule/internal/db"
)

type serveCommand struct{ configured }

// Run serves until it is told to stop.
func (c serveCommand) Run(s *session) error {
	cfg, err := s.load(c.configured)
	if err != nil {
		return err
	}
	log := app.NewLog(cfg, s.err)
	l, err := app.Listen(s.ctx, cfg)
	if err != nil {
		return listening(cfg.Listen, err)
	}
	p, err := app.New(s.ctx, app.Options{Config: cfg, Version: version(), Log: log, Now: s.clock(), Crash: s.crash()})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	for _, note := range cfg.Notes() {
		log.Warn(note)
	}
	log.Info("the portal is open", slog.String("address", cfg.BaseURL), slog.String("listens", l.Addr().String()), slog.String("version", version()))
	err = p.Run(s.ctx, l, nil)
	log.Info("the portal is closed")
	return errors.Join(err, p.Close())
}

// listening says what to do about an address that cannot be had.
func listening(address string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s is taken by another program: stop it, or choose another address with listen", address)
	}
	return fmt.Errorf("%s cannot be listened on: %w", address, err)
}

// clock is the machine's, or ahead of it where a test wants a lease or a limit
// to have run out.
func (s *session) clock() func() time.Time {
	shift := config.ClockShift(s.env)
	return func() time.Time { return app.Clock().Add(shift) }
}

// crash ends the process at the commit that a crash test names, as a power cut
// would; it is nil without one.
func (s *session) crash() func(string) {
	side, commit := config.CrashPoint(s.env)
	if commit == 0 {
		return nil
	}
	var seen atomic.Int64
	return func(point string) {
		if point == side && seen.Add(1) == int64(commit) {
			_ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL) // cannot be refused
			select {}
		}
	}
}

type migrateCommand struct {
	configured
}

// Run brings the schema up to date, as the role that owns the tables where the
// configuration names one.
func (c migrateCommand) Run(s *session) error {
	cfg, err := s.load(c.configured)
	if err != nil {
		return err
	}
	if cfg.Database.MigrateURL != "" {
		cfg.Database.URL = cfg.Database.MigrateURL
	}
	d, err := app.OpenDatabase(s.ctx, app.Options{Config: cfg})
	if err != nil {
		return err
	}
	if err := d.Migrate(s.ctx); err != nil {
		return errors.Join(err, d.Close())
	}
	state, err := d.Schema(s.ctx)
	if err != nil {
		return errors.Join(err, d.Close())
	}
	fmt.Fprintf(s.out, "%s: the schema is at %d, which is what this version needs.\n", db.SafeURL(cfg.Database.URL), state.Have)
	return d.Close()
}

type configCommand struct {
	Check    configCheck    `cmd:"" help:"Check the configuration and say what is wrong with it."`
	Describe configDescribe `cmd:"" help:"Describe every option."`
}

type configCheck struct{ configured }

// Run checks the configuration.
func (c configCheck) Run(s *session) error {
	cfg, err := s.load(c.configured)
	if err != nil {
		return err
	}
	for _, note := range cfg.Notes() {
		fmt.Fprintln(s.out, "Note: "+note)
	}
	fmt.Fprintln(s.out, "The configuration works.")
	return nil
}

type configDescribe struct {
	Markdown bool `help:"As docs/options.md."`
}

// Run describes the options.
func (c configDescribe) Run(s *session) error {
	if c.Markdown {
		fmt.Fprint(s.out, config.Markdown())
		return nil
	}
	fmt.Fprint(s.out, config.Text())
	return nil
}
