// Package guide is the client guide as steps that somebody takes: each is what
// a person reads, types and presses, by the words that are on the pages. Whose
// hands do it (a real browser, the stand-in of the portal's own tests) is left
// open. The words come from the portal's catalogue, so that a page may be
// worded better without a journey breaking, and a journey may be in German.
package guide

import (
	"fmt"
	"strings"

	"vestibule/internal/text"
)

// Hands is what a person can do at a page. What cannot be done ends the test.
type Hands interface {
	Open(address string)
	Fill(label, value string)
	Choose(label, option string)
	Check(label string)
	Press(words string)
	// Code types a one-time code and sends it: with scripts the sixth digit
	// does, without them the button.
	Code(label, code, button string)
	Sees(texts ...string)
	// Key reads the setup key of an authenticator app off the page.
	Key() string
}

// A Person is somebody with a mailbox and a telephone.
type Person struct {
	First, Last  string
	Email        string
	Country      string // its name in English
	Dial, Number string // "GB", "07400 123456"
	Mobile       string // the same as E.164
	Organization string
	Password     string
}

// Name is the whole name.
func (p Person) Name() string { return p.First + " " + p.Last }

// Someone is a person whom nobody else is: n tells them apart.
func Someone(n int) Person {
	first := []string{"Marta", "Zoë", "Seán", "Nadia", "Jonas", "Ines", "Tariq", "Lena"}[n%8]
	return Person{
		First: first, Last: "Ellison" + string(rune('a'+n%26)), Email: fmt.Sprintf("person%d@harbour%d.example", n, n),
		Country: "United Kingdom", Dial: "GB", Number: fmt.Sprintf("07400 1%05d", n), Mobile: fmt.Sprintf("+4474001%05d", n),
		Organization: fmt.Sprintf("Harbour Vale Clinics %d", n), Password: fmt.Sprintf("Lighthouse-Keepers-%d", 4711+n),
	}
}

// A Way is one person on the way through the guide.
type Way struct {
	Hands
	Words *text.Words
	Person
}

// English are the portal's own English words.
func English() (*text.Words, error) { return language(text.English) }

// German are the portal's own German words.
func German() (*text.Words, error) { return language(text.German) }

func language(l text.Lang) (*text.Words, error) {
	c, err := text.Load(nil)
	if err != nil {
		return nil, err
	}
	return c.For(l), nil
}

// Say are the words for a key up to the first place that is filled in: by
// them a label or a button can be found.
func (w Way) Say(key string, args ...any) string {
	said := w.Words.T(key, args...)
	before, _, _ := strings.Cut(said, "{")
	return strings.TrimSpace(before)
}

// Answers are the three answers that everybody here gives.
func Answers() [3]string {
	return [3]string{"burnt lentil soup", "gasworks lane north", "the old bicycle shed"}
}

// AskForAccess is step 1: the form for an evaluation, to the page after it.
func (w Way) AskForAccess() {
	w.FillRequest()
	w.Press(w.Say("request.send"))
	w.Sees(w.Say("request.received.title-name", "name", w.First))
}

// FillRequest fills the form for an evaluation.
func (w Way) FillRequest() {
	w.Open("/request")
	w.Fill(w.Say("request.first"), w.First)
	w.Fill(w.Say("request.last"), w.Last)
	w.Fill(w.Say("request.email"), w.Email)
	w.Choose(w.Say("ui.country-code"), w.Dial)
	w.Fill(w.Say("request.mobile"), w.Number)
	w.Fill(w.Say("request.organization"), w.Organization)
	w.Choose(w.Say("request.country"), w.Country)
	w.Fill(w.Say("request.users"), "250")
	w.Check(w.Say("request.consent", "vendor", "Northwind Conferencing"))
}

// GiveDetails fills the first page of the registration, from anew.
func (w Way) GiveDetails() {
	w.Open("/register")
	w.Fill(w.Say("register.details.first"), w.First)
	w.Fill(w.Say("register.details.last"), w.Last)
	w.Fill(w.Say("register.details.email"), w.Email)
	w.GiveNumber()
	w.Fill(w.Say("register.details.organization"), w.Organization)
	w.Press(w.Say("register.continue"))
}

// GiveNumber fills in the telephone number alone.
func (w Way) GiveNumber() {
	w.Choose(w.Say("ui.country-code"), w.Dial)
	w.Fill(w.Say("register.details.mobile"), w.Number)
}

