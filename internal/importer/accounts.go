package importer

import (
	"context"
	"errors"
	"hash/maphash"
	"io"
	"slices"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/fault"
)

// A Result is what becomes of a line.
type Result string

// The results.
const (
	Make   Result = "make"
	Same   Result = "same" // there is this account already, and it stays as it is
	Refuse Result = "refuse"
)

// A Line says what became of one line of a file of accounts.
type Line struct {
	Fault          // of a refused line, the first; Line is the number in any case
	Also   []Fault // what else is wrong with it
	UserID string  // as the file has it; "" where it could not be read
	Result Result
}

// Counts say what became of a file of accounts as a whole.
type Counts struct{ Lines, Made, Same, Refused int }

func (c *Counts) add(r Result) {
	c.Lines++
	switch r {
	case Make:
		c.Made++
	case Same:
		c.Same++
	default:
		c.Refused++
	}
}

// AccountsOptions say how a file of accounts is taken.
type AccountsOptions struct {
	Format Format
	Dry    bool             // look, and change nothing
	Each   func(Line) error // is told of each line, in order, once it is settled; its error ends the import
}

// Accounts takes a file of accounts and nothing else, line by line: the memory
// it needs does not grow with the file (a dry run remembers 32 bytes of each line).
// Some hundred lines are one transaction, so that nobody waits for long and an
// import that was stopped goes on when it is started again: what was taken is the
// same by then. A dry run holds no lock at all. A file without the columns of
// accounts is Invalid; a fault of the database ends the import, and Counts say
// what was settled until then.
func (s *Service) Accounts(ctx context.Context, in io.Reader, o AccountsOptions) (Counts, error) {
	var counts Counts
	lines, err := newLines(in, o.Format)
	if err != nil {
		return counts, err
	}
	seen := &seen{seed: maphash.MakeSeed(), users: map[uint64]uint64{}, emails: map[uint64]uint64{}}
	for part := make([]entry, 0, batch); ; part = part[:0] {
		ended := false
		for len(part) < batch {
			e, err := lines.next()
			if errors.Is(err, io.EOF) {
				ended = true
				break
			}
			if err != nil {
				return counts, err
			}
			part = append(part, e)
		}
		settled, err := s.settle(ctx, part, o.Dry, seen)
		if err != nil {
			return counts, err
		}
		for _, l := range settled {
			counts.add(l.Result)
			if o.Each != nil {
				if err := o.Each(l); err != nil {
					return counts, err
				}
			}
		}
		if ended {
			return counts, nil
		}
	}
}

// settle decides some lines in one transaction.
func (s *Service) settle(ctx context.Context, part []entry, dry bool, seen *seen) (settled []Line, err error) {
	if len(part) == 0 {
		return nil, nil
	}
	all := func(one func(*db.Tx, record) (Result, error)) func(*db.Tx) error {
		return func(tx *db.Tx) error {
			settled = make([]Line, 0, len(part))
			for _, e := range part {
				l, err := e.settle(tx, s, one)
				if err != nil {
					return err
				}
				settled = append(settled, l)
			}
			return nil
		}
	}
	if !dry {
		err = s.DB.Write(ctx, all(func(tx *db.Tx, r record) (Result, error) {
			made, err := s.account(tx, r)
			if made {
				return Make, err
			}
			return Same, err
		}))
		return settled, err
	}
	// Read has no second go, so what is remembered of a line is remembered once.
	err = s.DB.Read(ctx, all(func(tx *db.Tx, r record) (Result, error) {
		p, err := s.plan(tx, r)
		if err != nil || p.known {
			return Same, err
		}
		return seen.before(p.account)
	}))
	return settled, err
}

// settle decides one line. What is wrong with it is part of the result; only a
// fault of ours is returned.
func (e entry) settle(tx *db.Tx, s *Service, decide func(*db.Tx, record) (Result, error)) (Line, error) {
	l := Line{Fault: Fault{Line: e.line}, UserID: e.get("user_id"), Result: Refuse}
	if e.fault != nil {
		l.Fault = *e.fault
		return l, nil
	}
	if len(e.wrong) > 0 {
		_, more := s.person(e.record)
		l.Fault, l.Also = e.wrong[0], slices.Clone(e.wrong[1:])
		for _, f := range more {
			if !slices.ContainsFunc(e.wrong, func(w Fault) bool { return w.Field == f.Field }) {
				l.Also = append(l.Also, Fault{Line: e.line, Field: f.Field, Code: f.Code, Args: f.Args})
			}
		}
		return l, nil
	}
	result, err := decide(tx, e.record)
	if err == nil {
		l.Result = result
		return l, nil
	}
	f := fault.From(err)
	if f.Kind == fault.Internal || f.Kind == fault.Unavailable {
		return l, err
	}
	l.Fault = Fault{Line: e.line, Field: f.Field, Code: f.Code, Args: f.Args}
	for _, also := range f.Fields[min(1, len(f.Fields)):] {
		l.Also = append(l.Also, Fault{Line: e.line, Field: also.Field, Code: also.Code, Args: also.Args})
	}
	return l, nil
}

// seen is what a dry run remembers of the lines before: the accounts that they
// would have made.
type seen struct {
	seed          maphash.Seed
	users, emails map[uint64]uint64 // hash of the one to hash of the other
}

func (s *seen) before(a account.Account) (Result, error) {
	user, email := maphash.String(s.seed, account.UserIDKey(a.UserID)), maphash.String(s.seed, a.EmailKey)
	other, taken := s.users[user]
	switch {
	case taken && other == email:
		return Same, nil
	case taken:
		return Refuse, fault.OnField("user_id", "import-user-id-taken").With("user_id", a.UserID)
	}
	if _, taken := s.emails[email]; taken {
		return Refuse, fault.OnField("email", "import-email-repeated")
	}
	s.users[user], s.emails[email] = email, user
	return Make, nil
}
