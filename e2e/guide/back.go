package guide

// AskForUserID asks for the UserID to be mailed.
func (w Way) AskForUserID(email string) {
	w.Open("/get-back-in")
	w.Press(w.Say("recovery.start.user-id-go"))
	w.Fill(w.Say("recovery.user-id.email"), email)
	w.Press(w.Say("recovery.user-id.go"))
	w.Sees(w.Say("recovery.user-id.sent-title"))
}

// AskForReset says which account it is; the portal then waits for a first proof.
func (w Way) AskForReset(login string) {
	w.Open("/get-back-in")
	w.Press(w.Say("recovery.start.password-go"))
	w.Fill(w.Say("recovery.begin.login"), login)
	w.Press(w.Say("recovery.continue"))
	w.Sees(w.Say("recovery.code.email-title"))
}

// AskForBoth asks for UserID and reset in one go.
func (w Way) AskForBoth(email string) {
	w.Open("/get-back-in")
	w.Press(w.Say("recovery.start.both-go"))
	w.Fill(w.Say("recovery.user-id.email"), email)
	w.Press(w.Say("recovery.continue"))
	w.Sees(w.Say("recovery.code.email-title"))
}

// ProveMailbox types the code of the mail.
func (w Way) ProveMailbox(code string) {
	w.Fill(w.Say("recovery.code.email-code"), code)
	w.Press(w.Say("recovery.continue"))
}

// ChooseSMS takes the telephone in place of the mailbox.
func (w Way) ChooseSMS() {
	w.Press(w.Say("recovery.means.sms"))
	w.Sees(w.Say("recovery.code.sms-title"))
}

// ProvePhone types the code of the SMS.
func (w Way) ProvePhone(code string) {
	w.Code(w.Say("recovery.code.sms-code"), code, w.Say("recovery.continue"))
}

// AnswerQuestions answers the two that are asked.
func (w Way) AnswerQuestions(asked func(question string) bool) {
	w.Sees(w.Say("recovery.questions.title"))
	for i := range 3 {
		if asked(w.offered(i)) {
			w.Fill(w.offered(i), Answers()[i])
		}
	}
	w.Press(w.Say("recovery.continue"))
}

// ChooseNewPassword sets the password that the person has from now on.
func (w Way) ChooseNewPassword() {
	w.Sees(w.Say("recovery.password.title"))
	w.Fill(w.Say("register.password.password"), w.Password)
	w.Press(w.Say("recovery.password.go"))
	w.Sees(w.Say("recovery.done.title"))
}

// FindAccount goes to somebody's account in the back office.
func (w Way) FindAccount(by, name string) {
	w.Open("/office/accounts")
	w.Fill(w.Say("helpdesk.list.search"), by)
	w.Press(w.Say("helpdesk.list.go"))
	w.Press(name)
	w.Sees(w.Say("helpdesk.account.proofs"))
}
