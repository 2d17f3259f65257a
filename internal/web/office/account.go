package office

import (
	"errors"
	"slices"
	"strings"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/fault"
	"vestibule/internal/helpdesk"
	"vestibule/internal/staff"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// onFields gives faults the names of a page's own fields, where two of its forms
// would have one of the same.
func onFields(err error, names map[string]string) error {
	var e *fault.Error
	if !errors.As(err, &e) || e.Kind != fault.Invalid {
		return err
	}
	renamed := *e
	if to, ok := names[e.Field]; ok {
		renamed.Field = to
	}
	renamed.Fields = nil
	for _, one := range e.Fields {
		field := *one
		if to, ok := names[one.Field]; ok {
			field.Field = to
		}
		renamed.Fields = append(renamed.Fields, &field)
	}
	return &renamed
}

// firstThing names the first box of what can be cleared, for the summary to lead to.
func firstThing(k helpdesk.Credentials) string {
	switch {
	case !k.Questions.IsZero():
		return "questions"
	case !k.Authenticator.IsZero():
		return "authenticator"
	}
	return "passkeys"
}

// finding is one line of the explanation.
type finding struct{ Tone, Text, Person, Staff string }

// verification is a means by which the caller can be verified.
type verification struct {
	Means, Label, To, Note string
	Usable, Sent, Verified bool
}

func (f *Face) showAccount(c *web.Context, in accountForm, failed error) error {
	id := c.R.PathValue("id")
	p, err := f.s.Helpdesk.Person(c.Context(), by(c), id, in.at(c))
	if err != nil {
		return err
	}
	frame, err := c.Again(onFields(failed, map[string]string{"things": firstThing(p.Credentials)}))
	if err != nil {
		return err
	}
	a := p.Account
	v := accountPage{
		Frame: frame, ID: a.ID, Href: accountHref(a.ID), Name: a.Name(), UserID: a.UserID, In: in, Staff: p.Staff,
		Tone: accountTone(a.State), State: c.T("helpdesk.state." + string(a.State)),
		MayHelp: c.Who().Can(string(staff.AccountsHelp)) && !p.Staff && a.State != account.Closed,
	}
	if key := "helpdesk.done." + c.R.URL.Query().Get("done"); c.Words.Has(key) && frame.Status() == 200 {
		v.Done = c.T(key)
	}
	v.Facts, v.Proofs = f.personFacts(c, p), f.personProofs(c, p)
	f.explanation(c, p, &v)
	var newest time.Time
	for _, one := range p.Verification {
		v.Verifications = append(v.Verifications, verificationOf(c, one, p))
		if in.Means == "" && one.SentAt.After(newest) { // the code that the caller most likely reads out
			v.In.Means, newest = string(one.Means), one.SentAt
		}
	}
	for _, act := range p.Acts {
		v.Acts = append(v.Acts, ui.Option{Value: string(act), Label: c.T("helpdesk.act." + string(act)), Hint: c.T("helpdesk.act-hint." + string(act))})
	}
	for _, k := range p.Clearings {
		v.Clearings = append(v.Clearings, f.clearing(c, k))
	}
	f.clearable(c, p, &v)
	var ids []string
	for _, e := range p.History {
		ids = append(ids, e.Actor.ID)
	}
	names, err := f.s.Desk.Names(c.Context(), ids)
	if err != nil {
		return err
	}
	for _, e := range p.History {
		text := f.event(c, e, names)
		for _, more := range []string{eventProof(c, e), e.Detail["reference"], e.Detail["reason"]} {
			if more != "" {
				text += ": " + more
			}
		}
		v.History = append(v.History, line{Text: text, At: c.Words.ShortDateTime(e.At)})
	}
	if c.Who().Can(string(staff.MessagesView)) {
		for _, m := range p.Messages {
			row := f.messageRow(c, m)
			if strings.HasPrefix(row.To, "+") {
				row.To = account.MaskMobile(row.To)
			}
			v.Messages = append(v.Messages, row)
		}
	}
	c.Here(v.Href)
	frame.Path = v.Href
	return c.Page(frame.Status(), accountView(v))
}

// eventProof names what somebody proved on the way back in, or used to sign in; "" where an event says nothing of it.
func eventProof(c *web.Context, e staff.Event) string {
	if key := "helpdesk.proved." + e.Detail["means"]; e.Action == "recovery.prove" && c.Words.Has(key) {
		return c.T(key)
	}
	return ""
}

func (f *Face) personFacts(c *web.Context, p helpdesk.Person) []ui.Fact {
	a := p.Account
	fact := func(key, text string) ui.Fact { return ui.Fact{Term: c.T("helpdesk.fact." + key), Text: text} }
	facts := []ui.Fact{
		fact("user-id", a.UserID),
		fact("state", f.stateWords(c, a)),
	}
	if a.Email != "" {
		confirmed := c.T("helpdesk.fact.unconfirmed")
		if a.EmailConfirmed() {
			confirmed = c.T("helpdesk.fact.confirmed", "when", c.Words.ShortDate(a.EmailConfirmedAt))
		}
		facts = append(facts, fact("email", a.Email+" ("+confirmed+")"))
	}
	for _, e := range p.Earlier {
		facts = append(facts, fact("earlier", e.Email+" ("+c.T("helpdesk.fact.undo", "until", c.Words.ShortDateTime(e.Until))+")"))
	}
	if a.Mobile != "" {
		verified := c.T("helpdesk.fact.unverified")
		if a.MobileVerified() {
			verified = c.T("helpdesk.fact.verified", "when", c.Words.ShortDate(a.MobileVerifiedAt))
		}
		facts = append(facts, fact("mobile", account.MaskMobile(a.Mobile)+" ("+verified+")"))
	}
	if p.Membership.Organization.ID != "" {
		facts = append(facts, fact("organization", p.Membership.Organization.Name+", "+c.T("portal.people.role-"+string(p.Membership.Role))))
	} else if a.Organization != "" {
		facts = append(facts, fact("organization", c.T("helpdesk.list.typed", "name", a.Organization)))
	}
	standing := c.T("helpdesk.standing." + string(p.Standing.Reason))
	if p.Staff {
		standing = c.T("helpdesk.fact.office")
	}
	facts = append(facts,
		fact("standing", standing),
		fact("created", c.Words.ShortDate(a.CreatedAt)),
	)
	if !a.SignedInAt.IsZero() {
		facts = append(facts, fact("signed-in", c.Words.ShortDateTime(a.SignedInAt)))
	}
	facts = append(facts, fact("sessions", c.Words.Number(int64(p.Sessions))))
	if c.Words.Has("office.language." + a.Lang) {
		facts = append(facts, fact("lang", c.T("office.language."+a.Lang)))
	}
	return facts
}

// stateWords say the state, since when, and why.
func (f *Face) stateWords(c *web.Context, a account.Account) string {
	words := c.T("helpdesk.state." + string(a.State))
	if !a.StateAt.IsZero() {
		words += ", " + c.T("helpdesk.fact.since", "when", c.Words.ShortDate(a.StateAt))
	}
	if why := whyWords(c, string(a.StateReason)); why != "" {
		words += ": " + why
	}
	return words
}

func whyWords(c *web.Context, reason string) string {
	if key := "helpdesk.why." + reason; reason != "" && c.Words.Has(key) {
		return c.T(key)
	}
	return ""
}

// personProofs are which credentials there are, never what they are.
func (f *Face) personProofs(c *web.Context, p helpdesk.Person) []ui.Fact {
	k := p.Credentials
	since := func(key string, has bool, when string) ui.Fact {
		text := c.T("helpdesk.proof.none")
		if has {
			text = c.T("helpdesk.proof.since", "when", when)
		}
		return ui.Fact{Term: c.T("helpdesk.proof." + key), Text: text}
	}
	facts := []ui.Fact{
		since("password", !k.PasswordSetAt.IsZero(), c.Words.ShortDate(k.PasswordSetAt)),
		since("questions", !k.Questions.IsZero(), c.Words.ShortDate(k.Questions)),
		since("authenticator", !k.Authenticator.IsZero(), c.Words.ShortDate(k.Authenticator)),
	}
	if !k.Authenticator.IsZero() {
		facts = append(facts, ui.Fact{Term: c.T("helpdesk.proof.codes"), Text: c.Words.Number(int64(k.RecoveryCodes))})
	}
	return append(facts, ui.Fact{Term: c.T("helpdesk.proof.passkeys"), Text: c.Words.Number(int64(len(k.Passkeys)))})
}

// explanation words what stands between the person and the portal.
func (f *Face) explanation(c *web.Context, p helpdesk.Person, v *accountPage) {
	e := p.Explanation
	v.At, v.Past = c.Words.Local(e.At), e.Past
	v.AtWords = c.Words.DateTime(e.At) + " " + c.Words.Zone(e.At)
	v.Verdict, v.VerdictTone = c.T("helpdesk.verdict."+string(e.Verdict)), map[helpdesk.Verdict]string{
		helpdesk.GetsIn: ui.OK, helpdesk.AfterIt: ui.Warn, helpdesk.Locked: ui.Bad, helpdesk.Unclear: ui.Warn,
	}[e.Verdict]
	for _, one := range e.Findings {
		v.Findings = append(v.Findings, findingOf(c, one, e))
	}
	if e.Standing.Reason != "" && !e.Standing.Allowed || e.Standing.Locked {
		for _, b := range e.Standing.Because {
			if key := "helpdesk.because." + b.Code; c.Words.Has(key) {
				v.Because = append(v.Because, line{Text: c.T(key), At: c.Words.ShortDateTime(b.At)})
			}
		}
	}
	for _, a := range e.Attempts[:min(len(e.Attempts), 10)] {
		key := "helpdesk.explain.failed"
		if a.OK {
			key = "helpdesk.explain.succeeded"
		}
		v.Attempts = append(v.Attempts, line{Text: c.T(key), At: c.Words.ShortDateTime(a.At)})
	}
}

func findingOf(c *web.Context, one helpdesk.Finding, e helpdesk.Explanation) finding {
	args := []any{
		"at", c.Words.ShortDateTime(one.At), "until", c.Words.ShortDateTime(one.Until), "n", one.N, "value", one.Value,
		"why", "",
	}
	key := "helpdesk.finding." + one.Code
	switch one.Code {
	case "standing", "standing-locked":
		key = "helpdesk.standing." + one.Value
	case "undelivered":
		args[7] = c.T("message.kind." + one.Value)
	case "delay-there", "delay-network":
		if one.Value == "" {
			args[7] = "?"
		}
	}
	out := finding{Text: c.T(key, args...)}
	if why := whyWords(c, one.Value); why != "" && slices.Contains([]string{"disabled", "password-expired", "no-password"}, one.Code) {
		out.Text = strings.TrimSuffix(out.Text, ".") + ": " + why + "."
	}
	switch one.Weight {
	case helpdesk.Stops:
		out.Tone = ui.Bad
	case helpdesk.Step, helpdesk.Unknown:
		out.Tone = ui.Warn
	}
	person, staffs := "helpdesk.person."+one.Code, "helpdesk.staff."+one.Code
	if one.Code == "standing" || one.Code == "standing-locked" {
		person = "helpdesk.remedy." + string(e.Standing.Remedy)
	}
	if c.Words.Has(person) {
		out.Person = c.T(person, args...)
	}
	if c.Words.Has(staffs) {
		out.Staff = c.T(staffs, args...)
	}
	return out
}

func verificationOf(c *web.Context, one helpdesk.Verification, p helpdesk.Person) verification {
	v := verification{
		Means: string(one.Means), Label: c.T("helpdesk.means." + string(one.Means)), To: one.To,
		Usable: one.Usable, Sent: !one.SentAt.IsZero(), Verified: one.Verified,
	}
	switch {
	case one.Means == helpdesk.Mobile && p.Account.Mobile == "":
		v.To, v.Note = "", c.T("helpdesk.verify.no-mobile")
	case !one.Usable:
		v.Note = c.T("helpdesk.verify.unusable")
	case one.Verified:
		v.Note = c.T("helpdesk.verify.until", "when", c.Words.Time(one.Until))
	case v.Sent:
		v.Note = c.T("helpdesk.verify.sent", "when", c.Words.Time(one.SentAt))
	}
	return v
}

// clearable says what can be cleared, and on whose word.
func (f *Face) clearable(c *web.Context, p helpdesk.Person, v *accountPage) {
	open := len(p.Clearings) > 0 && p.Clearings[0].State.Open()
	state := p.Account.State
	if !v.MayHelp || open || state != account.Active && state != account.Expired {
		return
	}
	v.HasQuestions, v.HasAuthenticator, v.HasPasskeys = !p.Credentials.Questions.IsZero(), !p.Credentials.Authenticator.IsZero(), len(p.Credentials.Passkeys) > 0
	v.MayClear = v.HasQuestions || v.HasAuthenticator || v.HasPasskeys
	verified := 0
	for _, one := range p.Verification {
		if one.Verified {
			verified++
		}
	}
	for _, basis := range helpdesk.Bases() {
		hint := c.T("helpdesk.basis-hint." + string(basis))
		switch basis {
		case helpdesk.TwoMeans:
			hint = c.T("helpdesk.basis-hint.two-means", "n", verified)
		case helpdesk.Voucher:
			if p.Vouchers == 0 {
				continue
			}
			hint = c.T("helpdesk.basis-hint.voucher", "n", p.Vouchers, "organization", p.Membership.Organization.Name)
		}
		v.Bases = append(v.Bases, ui.Option{Value: string(basis), Label: c.T("helpdesk.basis." + string(basis)), Hint: hint})
	}
}
