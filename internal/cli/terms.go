package cli

import (
	"encoding/json"
	"fmt"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/app"
	"vestibule/internal/config"
	"vestibule/internal/db"
	"vestibule/internal/staff"
)

type termsCommand struct {
	List   termsList   `cmd:"" help:"List the terms in force and to come, and how many have accepted them."`
	Export termsExport `cmd:"" help:"Write out who accepted which text, when and from where, as JSON lines."`
}

type termsList struct{ configured }

// Run lists the versions.
func (c termsList) Run(s *session) error {
	return s.look(c.configured, func(_ *config.Config, p *app.Portal) error {
		_, terms, err := p.Desk.Upkeep(s.ctx)
		if err != nil {
			return err
		}
		for _, v := range terms {
			since := "always"
			if !v.Since.IsZero() {
				since = "in force from " + v.Since.Format(time.DateOnly)
			}
			fmt.Fprintf(s.out, "%-14s %-26s %6d accepted, %6d outstanding", v.Version, since, v.Accepted, v.Outstanding)
			if !v.GraceEnds.IsZero() {
				fmt.Fprintf(s.out, "; can be put off until %s", v.GraceEnds.Format(time.DateOnly))
			}
			fmt.Fprintln(s.out)
		}
		return nil
	})
}

type termsExport struct {
	configured
	Account string `help:"Of this UserID or e-mail address alone." placeholder:"LOGIN"`
}

// An acceptance is one line of the export. Text has the very words; whole says that they still have the hash that was kept with
// the acceptance.
type acceptance struct {
	UserID     string    `json:"user_id"`
	Email      string    `json:"email"`
	Name       string    `json:"name"`
	Version    string    `json:"version"`
	Lang       string    `json:"lang"`
	AcceptedAt time.Time `json:"accepted_at"`
	Address    string    `json:"address"`
	TextHash   string    `json:"text_hash"`
	Whole      bool      `json:"whole"`
	Text       string    `json:"text"`
}

// Run writes the lines.
func (c termsExport) Run(s *session) error {
	return s.open(c.configured, func(_ *config.Config, p *app.Portal) error {
		id := ""
		if c.Account != "" {
			err := p.DB.Read(s.ctx, func(tx *db.Tx) error {
				a, err := account.FindByLogin(tx, c.Account)
				id = a.ID
				return err
			})
			if err != nil {
				return fmt.Errorf("nobody has the UserID or e-mail address %s", c.Account)
			}
		}
		broken, out := 0, json.NewEncoder(s.out)
		err := p.Desk.Evidence(s.ctx, id, func(e staff.Evidence) error {
			if !e.Whole {
				broken++
			}
			return out.Encode(acceptance{
				UserID: e.UserID, Email: e.Email, Name: e.Name, Version: e.Version, Lang: e.Lang, AcceptedAt: e.AcceptedAt.UTC(),
				Address: e.Address, TextHash: e.TextHash, Whole: e.Whole, Text: e.Text,
			})
		})
		if err == nil && broken > 0 {
			err = found{fmt.Errorf("%d of the kept texts do not have the hash that was kept with the acceptance: compare the database with your backups", broken)}
		}
		return err
	})
}
