package portal

import (
	"vestibule/internal/credential"
	"vestibule/internal/fault"
	"vestibule/internal/web"
	"vestibule/internal/web/choose"
	"vestibule/internal/web/ui"
)

const (
	questionsPath        = accountPath + "/questions"
	questionsConfirmPath = questionsPath + "/confirm"
)

func (f *Face) questionRoutes() []web.Route {
	return []web.Route{
		web.Row(web.SignedIn, "GET "+questionsPath, f.questions),
		web.Row(web.SignedIn, "POST "+questionsPath, f.questionsChoose),
		web.Row(web.SignedIn, "POST "+questionsPath+"/check", f.questionsCheck),
		web.Row(web.SignedIn, "GET "+questionsConfirmPath, f.questionsConfirm),
		web.Row(web.SignedIn, "POST "+questionsConfirmPath, f.questionsConfirmed),
	}
}

// questionSections is the section of the questions, where the portal uses any.
func (f *Face) questionSections(c *web.Context, o credential.Overview) ([]accountSection, error) {
	if !o.QuestionsAsked {
		return nil, nil
	}
	row := accountRow{
		Icon: "help", Title: c.T("credential.questions.none"), Facts: []string{c.T("credential.questions.none-fact")},
		Go: c.T("credential.questions.choose"), Href: questionsPath, About: c.T("credential.questions.title"),
	}
	if !o.QuestionsSetAt.IsZero() {
		row.Title, row.Go = c.T("credential.questions.set"), c.T("credential.change")
		row.Facts = []string{c.T("credential.questions.since", "when", c.Words.ShortDate(o.QuestionsSetAt))}
	}
	return []accountSection{{
		ID: "questions", Title: c.T("credential.questions.title"), Text: c.T("credential.questions.text"), Rows: []accountRow{row},
	}}, nil
}

// questionsPage asks for three questions and answers.
type questionsPage struct {
	*ui.Frame
	In      choose.Questions
	Offered []ui.Option
	Rules   []ui.Rule
}

func (f *Face) questions(c *web.Context) error {
	q, err := f.Credential.Questions(c.Context(), token(c))
	if err != nil {
		return err
	}
	if err := c.Fresh(); err != nil {
		return err
	}
	return f.questionsAgain(c, choose.QuestionsOf(q.Set), nil)
}

func (f *Face) questionsAgain(c *web.Context, in choose.Questions, failed error) error {
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	return c.Page(frame.Status(), questionsView(questionsPage{
		Frame: frame, In: in, Offered: choose.Options(c.Words, f.Credential.Offered(c.Lang)), Rules: choose.AnswerRules(c.Words, in, failed),
	}))
}

func (f *Face) questionsChoose(c *web.Context) error {
	var in choose.Questions
	err := c.Form(&in)
	if err == nil {
		err = f.Credential.ChooseQuestions(c.Context(), token(c), c.Lang, in.Choices())
	}
	if err != nil {
		return f.questionsAgain(c, in, err)
	}
	return c.SeeOther(questionsConfirmPath)
}

// questionsCheck answers the checklist while somebody types: the rules that decide, and nothing kept.
func (f *Face) questionsCheck(c *web.Context) error {
	var in choose.Questions
	err := c.Form(&in)
	if err == nil {
		err = f.Credential.JudgeChoices(c.Lang, in.Choices())
	}
	if err != nil && !fault.Is(err, fault.Invalid) {
		return err
	}
	frame := c.Frame()
	return c.Page(200, ui.Part(frame, choose.AnswerChecklist(frame, choose.AnswerRules(c.Words, in, err))))
}

// answersPage asks for the answers once more.
type answersPage struct {
	*ui.Frame
	Questions []string
}

func (f *Face) questionsConfirm(c *web.Context) error {
	if err := c.Fresh(); err != nil {
		return err
	}
	return f.questionsConfirmAgain(c, nil)
}

func (f *Face) questionsConfirmAgain(c *web.Context, failed error) error {
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	q, err := f.Credential.Questions(c.Context(), token(c))
	if err != nil {
		return err
	}
	if len(q.Chosen) == 0 {
		return c.SeeOther(questionsPath)
	}
	p := answersPage{Frame: frame}
	for _, one := range q.Chosen {
		p.Questions = append(p.Questions, f.Credential.QuestionWords(c.Lang, one))
	}
	return c.Page(frame.Status(), answersView(p))
}

func (f *Face) questionsConfirmed(c *web.Context) error {
	var in choose.Answers
	if err := c.Form(&in); err != nil {
		return f.questionsConfirmAgain(c, err)
	}
	fresh, err := f.Credential.ConfirmAnswers(c.Context(), token(c), in.List())
	switch {
	case fault.Is(err, fault.Conflict), fault.Is(err, fault.Gone): // another tab went on
		return c.SeeOther(questionsConfirmPath)
	case err != nil:
		return f.questionsConfirmAgain(c, err)
	}
	return changed(c, fresh, "questions")
}
