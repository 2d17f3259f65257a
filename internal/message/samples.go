package message

import (
	"slices"
	"time"
)

// A Sample is a message filled with made-up facts. The Writer tries its words
// with all of them; golden files and the gallery show them.
type Sample struct {
	Name    string // of the case, like "request-received" or "account-user-id-confirmed"
	At      time.Time
	Message Message
}

// Samples returns every message, and each of its cases, as if written at now.
func Samples(now time.Time) []Sample {
	const product, organization, number = "Meeting Add-On for GroupWise", "Harbour Vale Council", "REQ-2026-0412"
	const token = "7Q4MXK29-h3W-sample-token" //nolint:gosec // opens nothing
	soon, tomorrow, fortnight := now.Add(time.Hour), now.Add(24*time.Hour), now.Add(14*24*time.Hour)
	one := func(name string, m Message) Sample { return Sample{name, now, m} }
	return slices.Concat([]Sample{
		one("request-received", RequestReceived{number, product, organization, 500, now, soon, tomorrow, token}),
		one("request-received-no-users", RequestReceived{number, product, "O'Brien & Söhne <Bau>", 0, now, soon, tomorrow, token}),
		one("request-duplicate", RequestDuplicate{number, product, now.Add(-3 * time.Hour), soon, tomorrow, token}),
		one("request-withdrawn", RequestWithdrawn{number, product, now}),
		one("staff-request-waiting", StaffRequestWaiting{"01JXREQUEST", number, "Marta Lindqvist", "marta@harbour.example", organization, "Sweden", product, 500, now, soon}),
		one("staff-request-reminder", StaffRequestReminder{"01JXREQUEST", number, "Marta Lindqvist", organization, product, now.Add(-45 * time.Minute), now.Add(15 * time.Minute)}),
		one("staff-step-help", StaffStepHelp{"01JXREGISTRATION", "Marta Lindqvist", "marta@harbour.example", "+46 •••• 42", organization, now, "No code in 20 minutes.\nI am at my desk until 17:00."}),
		one("staff-step-help-no-note", StaffStepHelp{"01JXREGISTRATION", "Marta Lindqvist", "marta@harbour.example", "+46 •••• 42", organization, now, ""}),
		one("request-approved-sign-in", RequestApprovedSignIn{number, product, organization, 500, 30, false, time.Time{}, "", now}),
		one("request-approved-sign-in-returning", RequestApprovedSignIn{number, product, organization, 0, 30, true, now.Add(30 * 24 * time.Hour), "Welcome back.", now}),
		one("request-approved-register", RequestApprovedRegister{number, product, organization, 500, 30, false, time.Time{}, "Enjoy the evaluation. For shared resource calendars, see chapter 6 of the guide.", now, token, fortnight, ""}),
		one("request-approved-register-account", RequestApprovedRegister{number, product, organization, 500, 30, false, time.Time{}, "", now, token, fortnight, "mellison"}),
		one("request-approved-register-returning", RequestApprovedRegister{number, product, organization, 0, 30, true, now.Add(30 * 24 * time.Hour), "", now, token, fortnight, ""}),
		one("request-declined", RequestDeclined{number, product, organization, now, "We do not sell to private persons.\nWrite to us from your organisation's address."}),
		one("register-code", RegisterCode{"048213", 10}),
		one("register-continue", RegisterContinue{token, soon}),
		one("register-exists", RegisterExists{now}),
		one("account-user-id", AccountUserID{"mlindqvist", organization, token, now.Add(24 * time.Hour)}),
		one("account-user-id-confirmed", AccountUserID{"mlindqvist", "", "", time.Time{}}),
		one("account-password-set", AccountPasswordSet{"mlindqvist", now, "192.0.2.17"}),
		one("account-password-set-no-address", AccountPasswordSet{"mlindqvist", now, ""}),
		one("account-finish", AccountFinish{"mlindqvist", token, soon}),
		one("account-unfinished-reminder", AccountUnfinishedReminder{"mlindqvist", token, now.Add(4 * 24 * time.Hour), now.Add(-3 * 24 * time.Hour)}),
		one("account-erased", AccountErased{"mlindqvist", now}),
		one("email-confirm", EmailConfirm{"mlindqvist", token, soon}),
		one("step-released", StepReleased{token, soon}),
		one("step-released-sign-in", StepReleased{}),
		one("join-requested", JoinRequested{"Marta Lindqvist", "marta@harbour.example", organization, now, "/portal/people"}),
		one("join-accepted", JoinAccepted{organization, "Ines Duarte", now}),
		one("join-accepted-by-staff", JoinAccepted{organization, "", now}),
		one("join-declined", JoinDeclined{organization, now}),
		one("sign-in-codes", SignInCodesLow{"mlindqvist", 8, now}),
		one("sign-in-codes-low", SignInCodesLow{"mlindqvist", 2, now}),
		one("sign-in-codes-none", SignInCodesLow{"mlindqvist", 0, now}),
	}, changedSamples(one, now), lifecycleSamples(one, now), helpdeskSamples(one, now), selfserviceSamples(one, now), deviceSamples(one, now), recoverySamples(one, now), tokenSamples(one, now), renewalSamples(one, now), downloadSamples(one, now))
}
