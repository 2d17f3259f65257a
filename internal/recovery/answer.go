package recovery

import (
	"context"
	"slices"
	"strconv"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/fault"
)

// asked returns the two questions that the account is asked, the same ones until
// a recovery succeeds: so nobody gets the pair that is wanted by asking again.
func (s *Service) asked(tx *db.Tx, accountID string) ([]account.Question, error) {
	all, err := account.QuestionsOf(tx, accountID)
	if err != nil || len(all) < 2 {
		return nil, err
	}
	one, two, err := pickOf(tx, accountID)
	if err != nil {
		return nil, err
	}
	if one >= len(all) || two >= len(all) {
		one, two = 0, 1
	}
	return []account.Question{all[one], all[two]}, nil
}

// pick chooses the two questions where none were chosen yet.
func (s *Service) pick(tx *db.Tx, accountID string) error {
	all, err := account.QuestionsOf(tx, accountID)
	if err != nil || len(all) < 2 {
		return err
	}
	n := len(all)
	left := int(s.Secret.Bytes(1)[0]) % n
	var two []int
	for i := range n {
		if i != left && len(two) < 2 {
			two = append(two, i)
		}
	}
	return savePick(tx, accountID, two[0], two[1])
}

// Answer takes the answers to View.Questions, in their order. Unless both are
// right it is Invalid "recovery-answers" on the field "a1" with the tries left,
// and never says which one is wrong; after the last try the recovery goes on as
// after Forgot, and the failure is "recovery-answers-over". Empty ones are
// Invalid "answer-empty" on "a1", "a2" and cost nothing. TooMany
// "recovery-answers-day" when the account had its tries of the day.
func (s *Service) Answer(ctx context.Context, t Ticket, answers []string) (n Next, err error) {
	var form fault.Form
	given := make([]string, 2)
	for i := range given {
		if i < len(answers) {
			given[i] = answers[i]
		}
		if account.NormalAnswer(given[i]) == "" {
			form.Add("a"+strconv.Itoa(i+1), "answer-empty", "n", strconv.Itoa(i+1))
		}
	}
	if err := form.Err(); err != nil {
		return n, err
	}
	ctx, leave, err := s.Passwords.Hasher.Enter(ctx)
	if err != nil {
		return n, err
	}
	defer leave()
	// The try is written down before the answers are looked at, and of several at
	// once one alone gets it.
	var asked []account.Question
	var try int
	if err := s.DB.Write(ctx, func(tx *db.Tx) error {
		f, who, err := s.at(tx, t, answersGiven)
		if err != nil {
			return err
		}
		if f.Data.Tries >= triesARecovery {
			return fault.New(fault.Conflict, "step-moved") // the last one is being looked at
		}
		f.Data.Tries++
		if err := f.Save(tx); err != nil {
			return err
		}
		if err := s.Settings.Limits.answer(tx, who.ID); err != nil {
			return err
		}
		try = f.Data.Tries
		asked, err = s.asked(tx, who.ID)
		return err
	}); err != nil {
		return n, err
	}
	right := len(asked) == 2
	for i, q := range asked {
		ok, err := s.Passwords.CheckAnswer(ctx, q, given[i])
		if err != nil {
			return n, err
		}
		right = right && ok // both are worked out, whatever the first was
	}
	over := false
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		n, over = Next{}, false
		f, who, err := s.at(tx, t, answersGiven)
		if err != nil {
			return err
		}
		now, err := s.asked(tx, who.ID)
		if err != nil {
			return err
		}
		if !slices.Equal(now, asked) {
			return fault.New(fault.Conflict, "step-moved") // set anew meanwhile
		}
		switch {
		case right:
			f.Data.Answered = true
			if err := s.event(tx, who.Account, "recovery.prove", "means", "questions"); err != nil {
				return err
			}
		case try < triesARecovery:
			return s.event(tx, who.Account, "recovery.answers_fail")
		default:
			f.Data.Forgotten, over = true, true
			if err := s.event(tx, who.Account, "recovery.answers_fail"); err != nil {
				return err
			}
			// Nothing was proved: the ticket stays.
			if err := s.settle(tx, f, who.Account); err != nil {
				return err
			}
			return f.Save(tx)
		}
		n, err = s.advance(tx, f, who.Account)
		return err
	})
	switch {
	case err != nil || right:
		return n, err
	case over:
		return n, fault.OnField("a1", "recovery-answers-over")
	}
	return n, fault.OnField("a1", "recovery-answers").With("n", strconv.Itoa(triesARecovery-try))
}

// Forgot says that the answers are no longer known: a second possession takes
// their place.
func (s *Service) Forgot(ctx context.Context, t Ticket) error {
	return s.move(ctx, t, answersForgot, func(tx *db.Tx, f *recovery, a account.Account) error {
		f.Data.Forgotten = true
		if err := s.event(tx, a, "recovery.answers_forget"); err != nil {
			return err
		}
		return s.settle(tx, f, a)
	})
}
