package portal

import (
	"strings"

	"vestibule/internal/credential"
	"vestibule/internal/fault"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

const (
	authenticatorPath = accountPath + "/authenticator"
	appPath           = authenticatorPath + "/app"
	removeAppPath     = authenticatorPath + "/remove"
	// fewCodes is how many recovery codes are few enough to say so.
	fewCodes = 3
)

func (f *Face) authenticatorRoutes() []web.Route {
	return []web.Route{
		web.Row(web.SignedIn, "GET "+authenticatorPath, f.authenticator),
		web.Row(web.SignedIn, "POST "+appPath, f.addApp),
		web.Row(web.SignedIn, "GET "+appPath, f.app),
		web.Row(web.SignedIn, "POST "+authenticatorPath+"/code", f.proveApp),
		web.Row(web.SignedIn, "POST "+authenticatorPath+"/kept", f.keepCodes),
		web.Row(web.SignedIn, "POST "+authenticatorPath+"/codes", f.renewCodes),
		web.Row(web.SignedIn, "GET "+authenticatorPath+"/recovery-codes.txt", f.codesFile),
		web.Row(web.SignedIn, "GET "+removeAppPath, f.removeApp),
		web.Row(web.SignedIn, "POST "+removeAppPath, f.appRemoved),
	}
}

// credentialSections are the password, and what is asked after it.
func (f *Face) credentialSections(c *web.Context, o credential.Overview) ([]accountSection, error) {
	app := accountRow{Icon: "shield", Title: c.T("credential.app.title"), Href: authenticatorPath, About: c.T("credential.app.title")}
	second := accountSection{ID: "second", Title: c.T("credential.second"), Text: c.T("credential.second-text")}
	if o.Authenticator.IsZero() {
		app.Tag, app.Tone, app.Go = c.T("credential.app.off"), ui.Off, c.T("credential.app.set-up")
		app.Facts = []string{c.T("credential.app.off-fact")}
		second.Rows = []accountRow{app}
		return []accountSection{f.passwordSection(c, o), second}, nil
	}
	app.Tag, app.Tone, app.Go = c.T("credential.app.on"), ui.OK, c.T("credential.app.change")
	app.Facts = []string{c.T("credential.app.since", "when", c.Words.ShortDate(o.Authenticator))}
	codes := accountRow{
		Icon: "key", Title: c.T("credential.codes.title"), Facts: []string{c.T("credential.codes.left", "n", o.CodesLeft)},
		Go: c.T("credential.codes.renew"), Href: authenticatorPath, About: c.T("credential.codes.title"),
	}
	switch {
	case o.AuthenticatorCodes:
		codes.Tag, codes.Tone, codes.Go = c.T("credential.codes.keep"), ui.Warn, c.T("credential.codes.show")
	case o.CodesLeft <= fewCodes:
		codes.Tag, codes.Tone = c.T("credential.codes.few"), ui.Warn
	}
	second.Rows = []accountRow{app, codes}
	return []accountSection{f.passwordSection(c, o), second}, nil
}

// authenticator says whether there is an app, and what can be done with it.
func (f *Face) authenticator(c *web.Context) error {
	v, err := f.Credential.Authenticator(c.Context(), token(c))
	if err != nil {
		return err
	}
	if v.Step == credential.StepCodes {
		return c.SeeOther(appPath)
	}
	if err := c.Fresh(); err != nil {
		return err
	}
	return c.Page(200, authenticatorView(authenticatorPage{Frame: c.Frame(), On: v.On, Left: v.CodesLeft, Few: v.CodesLeft <= fewCodes}))
}

// then goes on, or to where another tab went on; after a sign-in that is too long ago it is shown from the beginning.
func (f *Face) then(c *web.Context, err error, path string) error {
	c.Here(authenticatorPath)
	switch {
	case fault.Is(err, fault.Conflict), fault.Is(err, fault.Gone):
		return c.SeeOther(appPath)
	case err != nil:
		return err
	}
	return c.SeeOther(path)
}

// addApp begins to add an app, or to replace the one there is.
func (f *Face) addApp(c *web.Context) error {
	return f.then(c, f.Credential.BeginAuthenticator(c.Context(), token(c)), appPath)
}

// app is the page of the step at which the session stands.
func (f *Face) app(c *web.Context) error { return f.appAgain(c, nil) }

func (f *Face) appAgain(c *web.Context, failed error) error {
	v, err := f.Credential.Authenticator(c.Context(), token(c))
	if err != nil {
		return err
	}
	c.Here(appPath)
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	switch v.Step {
	case credential.StepCodes:
		return c.Page(200, codesView(codesPage{Frame: frame, Codes: v.Codes}))
	case credential.StepApp:
	default:
		return c.SeeOther(authenticatorPath)
	}
	if err := c.Fresh(); err != nil {
		return err
	}
	return c.Page(frame.Status(), appView(appPage{Frame: frame, URI: v.Enrolment.URI, Key: v.Enrolment.Secret, Replaces: v.On}))
}

func (f *Face) proveApp(c *web.Context) error {
	var in struct {
		Code string `form:"code,max=40"`
	}
	err := c.Form(&in)
	if err == nil && in.Code == "" {
		err = fault.OnField("code", "required")
	}
	if err != nil {
		return f.appAgain(c, err)
	}
	v, err := f.Credential.Authenticator(c.Context(), token(c))
	if err != nil {
		return err
	}
	fresh, err := f.Credential.ProveAuthenticator(c.Context(), token(c), in.Code)
	if fault.Is(err, fault.Invalid) {
		return f.appAgain(c, err)
	}
	if err != nil {
		return f.then(c, err, appPath)
	}
	if v.On {
		return changed(c, fresh, "app-replaced")
	}
	keepToken(c, fresh)
	return c.SeeOther(appPath)
}

func (f *Face) keepCodes(c *web.Context) error {
	return f.then(c, f.Credential.KeepCodes(c.Context(), token(c)), accountPath+"?done=codes-kept")
}

func (f *Face) renewCodes(c *web.Context) error {
	fresh, err := f.Credential.RenewCodes(c.Context(), token(c))
	if err == nil {
		keepToken(c, fresh)
	}
	return f.then(c, err, appPath)
}

// codesFile is the list as a file, while its page is shown.
func (f *Face) codesFile(c *web.Context) error {
	v, err := f.Credential.Authenticator(c.Context(), token(c))
	if err != nil {
		return err
	}
	if v.Step != credential.StepCodes {
		return c.SeeOther(authenticatorPath)
	}
	c.W.Header().Set("Content-Disposition", `attachment; filename="recovery-codes.txt"`)
	return c.Bytes(200, "text/plain; charset=utf-8", []byte(strings.Join(v.Codes, "\n")+"\n"))
}

// removeApp says what it means to go without the app.
func (f *Face) removeApp(c *web.Context) error {
	if err := c.Fresh(); err != nil {
		return err
	}
	v, err := f.Credential.Authenticator(c.Context(), token(c))
	if err != nil {
		return err
	}
	if !v.On {
		return c.SeeOther(authenticatorPath)
	}
	return c.Page(200, removeAppView(c.Frame()))
}

func (f *Face) appRemoved(c *web.Context) error {
	fresh, err := f.Credential.RemoveAuthenticator(c.Context(), token(c))
	if err != nil {
		return f.then(c, err, accountPath)
	}
	return changed(c, fresh, "app-removed")
}
