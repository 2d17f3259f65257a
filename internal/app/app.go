// Package app builds the portal from a configuration, starts it and stops it.
//
// Everything that the portal is made of is made here once and handed to what
// needs it; no package keeps anything for itself. It is also where time comes
// in: all others are told the time by their transaction or by a function.
//
// A portal that New returns is whole: its database is open and fits, its keys
// are read, every word, template and route has been checked. What is wrong is
// told before the first visitor comes. Run serves until its context ends, lets
// what is under way finish, and returns.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"vestibule/internal/blob"
	"vestibule/internal/carrier"
	"vestibule/internal/chore"
	"vestibule/internal/config"
	"vestibule/internal/db"
	"vestibule/internal/message"
	"vestibule/internal/outbox"
	"vestibule/internal/password"
	"vestibule/internal/secret"
	"vestibule/internal/text"
	"vestibule/internal/web"
)

// demoSetting marks a database that holds sample content.
const demoSetting = "demo"

// ErrDemo is told where a database with sample content is to serve clients.
var ErrDemo = errors.New("the database holds the demo's sample content, whose passwords everybody can read. Use another database; `vestibule demo` goes on with this one")

// Options say how a portal is built. Config is needed; the zero value of each
// other field is what production uses.
type Options struct {
	Config  *config.Config
	Version string
	Log     *slog.Logger

	Now    func() time.Time // the clock
	Secret secret.Source    // chance
	Ring   *secret.Ring     // in place of the configured keys

	// Demo marks the database, keeps messages in an inbox instead of sending them, and
	// says so on every page.
	Demo bool

	// Tool says that the portal is built for a command that does not serve: it
	// works on a demo's database as well, and leaves the offered product as it is.
	Tool bool

	// Look says that a Tool only looks: it makes no database, no schema and no
	// keys, and refuses to work where the first two are not there.
	Look bool

	// Routes are further pages, such as the demo's.
	Routes func(*Portal) []web.Route

	// For tests: the cost of hashing, carriers in place of the configured ones,
	// and what happens at each commit.
	Params   password.Params
	Carriers map[carrier.Channel][]carrier.Carrier
	Crash    func(point string)
}

// A Portal is a whole portal that does not serve yet.
type Portal struct {
	Handler http.Handler
	Kit     *web.Kit
	DB      *db.DB
	Store   *blob.Store // of the releases' files
	Ring    *secret.Ring
	Outbox  *outbox.Outbox
	Writer  *message.Writer
	Chores  *chore.Runner
	Inbox   *carrier.Inbox // in the demo
	Services

	o       Options
	log     *slog.Logger
	metrics *metrics
}

// Clock is the time of day.
func Clock() time.Time { return time.Now() }

// New builds a portal. Its database is the caller's to close, by Close.
func New(ctx context.Context, o Options) (*Portal, error) {
	o = o.complete()
	c := o.Config
	ring, err := Keys(o)
	if err != nil {
		return nil, err
	}
	words, err := Words(c)
	if err != nil {
		return nil, err
	}
	d, err := OpenDatabase(ctx, o)
	if err != nil {
		return nil, err
	}
	p := &Portal{o: o, log: o.Log, DB: d, Ring: ring}
	if err := p.build(ctx, words); err != nil {
		_ = p.Close() // the first failure is the one to tell
		return nil, err
	}
	return p, nil
}

