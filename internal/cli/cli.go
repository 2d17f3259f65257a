// Package cli is the command line: how the portal is started, looked after and
// taken care of by its operator.
//
// A command does one thing, prints what it did to standard output, and tells
// what went wrong on standard error in plain words with the next step. The exit
// code says how it went: 0 done; 1 it did not work; 2 the command line or the
// configuration is wrong; 3 a check (doctor, audit verify, import) found
// something. Secrets come from files or the environment, never from flags.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"sort"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"vestibule/internal/app"
	"vestibule/internal/config"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/text"
)

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	exitFound  = 3
)

// commands is the command line as a whole; each command is a type of its own
// with a Run method.
type commands struct {
	Demo    demoCommand    `cmd:"" help:"Start a portal with sample content, and an inbox that shows what it would have sent."`
	Serve   serveCommand   `cmd:"" help:"Start the portal."`
	Migrate migrateCommand `cmd:"" help:"Bring the database's schema up to date."`
	Import  importCommand  `cmd:"" help:"Take over organisations, contacts, subscriptions, resellers and accounts."`
	Staff   staffCommand   `cmd:"" help:"Add members of staff, or give one a new link."`
	Outbox  outboxCommand  `cmd:"" help:"Look after messages that have not left."`
	License licenseCommand `cmd:"" help:"Look after what signs licence files."`
	Release releaseCommand `cmd:"" help:"Publish releases of the product, list and withdraw them."`
	Terms   termsCommand   `cmd:"" help:"Show the Terms and Conditions, and export who accepted them."`
	Audit   auditCommand   `cmd:"" help:"Check the audit trail."`
	Config  configCommand  `cmd:"" help:"Check the configuration, or describe every option."`
	Policy  policyCommand  `cmd:"" help:"Say which requirements of OWASP ASVS 5.0 your settings leave unmet."`
	Doctor  doctorCommand  `cmd:"" help:"Check the whole installation, and say what to do where something is wrong."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

// configured is what commands have in common that work on an installation.
type configured struct {
	Config string `help:"Configuration file. Default: vestibule.toml in this folder, where there is one." short:"c" placeholder:"FILE" type:"path"`
}

// A session is one run of the command line: where it reads and writes.
type session struct {
	ctx context.Context
	in  io.Reader
	out io.Writer
	err io.Writer
	env config.Environment
}

// found ends a check that was made and found something.
type found struct{ error }

// misused is a command line that says what cannot be.
type misused struct{ error }

func usage(format string, args ...any) error { return misused{fmt.Errorf(format, args...)} }

// ended is how kong's own exits (help, version) come back.
type ended int

// Run runs one command line and returns the exit code. SIGINT and SIGTERM end
// it in order; a second one ends it at once.
func Run(args []string, in io.Reader, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return run(&session{ctx: ctx, in: in, out: out, err: errOut, env: config.Process()}, args)
}

func run(s *session, args []string) (code int) {
	var c commands
	defer func() {
		if p := recover(); p != nil {
			e, ok := p.(ended)
			if !ok {
				panic(p)
			}
			code = int(e)
		}
	}()
	parser, err := kong.New(&c,
		kong.Name("vestibule"), kong.Vars{"roles": roleHelp},
		kong.Description("A self-hosted client portal for software vendors.\n\nWithout a configuration, serve is a working portal on loopback; demo is one with sample content."),
		kong.Writers(s.out, s.err),
		kong.Exit(func(code int) { panic(ended(code)) }),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true}),
	)
	if err != nil {
		return s.fail(err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	k, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(s.err, "vestibule: %s. See `vestibule --help`.\n", strings.TrimSuffix(err.Error(), "."))
		return exitUsage
	}
	if err := k.Run(s); err != nil {
		return s.fail(err)
	}
	return exitDone
}

// fail tells a failure in words and returns the exit code for it.
func (s *session) fail(err error) int {
	if problems, ok := errors.AsType[config.Problems](err); ok {
		fmt.Fprintf(s.err, "The configuration does not work:\n")
		for _, p := range problems {
			fmt.Fprintf(s.err, "  %s\n", p)
		}
		return exitUsage
	}
	if f, ok := errors.AsType[found](err); ok {
		if f.error != nil {
			fmt.Fprintln(s.err, f.Error())
		}
		return exitFound
	}
	fmt.Fprintf(s.err, "vestibule: %s\n", s.words(err))
	if _, ok := errors.AsType[misused](err); ok {
		return exitUsage
	}
	return exitFailed
}

// words tells a failure as a person reads it: a fault by its words in the
// catalogue, anything else as it is, since the operator may see the cause.
func (s *session) words(err error) string {
	if errors.Is(err, db.ErrSchema) {
		return err.Error() + ". Use the newest version that this database has seen, or restore a backup that fits this one."
	}
	e, ok := errors.AsType[*fault.Error](err)
	if !ok || e.Kind == fault.Internal {
		return err.Error()
	}
	words, loadErr := text.Load(nil)
	if loadErr != nil {
		return err.Error()
	}
	w := words.For(text.English)
	list := e.Fields
	if len(list) == 0 {
		list = []*fault.Error{e}
	}
	var lines []string
	for _, one := range list {
		lines = append(lines, inWords(w, one.Code, one.Field, one.Args))
	}
	return strings.Join(lines, "\n")
}

func inWords(w *text.Words, code, field string, args map[string]string) string {
	names := make([]string, 0, len(args))
	for name := range args {
		names = append(names, name)
	}
	sort.Strings(names)
	pairs := make([]any, 0, 2*len(args))
	for _, name := range names {
		pairs = append(pairs, name, args[name])
	}
	if key := "field." + field + "." + code; field != "" && w.Has(key) {
		return w.T(key, pairs...)
	}
	return w.T("fault."+code, pairs...)
}

// load reads the configuration.
func (s *session) load(c configured) (*config.Config, error) { return config.Load(c.Config, s.env) }

// open builds the portal of a configuration without serving it, does f, and
// closes it.
func (s *session) open(c configured, f func(*config.Config, *app.Portal) error) error {
	return s.build(c, app.Options{Tool: true}, f)
}

// look is open for a command that only looks: it makes and changes nothing.
func (s *session) look(c configured, f func(*config.Config, *app.Portal) error) error {
	return s.build(c, app.Options{Tool: true, Look: true}, f)
}

func (s *session) build(c configured, o app.Options, f func(*config.Config, *app.Portal) error) error {
	cfg, err := s.load(c)
	if err != nil {
		return err
	}
	o.Config, o.Version, o.Log = cfg, version(), app.NewLog(cfg, s.err)
	if o.Now == nil {
		o.Now = s.clock()
	}
	p, err := app.New(s.ctx, o)
	if err != nil {
		return err
	}
	return errors.Join(f(cfg, p), p.Close())
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(s *session) error {
	fmt.Fprintln(s.out, "vestibule "+version())
	return nil
}

// version is what the binary was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v, revision, changed := info.Main.Version, "", ""
	for _, one := range info.Settings {
		switch one.Key {
		case "vcs.revision":
			revision = one.Value[:min(12, len(one.Value))]
		case "vcs.modified":
			if one.Value == "true" {
				changed = "+changes"
			}
		}
	}
	if v == "" || v == "(devel)" {
		v = "development"
		if revision != "" {
			v += " " + revision + changed
		}
	}
	return v
}
