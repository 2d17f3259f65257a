package credential

import (
	"context"
	"strconv"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/session"
	"vestibule/internal/text"
)

const questionsKind = "questions"

// questions are those that a session has chosen, until the answers were typed again. Of an answer only the hash is kept.
type questions struct {
	Session   string
	Questions []account.Question
}

func (q questions) session() string { return q.Session }

// Questions are the account's security questions, as a form shows them.
type Questions struct {
	Set    []account.Question // those that count, without the hashes of the answers
	Chosen []account.Question // those whose answers are to be typed again; none: none were chosen by this session
}

// asks reports whether the portal uses questions at all.
func (s *Service) asks() bool { return len(s.Offered(text.English)) > 0 }

// Questions says which questions the account has, and which were chosen by this session. It is NotFound where the portal asks none.
func (s *Service) Questions(ctx context.Context, t session.Token) (q Questions, err error) {
	if !s.asks() {
		return q, fault.New(fault.NotFound, "not-found")
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		q = Questions{}
		at, a, err := account.SignedIn(tx, t)
		if err != nil {
			return err
		}
		set, err := account.QuestionsOf(tx, a.ID)
		if err != nil {
			return err
		}
		q.Set = withoutHashes(set)
		f, err := begun[questions](tx, questionsKind, at)
		if fault.Is(err, fault.Gone) {
			return nil
		}
		if err == nil {
			q.Chosen = withoutHashes(f.Data.Questions)
		}
		return err
	})
	return q, err
}

func withoutHashes(all []account.Question) []account.Question {
	var bare []account.Question
	for _, q := range all {
		bare = append(bare, account.Question{Question: q.Question, Own: q.Own})
	}
	return bare
}

// QuestionWords returns the words of a chosen question.
func (s *Service) QuestionWords(lang text.Lang, q account.Question) string {
	if q.Question == "" {
		return q.Own
	}
	return s.offered(lang)(q.Question)
}

func (s *Service) offered(lang text.Lang) func(string) string {
	return func(id string) string {
		for _, one := range s.Offered(lang) {
			if one[0] == id {
				return one[1]
			}
		}
		return ""
	}
}

// JudgeChoices judges questions and answers for the live checklist.
func (s *Service) JudgeChoices(lang text.Lang, choices []account.Choice) error {
	return account.JudgeChoices(choices, s.offered(lang))
}

// ChooseQuestions takes three questions and their answers, of which the hashes are kept until ConfirmAnswers; those that count go on
// counting. What is wrong with them is Invalid, as account.JudgeChoices says.
func (s *Service) ChooseQuestions(ctx context.Context, t session.Token, lang text.Lang, choices []account.Choice) error {
	if !s.asks() {
		return fault.New(fault.NotFound, "not-found")
	}
	if err := s.DB.Read(ctx, func(tx *db.Tx) error { _, _, err := account.FreshlySignedIn(tx, t); return err }); err != nil {
		return err
	}
	if err := s.JudgeChoices(lang, choices); err != nil {
		return err
	}
	ctx, leave, err := s.Passwords.Hasher.Enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	hashed, err := s.Passwords.HashAnswers(ctx, choices)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		at, a, err := account.HoldFreshlySignedIn(tx, t)
		if err != nil {
			return err
		}
		_, err = begin(tx, s.Secret, questionsKind, StepConfirm, a.ID, questions{Session: at.ID, Questions: hashed})
		return err
	})
}

// ConfirmAnswers takes the answers once more; then the questions count in place of those before, and the session's new token comes
// back. Answers that differ are Invalid "answer-differs" at their fields.
func (s *Service) ConfirmAnswers(ctx context.Context, t session.Token, answers []string) (token session.Token, err error) {
	chosen, err := s.chosen(ctx, t)
	if err != nil {
		return "", err
	}
	ctx, leave, err := s.Passwords.Hasher.Enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	if err := s.compare(ctx, chosen, answers); err != nil {
		return "", err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		token = ""
		at, a, err := account.HoldFreshlySignedIn(tx, t)
		if err != nil {
			return err
		}
		f, err := begun[questions](tx, questionsKind, at)
		if err != nil {
			return err
		}
		if err := check(f.Step, answersConfirmed); err != nil {
			return err
		}
		for i, q := range f.Data.Questions {
			if q != chosen[i] {
				return moved() // chosen anew in another tab
			}
		}
		if err := f.Finish(tx); err != nil {
			return err
		}
		if err := account.SetQuestions(tx, a.ID, f.Data.Questions); err != nil {
			return err
		}
		token, err = s.changed(tx, at, t, a, "account.questions_set", "questions")
		return err
	})
	return token, err
}

func (s *Service) chosen(ctx context.Context, t session.Token) (all []account.Question, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		at, _, err := account.FreshlySignedIn(tx, t)
		if err != nil {
			return err
		}
		f, err := begun[questions](tx, questionsKind, at)
		if err == nil {
			all = f.Data.Questions
		}
		return err
	})
	return all, err
}

func (s *Service) compare(ctx context.Context, chosen []account.Question, answers []string) error {
	var form fault.Form
	for i, q := range chosen {
		n, answer := strconv.Itoa(i+1), ""
		if i < len(answers) {
			answer = answers[i]
		}
		if account.NormalAnswer(answer) == "" {
			form.Add("a"+n, "answer-empty", "n", n)
			continue
		}
		same, err := s.Passwords.CheckAnswer(ctx, q, answer)
		if err != nil {
			return err
		}
		if !same {
			form.Add("a"+n, "answer-differs", "n", n)
		}
	}
	return form.Err()
}
