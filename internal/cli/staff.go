package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"vestibule/internal/app"
	"vestibule/internal/config"
	"vestibule/internal/fault"
	"vestibule/internal/staff"
)

type staffCommand struct {
	Add    staffAdd    `cmd:"" help:"Add a member of staff, and print the link by which the person sets the account up."`
	Reset  staffReset  `cmd:"" help:"Take password and authenticator away, and print a new link."`
	List   staffList   `cmd:"" help:"List the members of staff."`
	Roles  staffRoles  `cmd:"" help:"Give a member of staff other roles."`
	Remove staffRemove `cmd:"" help:"End somebody's being staff; the account is disabled."`
}

// roleHelp says what --role takes.
const roleHelp = "approver, helpdesk, release-manager, auditor or administrator; may be repeated."

func readRoles(names []string) ([]staff.Role, error) {
	var roles []staff.Role
	for _, name := range names {
		r, ok := staff.ParseRole(strings.ToLower(name))
		if !ok {
			return nil, usage("there is no role %q: choose approver, helpdesk, release-manager, auditor or administrator", name)
		}
		roles = append(roles, r)
	}
	return roles, nil
}

type staffAdd struct {
	configured
	Email  string   `arg:"" help:"E-mail address."`
	First  string   `help:"First name." required:"" placeholder:"NAME"`
	Last   string   `help:"Last name." required:"" placeholder:"NAME"`
	Role   []string `help:"${roles}" required:"" placeholder:"ROLE"`
	UserID string   `help:"UserID. Default: made from the name." name:"user-id" placeholder:"USERID"`
	Lang   string   `help:"Language: en or de." enum:"en,de" default:"en"`
}

// Run adds a member of staff. The link is shown here and nowhere else.
func (c staffAdd) Run(s *session) error {
	roles, err := readRoles(c.Role)
	if err != nil {
		return err
	}
	return s.open(c.configured, func(cfg *config.Config, p *app.Portal) error {
		inv, err := p.Staff.Add(s.ctx, staff.New{
			UserID: c.UserID, Email: c.Email, FirstName: c.First, LastName: c.Last, Lang: c.Lang, Roles: roles,
		})
		if err != nil {
			return c.taken(s, p, err)
		}
		s.invitation(cfg, inv)
		return nil
	})
}

// taken says whose the address is that has an account, and what to do then.
func (c staffAdd) taken(s *session, p *app.Portal, err error) error {
	if !fault.Code(err, "email-taken") {
		return err
	}
	all, listErr := p.Staff.List(s.ctx)
	if listErr != nil {
		return listErr
	}
	for _, m := range all {
		if strings.EqualFold(m.Email, strings.TrimSpace(c.Email)) {
			return fmt.Errorf("%s is of the staff already, as %s: `vestibule staff reset %s` prints a new link, `vestibule staff roles %s` gives other roles", c.Email, m.UserID, m.UserID, m.UserID)
		}
	}
	return fmt.Errorf("%s has a client's account, or had one: give another address, since the two are kept apart", c.Email)
}

type staffReset struct {
	configured
	Login string `arg:"" help:"UserID or e-mail address."`
}

// Run takes password and authenticator away.
func (c staffReset) Run(s *session) error {
	return s.open(c.configured, func(cfg *config.Config, p *app.Portal) error {
		inv, err := p.Staff.Reset(s.ctx, c.Login)
		if err != nil {
			return known(err, c.Login)
		}
		s.invitation(cfg, inv)
		return nil
	})
}

// known says who there is where somebody was named who is not staff.
func known(err error, login string) error {
	if fault.Is(err, fault.NotFound) {
		return fmt.Errorf("nobody of the staff is called %s: `vestibule staff list` shows who there is", login)
	}
	return err
}

func (s *session) invitation(cfg *config.Config, inv staff.Invitation) {
	fmt.Fprintf(s.out, "%s sets the account up here, once, until %s:\n\n  %s%s%s\n\nHand the link over in person: it is shown here only, and opens the back office.\n",
		inv.UserID, inv.Until.In(cfg.Office.Zone).Format("15:04 MST"), cfg.BaseURL, staff.EnrolPath, inv.Token)
}

type staffList struct{ configured }

// Run lists the members of staff.
func (c staffList) Run(s *session) error {
	return s.look(c.configured, func(_ *config.Config, p *app.Portal) error {
		all, err := p.Staff.List(s.ctx)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			fmt.Fprintln(s.out, "No staff yet: `vestibule staff add` adds the first.")
			return nil
		}
		t := tabwriter.NewWriter(s.out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(t, "USERID\tNAME\tE-MAIL\tROLES\tADDED\tSET UP")
		for _, m := range all {
			var roles []string
			for _, r := range m.Roles {
				roles = append(roles, string(r))
			}
			set := "no"
			if m.Enrolled {
				set = "yes"
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", m.UserID, m.Name, m.Email, strings.Join(roles, ", "), m.AddedAt.Format(time.DateOnly), set)
		}
		return t.Flush()
	})
}

type staffRoles struct {
	configured
	Login string   `arg:"" help:"UserID or e-mail address."`
	Role  []string `help:"${roles}" required:"" placeholder:"ROLE"`
}

// Run gives other roles; the person's sessions end.
func (c staffRoles) Run(s *session) error {
	roles, err := readRoles(c.Role)
	if err != nil {
		return err
	}
	return s.open(c.configured, func(_ *config.Config, p *app.Portal) error {
		if err := p.Staff.SetRoles(s.ctx, c.Login, roles); err != nil {
			return known(err, c.Login)
		}
		fmt.Fprintln(s.out, "The roles are changed, and the person is signed out.")
		return nil
	})
}

type staffRemove struct {
	configured
	Login string `arg:"" help:"UserID or e-mail address."`
}

// Run ends somebody's being staff.
func (c staffRemove) Run(s *session) error {
	return s.open(c.configured, func(_ *config.Config, p *app.Portal) error {
		if err := p.Staff.Remove(s.ctx, c.Login); err != nil {
			return known(err, c.Login)
		}
		fmt.Fprintln(s.out, "The account is disabled, and the person is signed out.")
		return nil
	})
}
