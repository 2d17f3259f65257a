// Package choose are the parts of pages where a person chooses what proves it later: a password with its checklist, three questions
// with their answers. Becoming an account, getting back into it and changing it from within ask for the same in the same words, and
// judge it by the same rules; what differs is the page around it.
package choose

import (
	"strconv"
	"strings"

	"vestibule/internal/account"
	"vestibule/internal/fault"
	"vestibule/internal/text"
	"vestibule/internal/web/ui"
)

// OwnQuestion is the entry of the list for a question in one's own words.
const OwnQuestion = "own"

// Questions is the form of three questions and their answers.
type Questions struct {
	Q1   string `form:"q1,max=100"`
	Own1 string `form:"own1,max=400"`
	A1   string `form:"a1,max=400"`
	Q2   string `form:"q2,max=100"`
	Own2 string `form:"own2,max=400"`
	A2   string `form:"a2,max=400"`
	Q3   string `form:"q3,max=100"`
	Own3 string `form:"own3,max=400"`
	A3   string `form:"a3,max=400"`
}

func (in Questions) question(i int) string { return [...]string{in.Q1, in.Q2, in.Q3}[i] }
func (in Questions) own(i int) string      { return [...]string{in.Own1, in.Own2, in.Own3}[i] }
func (in Questions) answer(i int) string   { return [...]string{in.A1, in.A2, in.A3}[i] }

// Choices reads the form: who typed a question and chose none means that one.
func (in Questions) Choices() []account.Choice {
	all := make([]account.Choice, account.QuestionCount)
	for i := range all {
		all[i] = account.Choice{Question: in.question(i), Answer: in.answer(i)}
		if q := in.question(i); q == OwnQuestion || q == "" {
			all[i].Question, all[i].Own = "", in.own(i)
		}
	}
	return all
}

// QuestionsOf fills the form from what was chosen before; answers are not kept readable, so they are typed again.
func QuestionsOf(chosen []account.Question) (in Questions) {
	for i, q := range chosen {
		id := q.Question
		if id == "" {
			id = OwnQuestion
		}
		switch i {
		case 0:
			in.Q1, in.Own1 = id, q.Own
		case 1:
			in.Q2, in.Own2 = id, q.Own
		case 2:
			in.Q3, in.Own3 = id, q.Own
		}
	}
	return in
}

// Options is the list to choose from: what is offered, by id and words, and one's own.
func Options(words *text.Words, offered [][2]string) []ui.Option {
	var all []ui.Option
	for _, q := range offered {
		all = append(all, ui.Option{Value: q[0], Label: q[1]})
	}
	return append(all, ui.Option{Value: OwnQuestion, Label: words.T("register.questions.own")})
}

// AnswerRules says of each rule whether the typed answers keep it. A rule that cannot be judged yet is neither met nor broken. failed
// is what account.JudgeChoices said.
func AnswerRules(words *text.Words, in Questions, failed error) []ui.Rule {
	complete := true
	for i := range account.QuestionCount {
		complete = complete && strings.TrimSpace(in.answer(i)) != ""
	}
	var rules []ui.Rule
	for _, r := range []struct {
		name  string
		codes []string
	}{
		{"length", []string{"answer-short", "answer-long"}},
		{"question", []string{"answer-in-question"}},
		{"common", []string{"answer-common"}},
		{"different", []string{"answer-same", "question-same"}},
	} {
		state := ""
		if complete {
			state = ui.Done
		}
		for _, code := range r.codes {
			if fault.Code(failed, code) {
				state = ui.Bad
			}
		}
		rules = append(rules, ui.Rule{Text: words.T("register.questions.rule." + r.name), State: state})
	}
	return rules
}

// Answers is the form of the answers once more.
type Answers struct {
	A1 string `form:"a1,max=400"`
	A2 string `form:"a2,max=400"`
	A3 string `form:"a3,max=400"`
}

// List is the answers in order.
func (in Answers) List() []string { return []string{in.A1, in.A2, in.A3} }

// Password is the part of a page that follows a password while it is typed.
type Password struct {
	Rules []ui.Rule
	Level int
	Words string
}

// PasswordOf says what the rules find in what was typed, and how strong it is.
func PasswordOf(words *text.Words, typed string, findings []account.Finding, strength int) (p Password) {
	for _, one := range findings {
		r := ui.Rule{Text: words.T("password.rule."+one.Rule, pairs(one.Args)...)}
		switch {
		case one.Met:
			r.State = ui.Done
		case typed != "":
			r.State = ui.Bad
		}
		p.Rules = append(p.Rules, r)
	}
	if typed == "" {
		p.Words = words.T("password.strength.none")
		return p
	}
	p.Level = max(1, strength)
	p.Words = words.T("password.strength." + strconv.Itoa(strength))
	return p
}

func pairs(args map[string]string) (all []any) {
	for k, v := range args {
		all = append(all, k, v)
	}
	return all
}
