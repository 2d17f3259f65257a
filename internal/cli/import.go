package cli

import (
	"errors"
	"fmt"
	"os"

	"vestibule/internal/app"
	"vestibule/internal/config"
	"vestibule/internal/importer"
	"vestibule/internal/text"
)

type importCommand struct {
	All      importAll      `cmd:"" default:"withargs" help:"Take over organisations, contacts, subscriptions, resellers and accounts, all in one file."`
	Accounts importAccounts `cmd:"" help:"Take over the accounts of an earlier system, by the hundred thousand, with or without the hashes of their passwords."`
}

type importAll struct {
	configured
	DryRun bool     `help:"Report what would happen, and change nothing."`
	Files  []string `arg:"" name:"file" help:"CSV or JSON files (docs/import.md); - is standard input."`
}

// Run takes each file and reports what became of it.
func (c importAll) Run(s *session) error {
	words, err := text.Load(nil)
	if err != nil {
		return err
	}
	return s.open(c.configured, func(_ *config.Config, p *app.Portal) error {
		bad := 0
		for _, name := range c.Files {
			report, err := c.one(s, p, name)
			for _, f := range report.Faults {
				fmt.Fprintf(s.err, "%s:%d: %s\n", name, f.Line, told(words.For(text.English), f))
			}
			bad += len(report.Faults)
			for _, kind := range []importer.Kind{importer.Organization, importer.Reseller, importer.Contact, importer.Subscription, importer.Account} {
				if report.Made[kind]+report.Known[kind] > 0 {
					fmt.Fprintf(s.out, "%s: %-12s %6d new, %6d known already\n", name, kind, report.Made[kind], report.Known[kind])
				}
			}
			if err != nil {
				return fmt.Errorf("%s: %s", name, s.words(err))
			}
		}
		if c.DryRun {
			fmt.Fprintln(s.out, "This was a trial. Nothing was changed.")
		}
		if bad > 0 {
			return found{fmt.Errorf("not taken: %d. Correct these lines and import the file again: what was taken is known by then", bad)}
		}
		return nil
	})
}

func told(w *text.Words, f importer.Fault) string {
	said := inWords(w, f.Code, f.Field, f.Args)
	if f.Field == "" {
		return said
	}
	return f.Field + ": " + said
}

func (c importAll) one(s *session, p *app.Portal, name string) (importer.Report, error) {
	if name == "-" {
		return p.Importer.Import(s.ctx, s.in, c.DryRun)
	}
	f, err := os.Open(name)
	if err != nil {
		return importer.Report{}, err
	}
	report, err := p.Importer.Import(s.ctx, f, c.DryRun)
	return report, errors.Join(err, f.Close())
}
