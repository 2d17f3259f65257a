package portal

import (
	"vestibule/internal/account"
	"vestibule/internal/credential"
	"vestibule/internal/selfservice"
	"vestibule/internal/text"
	"vestibule/internal/web"
)

const (
	detailsPath  = accountPath + "/details"
	emailPath    = accountPath + "/email"
	mobilePath   = accountPath + "/mobile"
	sessionsPath = accountPath + "/sessions"
	activityPath = accountPath + "/activity"
	dataPath     = accountPath + "/data"
	closePath    = accountPath + "/close"
	closingPath  = "/account-closing"
)

func (f *Face) selfRoutes() []web.Route {
	return []web.Route{
		web.Row(web.SignedIn, "GET "+detailsPath, f.details),
		web.Row(web.SignedIn, "POST "+detailsPath, f.detailsChange),

		web.Row(web.SignedIn, "GET "+emailPath, f.email),
		web.Row(web.SignedIn, "POST "+emailPath, f.emailChange),
		web.Row(web.SignedIn, "POST "+emailPath+"/code", f.emailCode),
		web.Row(web.SignedIn, "POST "+emailPath+"/resend", f.emailResend),
		web.Row(web.SignedIn, "POST "+emailPath+"/cancel", f.emailCancel),
		web.Row(web.SignedIn, "GET "+emailPath+"/confirm/{token}", f.emailLink),
		web.Row(web.SignedIn, "POST "+emailPath+"/confirm/{token}", f.emailConfirm),

		web.Row(web.SignedIn, "GET "+mobilePath, f.mobile),
		web.Row(web.SignedIn, "POST "+mobilePath, f.mobileChange),
		web.Row(web.SignedIn, "POST "+mobilePath+"/code", f.mobileCode),
		web.Row(web.SignedIn, "POST "+mobilePath+"/resend", f.mobileResend),
		web.Row(web.SignedIn, "POST "+mobilePath+"/cancel", f.mobileCancel),
		web.Row(web.SignedIn, "POST "+mobilePath+"/remove", f.mobileRemove),

		web.Row(web.SignedIn, "GET "+sessionsPath, f.sessions),
		web.Row(web.SignedIn, "POST "+sessionsPath+"/{id}/end", f.sessionEnd),
		web.Row(web.SignedIn, "POST "+sessionsPath+"/end-others", f.sessionsEnd),
		web.Row(web.SignedIn, "POST "+sessionsPath+"/devices/{id}/forget", f.deviceForget),

		web.Row(web.SignedIn, "GET "+activityPath, f.activity),
		web.Row(web.SignedIn, "GET "+dataPath, f.data),
		web.Row(web.SignedIn, "POST "+dataPath, f.dataExport),
		web.Row(web.SignedIn, "GET "+closePath, f.closing),
		web.Row(web.SignedIn, "POST "+closePath, f.closeAccount),

		// Whoever holds the mailbox may be signed in nowhere.
		web.Row(web.Anyone, "GET "+closingPath, f.closingDone),
		web.Row(web.Anyone, "GET /undo-email/{token}", f.undoEmail),
		web.Row(web.Anyone, "POST /undo-email/{token}", f.undoEmailDo),
		web.Row(web.Anyone, "GET /keep-account/{token}", f.keepAccount),
		web.Row(web.Anyone, "POST /keep-account/{token}", f.keepAccountDo),
	}
}

// selfProfile are the sections above the credentials: who the owner is and how to be reached.
func (f *Face) selfProfile(c *web.Context, o credential.Overview) ([]accountSection, error) {
	p, err := f.Self.Profile(c.Context(), token(c))
	if err != nil {
		return nil, err
	}
	a := o.Account
	change := func(row accountRow) accountRow {
		row.Go, row.About = c.T("selfservice.change"), row.Title
		return row
	}
	name := change(accountRow{Icon: "users", Title: a.Name(), Href: detailsPath, Facts: []string{
		c.T("selfservice.row.user-id", "user_id", a.UserID), a.Organization, account.CountryName(a.Country, string(c.Lang)), text.Lang(a.Lang).Name(),
	}})
	name.Facts = filled(name.Facts)
	email := change(accountRow{Icon: "mail", Title: c.T("selfservice.row.email"), Href: emailPath, Facts: []string{a.Email}})
	email.Tag, email.Tone = state(c, a.EmailConfirmed())
	if p.NewEmail != nil {
		email.Facts = append(email.Facts, c.T("selfservice.row.waiting", "to", p.NewEmail.Destination))
	}
	mobile := change(accountRow{Icon: "phone", Title: c.T("selfservice.row.mobile"), Href: mobilePath, Facts: []string{c.T("selfservice.row.none")}})
	if a.Mobile != "" {
		mobile.Facts, mobile.LTR = []string{account.MaskMobile(a.Mobile)}, true
		mobile.Tag, mobile.Tone = state(c, a.MobileVerified())
	}
	if p.NewMobile != nil {
		mobile.LTR, mobile.Facts = false, append(mobile.Facts, c.T("selfservice.row.waiting", "to", account.MaskMobile(p.NewMobile.Destination)))
	}
	return []accountSection{{
		ID: "profile", Title: c.T("selfservice.profile"), Text: c.T("selfservice.profile-text"), Rows: []accountRow{name, email, mobile},
	}}, nil
}

func filled(all []string) (kept []string) {
	for _, s := range all {
		if s != "" {
			kept = append(kept, s)
		}
	}
	return kept
}

func state(c *web.Context, proved bool) (words, tone string) {
	if proved {
		return c.T("selfservice.row.confirmed"), "ok"
	}
	return c.T("selfservice.row.unconfirmed"), "warn"
}

// selfSections are those below them: devices, activity, data.
func (f *Face) selfSections(c *web.Context, _ credential.Overview) ([]accountSection, error) {
	in, _, err := f.Self.Places(c.Context(), token(c), c.Lang)
	if err != nil {
		return nil, err
	}
	row := func(icon, key, href string, facts ...string) accountRow {
		return accountRow{Icon: icon, Title: c.T("selfservice." + key), Facts: facts, Go: c.T("selfservice.show"), Href: href, About: c.T("selfservice." + key)}
	}
	return []accountSection{
		{ID: "devices", Title: c.T("selfservice.sessions"), Text: c.T("selfservice.sessions-text"), Rows: []accountRow{
			row("laptop", "sessions", sessionsPath, c.T("selfservice.sessions-now", "n", len(in))),
			row("history", "activity", activityPath),
		}},
		{ID: "data", Title: c.T("selfservice.data"), Text: c.T("selfservice.data-text"), Rows: []accountRow{
			row("download", "export", dataPath), row("x", "close", closePath),
		}},
	}, nil
}

// deviceWords is a browser in words a person uses.
func deviceWords(t func(string, ...any) string, a selfservice.Agent) string {
	switch {
	case a.Browser != "" && a.System != "":
		return t("selfservice.device", "browser", a.Browser, "system", a.System)
	case a.Browser != "":
		return a.Browser
	case a.System != "":
		return a.System
	}
	return t("selfservice.device-unknown")
}

func deviceIcon(a selfservice.Agent) string {
	if a.Mobile {
		return "phone"
	}
	return "laptop"
}