// FollowInvitation opens an approval's link; the page is filled in but for
// what the request did not say.
func (w Way) FollowInvitation(link string) {
	w.Open(link)
	w.Sees(w.Say("register.details.check"))
	w.GiveNumber()
	w.Press(w.Say("register.continue"))
}

// EnterCode types the code of the SMS.
func (w Way) EnterCode(code string) {
	w.Sees(w.Say("register.code.title"))
	w.Code(w.Say("register.code.code"), code, w.Say("register.continue"))
	w.Sees(w.Say("register.terms.title"))
}

// AcceptTerms accepts; the account is made by it.
func (w Way) AcceptTerms() {
	w.Check(w.Say("register.terms.accept"))
	w.Press(w.Say("register.terms.go"))
	w.Sees(w.Say("register.questions.title"))
}

// ChooseQuestions takes three of the offered questions.
func (w Way) ChooseQuestions() {
	w.FillQuestions()
	w.Press(w.Say("register.continue"))
	w.Sees(w.Say("register.confirm.title"))
}

// FillQuestions chooses them and types the answers.
func (w Way) FillQuestions() {
	for i := range 3 {
		w.Choose(w.Say("register.questions.question", "n", i+1), w.offered(i))
		w.Fill(w.Say("register.questions.answer", "n", i+1), Answers()[i])
	}
}

// offered is the n-th of the questions that the portal knows.
func (w Way) offered(n int) string {
	var all []string
	for _, key := range w.Words.Keys() {
		if strings.HasPrefix(key, "account.question.") {
			all = append(all, w.Words.T(key))
		}
	}
	return all[n]
}

// ConfirmAnswers types the answers once more.
func (w Way) ConfirmAnswers() {
	w.FillAnswers()
	w.Press(w.Say("register.confirm.go"))
	w.Sees(w.Say("register.authenticator.accepted"))
}

// FillAnswers types the answers under their questions.
func (w Way) FillAnswers() {
	for i := range 3 {
		w.Fill(w.offered(i), Answers()[i])
	}
}

// SkipAuthenticator leaves the app for later.
func (w Way) SkipAuthenticator() {
	w.Press(w.Say("register.authenticator.skip"))
	w.Sees(w.Say("register.password.title"))
}

// SetPassword chooses the password and comes to the end of step 2.
func (w Way) SetPassword() {
	w.Fill(w.Say("register.password.password"), w.Password)
	w.Press(w.Say("register.password.go"))
	w.Sees(w.Say("register.done.title", "name", w.First))
}

// FromTerms is the way from the terms to the end, without an authenticator.
func (w Way) FromTerms() {
	w.AcceptTerms()
	w.ChooseQuestions()
	w.ConfirmAnswers()
	w.SkipAuthenticator()
	w.SetPassword()
}

// SignIn is step 3.
func (w Way) SignIn(login string) {
	w.Open("/sign-in")
	w.Fill(w.Say("signin.login"), login)
	w.Fill(w.Say("signin.password"), w.Password)
	w.Press(w.Say("signin.go"))
}

// SetUpStaff follows the link of a new member of staff to the back office, to the page where the role works. App
// is the authenticator: it makes a code of a key.
func (w Way) SetUpStaff(link string, app func(key string) string) {
	w.Open(link)
	w.Press(w.Say("staff.link-go"))
	w.Fill(w.Say("staff.password"), w.Password)
	w.Press(w.Say("staff.password-go"))
	w.Code(w.Say("ui.app.code"), app(w.Key()), w.Say("staff.app-go"))
	w.Press(w.Say("staff.codes-go"))
}

// OpenRequest goes from the queue to somebody's request.
func (w Way) OpenRequest(of Person) {
	w.Open("/office/requests")
	w.Press(of.First + " " + of.Last)
	w.Sees(w.Say("office.decide.title"), of.Email)
}

// Approve approves as the form suggests.
func (w Way) Approve(of Person) {
	w.OpenRequest(of)
	w.Check(w.Say("office.decide.approve"))
	w.Press(w.Say("office.decide.go"))
	w.Sees(w.Say("office.state.approved"))
}

// Decline declines with a reason for the applicant.
func (w Way) Decline(of Person, reason string) {
	w.OpenRequest(of)
	w.Check(w.Say("office.decide.decline"))
	w.Fill(w.Say("office.decide.reason"), reason)
	w.Press(w.Say("office.decide.go"))
	w.Sees(w.Say("office.state.declined"))
}