func (o Options) complete() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Secret == nil {
		o.Secret = secret.System{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

func (p *Portal) build(ctx context.Context, words *text.Catalogue) error {
	if err := p.prepare(ctx); err != nil {
		return err
	}
	var err error
	if p.Store, err = OpenFiles(ctx, p.o); err != nil {
		return err
	}
	p.metrics = newMetrics(p)
	if err := p.product(ctx); err != nil {
		return err
	}
	if err := p.messages(); err != nil {
		return err
	}
	if err := p.services(words); err != nil {
		return err
	}
	if err := p.signingKeys(ctx); err != nil {
		return err
	}
	if err := p.faces(words); err != nil {
		return err
	}
	p.Handler = p.metrics.measure(p.Kit)
	p.Chores = &chore.Runner{DB: p.DB, Secret: p.o.Secret, Log: p.log, Chores: p.chores(), Now: p.o.Now}
	p.Desk.Chores = p.Chores.Chores
	return nil
}

// Close gives the database and the files back.
func (p *Portal) Close() error {
	err := p.DB.Close()
	if p.Store != nil {
		err = errors.Join(err, p.Store.Close())
	}
	return err
}

// Keys reads the portal's keys, or makes the file on first start.
func Keys(o Options) (*secret.Ring, error) {
	o = o.complete()
	if o.Ring != nil {
		return o.Ring, nil
	}
	if o.Config.Keys != "" {
		return secret.ParseRing(o.Config.Keys, o.Secret)
	}
	if o.Look && missing(o.Config.KeysFile) {
		return secret.NewRing(o.Secret), nil
	}
	if err := folder(filepath.Dir(o.Config.KeysFile)); err != nil {
		return nil, err
	}
	return secret.LoadRing(o.Config.KeysFile, o.Secret)
}

// Words reads the catalogue with the vendor's own words over it.
func Words(c *config.Config) (*text.Catalogue, error) {
	var own = os.DirFS(c.Words)
	if c.Words == "" {
		own = nil
	}
	words, err := text.Load(own)
	if err != nil && c.Words != "" {
		err = fmt.Errorf("the words in %s: %w", c.Words, err)
	}
	if err != nil {
		return nil, err
	}
	return words.In(c.Office.Zone), nil
}

// folder makes a folder for its owner only.
func folder(name string) error {
	if err := os.MkdirAll(name, 0o700); err != nil {
		return fmt.Errorf("the folder %s cannot be made: %w", name, err)
	}
	return nil
}

func missing(name string) bool {
	_, err := os.Stat(name)
	return errors.Is(err, fs.ErrNotExist)
}

// OpenDatabase opens the configured database as it is.
func OpenDatabase(ctx context.Context, o Options) (*db.DB, error) {
	o = o.complete()
	url := o.Config.Database.URL
	if o.Config.Database.SQLite() {
		if o.Look && missing(url) {
			return nil, fmt.Errorf("there is no database %s: name the configuration that the portal serves with by --config, and VESTIBULE_DATA where it is set", url)
		}
		if err := folder(filepath.Dir(url)); err != nil {
			return nil, err
		}
	}
	d, err := db.Open(ctx, db.Options{URL: url, Now: o.Now, Crash: o.Crash})
	if err != nil {
		return nil, fmt.Errorf("the database %s: %w", db.SafeURL(url), err)
	}
	return d, nil
}

// prepare brings the schema up to date, unless another role does, and keeps
// sample content and clients apart.
func (p *Portal) prepare(ctx context.Context) error {
	c := p.o.Config
	if c.Database.MigrateURL == "" && !p.o.Look {
		if err := p.DB.Migrate(ctx); err != nil {
			return err
		}
	} else {
		s, err := p.DB.Schema(ctx)
		if err != nil {
			return err
		}
		if len(s.Pending) > 0 {
			return fmt.Errorf("the schema is at %d and this version needs %d: run `vestibule migrate` first", s.Have, s.Want)
		}
	}
	demo := false
	if err := p.DB.Read(ctx, func(tx *db.Tx) (err error) {
		demo, err = IsDemo(tx)
		return err
	}); err != nil {
		return err
	}
	if p.o.Demo {
		if demo {
			return nil
		}
		return p.DB.Write(ctx, func(tx *db.Tx) error { return db.PutSetting(tx, demoSetting, "yes") })
	}
	if demo && !p.o.Tool {
		return ErrDemo
	}
	return nil
}

// hasher is behind as many slots as there are cores, unless told otherwise.
func (p *Portal) hasher() *password.Hasher {
	slots := p.o.Config.Hashing.Slots
	if slots == 0 {
		slots = runtime.GOMAXPROCS(0)
	}
	return password.New(p.Ring, p.o.Secret, password.Options{Params: p.o.Params, Slots: slots, Queue: p.o.Config.Hashing.Queue})
}

// NewLog makes the log that the configuration asks for.
func NewLog(c *config.Config, to io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(strings.ToUpper(c.Log.Level))); err != nil {
		level = slog.LevelInfo
	}
	o := &slog.HandlerOptions{Level: level}
	if c.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(to, o))
	}
	return slog.New(slog.NewTextHandler(to, o))
}
