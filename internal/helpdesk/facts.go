package helpdesk

import (
	"slices"
	"time"

	"vestibule/internal/access"
	"vestibule/internal/account"
	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/outbox"
)

// eventsRead bounds how far back the trail of one account is read.
const eventsRead = 500

// facts loads what an explanation of the instant rests on.
func (s *Service) facts(tx *db.Tx, a account.Account, at time.Time) (f Facts, err error) {
	f = Facts{Now: tx.Now(), Account: a, MaxAge: s.Settings.MaxAge, QuestionsWanted: s.Settings.Questions}
	if f.Staff, err = isStaff(tx, a.ID); err != nil {
		return f, err
	}
	events, err := audit.History(tx, a.Subject(), eventsRead)
	if err != nil {
		return f, err
	}
	f.States, f.Attempts = statesOf(events), attemptsOf(events)
	f.Confirmed, f.Moved = addressesOf(events)
	if f.Passwords, err = s.passwordsOf(tx, a); err != nil {
		return f, err
	}
	if s.Hooks.Delays != nil {
		if f.Delays, err = s.Hooks.Delays(tx, a); err != nil {
			return f, err
		}
	}
	if err := f.credentials(tx, a.ID); err != nil {
		return f, err
	}
	if err := f.terms(tx, s.Settings.Terms, a.ID, at); err != nil {
		return f, err
	}
	if at.Before(tx.Now()) {
		f.Standing, err = access.StandingAt(tx, a.ID, at)
	} else {
		f.Standing, err = access.StandingOf(tx, a.ID)
	}
	if err != nil {
		return f, err
	}
	f.MemberSince = f.Standing.Membership.JoinedAt
	if f.Undelivered, err = s.undelivered(tx, a, at); err != nil {
		return f, err
	}
	if a.MobileVerified() && !s.served(a.Mobile) {
		f.NoSMS = account.MobileCountry(a.Mobile)
	}
	open, err := clearingsOf(tx, a.ID, 1)
	if err == nil && len(open) > 0 && open[0].State.Open() {
		f.Clearing = &open[0]
	}
	return f, err
}

func (s *Service) passwordsOf(tx *db.Tx, a account.Account) ([]time.Time, error) {
	list, err := passwordDates(tx, a.ID)
	if err != nil {
		return nil, err
	}
	// One that came from another system has no date of its own.
	if a.PasswordHash != "" && len(list) == 0 {
		set := a.PasswordSetAt
		if set.IsZero() {
			set = a.CreatedAt
		}
		list = []time.Time{set}
	}
	return list, nil
}

func (f *Facts) credentials(tx *db.Tx, id string) (err error) {
	if f.AuthenticatorSince, err = account.AuthenticatorSince(tx, id); err != nil {
		return err
	}
	if f.AuthenticatorOff, err = account.AuthenticatorOff(tx, id); err != nil {
		return err
	}
	if f.RecoveryCodes, err = account.RecoveryCodesLeft(tx, id); err != nil {
		return err
	}
	keys, err := account.Passkeys(tx, id)
	f.Passkeys = len(keys)
	return err
}

// terms are those that were in force at the instant, as a sign-in then asked for them.
func (f *Facts) terms(tx *db.Tx, all account.Terms, id string, at time.Time) error {
	t := all.At(at)
	f.TermsVersion, f.TermsSince, f.TermsLater = t.Version, t.Since, all.GraceEnds(at)
	if t.Version == "" {
		return nil
	}
	var err error
	f.TermsAccepted, err = acceptedAt(tx, id, t.Version)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// undeliveredFor is how far back a message that did not arrive is of interest.
const undeliveredFor = 7 * 24 * time.Hour

// undelivered are the latest messages to the person that did not leave, or were
// refused.
func (s *Service) undelivered(tx *db.Tx, a account.Account, at time.Time) (list []Undelivered, err error) {
	for _, to := range []string{a.Email, a.Mobile} {
		if to == "" {
			continue
		}
		for _, state := range []string{outbox.Failed, outbox.Held} {
			entries, err := s.Outbox.List(tx, outbox.Filter{To: to, State: state, Limit: 10})
			if err != nil {
				return nil, err
			}
			for _, e := range entries {
				if e.QueuedAt.Add(undeliveredFor).After(at) {
					list = append(list, Undelivered{ID: e.ID, Kind: e.Kind, State: e.State, At: e.QueuedAt})
				}
			}
		}
	}
	slices.SortFunc(list, func(a, b Undelivered) int { return b.At.Compare(a.At) })
	return list[:min(len(list), 5)], nil
}

// statesOf reads the states that an account went through off its trail, the
// oldest first.
func statesOf(events []audit.Entry) (list []StateFact) {
	var held StateFact // what the account was when it was disabled
	for _, e := range slices.Backward(events) {
		state, why, ok := stateAfter(e)
		if !ok {
			continue
		}
		if n := len(list); e.Action == "account.email_undo" && n > 0 && list[n-1].State == account.Disabled {
			held = StateFact{State: state, Why: why} // it stays disabled, and is no longer good
			continue
		}
		if state == account.Disabled && len(list) > 0 && list[len(list)-1].State != account.Disabled {
			held = list[len(list)-1]
		}
		if e.Action == "helpdesk.enable" && held.State == account.Expired {
			state, why = held.State, held.Why
		}
		list = append(list, StateFact{At: e.At, State: state, Why: why})
	}
	return list
}

// stateAfter is the state in which an event leaves an account, and why, if it changes it.
func stateAfter(e audit.Entry) (account.State, account.Reason, bool) {
	switch e.Action {
	case "user_created":
		if e.Detail["origin"] != "import" {
			return account.Unfinished, "", true
		}
		if e.Detail["state"] == string(account.Active) {
			return account.Active, account.ByImport, true
		}
		return account.Expired, account.ByImport, true
	case "account.create", "account.erase":
		return account.Unfinished, "", true
	case "account.password_set", "account.password_change", "account.password_reset", "authn_password_change", "helpdesk.enable":
		return account.Active, "", true
	case "account.dormancy_expire":
		return account.Expired, account.ByDormancy, true
	case "account.email_undo":
		return account.Expired, account.ByUndo, true
	case "helpdesk.expire":
		return account.Expired, account.ByStaff, true
	case "helpdesk.disable":
		return account.Disabled, account.ByStaff, true
	case "user_disabled":
		return account.Disabled, "", true
	case "account.close":
		return account.Closed, "", true
	}
	return "", "", false
}

// addressesOf says when the mailbox of an account was confirmed, as far as the trail says, and when the account last got another one.
func addressesOf(events []audit.Entry) (confirmed []time.Time, moved time.Time) {
	for _, e := range events {
		switch e.Action {
		case "account.email_confirm":
			confirmed = append(confirmed, e.At)
		case "account.email_change", "account.email_undo":
			confirmed = append(confirmed, e.At)
			if e.At.After(moved) {
				moved = e.At
			}
		}
	}
	return confirmed, moved
}

func attemptsOf(events []audit.Entry) (list []Attempt) {
	for _, e := range events {
		switch e.Action {
		case "authn_login_fail":
			list = append(list, Attempt{At: e.At, How: e.Detail["how"]})
		case "authn_login_success":
			list = append(list, Attempt{At: e.At, OK: true, How: e.Detail["how"]})
		}
	}
	return list
}
