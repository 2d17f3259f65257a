package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"vestibule/internal/app"
	"vestibule/internal/audit"
	"vestibule/internal/config"
)

type auditCommand struct {
	Verify auditVerify `cmd:"" help:"Read the whole trail and report what was changed, is missing or stands in the wrong place."`
}

type auditVerify struct{ configured }

// Run verifies the chain, and against the heads that were signed every day.
func (c auditVerify) Run(s *session) error {
	return s.look(c.configured, func(_ *config.Config, p *app.Portal) error {
		report, err := audit.Verify(s.ctx, p.DB)
		if err != nil {
			return err
		}
		problems := report.Problems
		f, err := os.Open(p.HeadsFile())
		switch {
		case errors.Is(err, fs.ErrNotExist):
			fmt.Fprintln(s.out, "No signed heads yet: the portal signs one a day while it serves.")
		case err != nil:
			return err
		default:
			more, err := audit.VerifyHeads(s.ctx, p.DB, p.Ring, f)
			if err := errors.Join(err, f.Close()); err != nil {
				return err
			}
			problems = append(problems, more...)
		}
		for _, one := range problems {
			fmt.Fprintln(s.err, one)
		}
		if len(problems) > 0 {
			return found{fmt.Errorf("the audit trail was tampered with or damaged: keep the database as it is, and compare it with your backups")}
		}
		fmt.Fprintf(s.out, "%d events, all as they were written.\n", report.Events)
		return nil
	})
}
