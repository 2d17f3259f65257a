package recovery

import (
	"context"
	"slices"
	"strings"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/flow"
	"vestibule/internal/text"
)

// Current returns where the ticket's recovery stands; Gone "flow-gone" without
// one: then the first page is shown.
func (s *Service) Current(ctx context.Context, t Ticket) (v View, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		f, who, err := s.load(tx, t)
		if err != nil {
			return err
		}
		v, err = s.view(tx, f, who)
		return err
	})
	return v, err
}

func (s *Service) view(tx *db.Tx, f *recovery, who person) (View, error) {
	d, at := f.Data, Step(f.Step)
	v := View{
		Step: at, Means: d.Means, Held: d.Held, CodeLife: rule(d.Means).Life, LinkLife: s.Settings.Link,
		Wait: max(0, d.sent(d.Means).NextAt.Sub(tx.Now())), Forgotten: d.Forgotten, Reference: reference(f.ID), EndsAt: f.ExpiresAt,
	}
	if len(d.Proved) == 0 {
		v.Login = d.Typed
		for _, m := range s.means() {
			if m != d.Means {
				v.Offers = append(v.Offers, Offer{Means: m})
			}
		}
		return v, nil
	}
	v.UserID = who.UserID
	fs, err := s.facts(tx, f, who.Account)
	if err != nil {
		return View{}, err
	}
	v.Legacy = fs.Legacy || at == Done && who.Incomplete
	switch at {
	case Password, Done:
		v.Email, v.Passkeys = who.Email, at == Done && slices.Contains(fs.Has, Passkey)
	case Questions:
		v.TriesLeft = triesARecovery - d.Tries
		all, err := s.asked(tx, who.ID)
		for _, q := range all {
			v.Questions = append(v.Questions, account.Question{Question: q.Question, Own: q.Own})
		}
		return v, err
	case Second, SecondCode:
		for _, m := range fs.left() {
			v.Offers = append(v.Offers, Offer{Means: m, To: masked(who.Account, m)})
		}
		v.To = masked(who.Account, d.Means)
	}
	return v, nil
}

// reference is by what the helpdesk finds a recovery in the trail.
func reference(id string) string { return strings.ToUpper(id[max(0, len(id)-referenceLength):]) }

const referenceLength = 8

func masked(a account.Account, m Means) string {
	switch m {
	case Email:
		return account.MaskEmail(a.Email)
	case SMS:
		return account.MaskMobile(a.Mobile)
	}
	return ""
}

// load returns the ticket's recovery and whom it is about. While nothing is
// proved, a recovery of an account that has changed is about nobody, and its
// holder sees no difference; later it is Gone.
func (s *Service) load(tx *db.Tx, t Ticket) (*recovery, person, error) {
	f, err := flow.Load[data](tx, kind, t)
	if err != nil {
		return nil, person{}, err
	}
	who := person{key: f.Data.Login, lang: f.Data.Lang, known: f.Data.Known}
	a, err := account.Get(tx, f.Subject)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return nil, who, err
	}
	void := err != nil || fingerprint(a) != f.Data.Mark
	if len(f.Data.Proved) > 0 {
		if void {
			return nil, who, fault.New(fault.Gone, "flow-gone")
		}
	} else if void {
		f.Subject = ""
		return f, who, nil
	}
	who.Account, who.ok = a, true
	return f, who, nil
}

// facts are worked out anew at each step: what was enrolled or taken away
// meanwhile counts.
func (s *Service) facts(tx *db.Tx, f *recovery, a account.Account) (fs facts, err error) {
	d := f.Data
	fs = facts{Proved: d.Proved, App: d.App, Answered: d.Answered, Forgotten: d.Forgotten}
	if fs.Authenticator, err = account.HasAuthenticator(tx, a.ID); err != nil {
		return fs, err
	}
	if s.Settings.Questions {
		all, err := account.QuestionsOf(tx, a.ID)
		if err != nil {
			return fs, err
		}
		fs.Questions = len(all) > 1
	}
	for _, m := range []Means{Email, SMS} {
		if usable(a, m) {
			fs.Has = append(fs.Has, m)
		}
	}
	if s.Passkeys != nil {
		has, err := s.Passkeys.Has(tx, a.ID)
		if err != nil {
			return fs, err
		}
		if has {
			fs.Has = append(fs.Has, Passkey)
		}
	}
	came, err := imported(tx, a)
	if err != nil {
		return fs, err
	}
	fs.Legacy = came && !fs.Authenticator && !fs.Questions && slices.Equal(fs.Has, []Means{Email})
	return fs, nil
}

// usable reports whether a code by that means proves anything about the account.
func usable(a account.Account, m Means) bool {
	switch m {
	case Email:
		return a.ID != "" && a.Email != ""
	case SMS:
		return a.MobileVerified() && a.State != account.Unfinished
	}
	return false
}

// imported reports whether the account came from another system and its mailbox
// never answered: no registration made it, so no stranger did either, whatever
// became of it since.
func imported(tx *db.Tx, a account.Account) (bool, error) {
	registered, err := account.Registered(tx, a.ID)
	return a.ID != "" && a.State != account.Unfinished && !a.EmailConfirmed() && !registered, err
}

// afresh reports whether the account may be a stranger's work: then who has the
// mailbox begins anew. It asks the store the same whatever the account is.
func afresh(tx *db.Tx, a account.Account) (bool, error) {
	registered, err := account.Registered(tx, a.ID)
	return a.State == account.Unfinished || !a.EmailConfirmed() && registered, err
}

// QuestionWords returns the words of an asked question.
func (s *Service) QuestionWords(lang text.Lang, q account.Question) string {
	if q.Question == "" {
		return q.Own
	}
	return s.Asked(lang, q.Question)
}
