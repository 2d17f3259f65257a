package portal

import (
	"github.com/a-h/templ"

	"vestibule/internal/credential"
	"vestibule/internal/session"
	"vestibule/internal/web"
	"vestibule/internal/web/passkeys"
	"vestibule/internal/web/ui"
)

const passkeysPath = accountPath + "/passkeys"

// passkeyPages are the pages of the owner's passkeys, framed like the account's.
func (f *Face) passkeyPages() *passkeys.Pages {
	return &passkeys.Pages{
		Service: f.Passkeys, Kind: session.Client, Access: web.SignedIn, Path: passkeysPath,
		Frame: func(frame *ui.Frame, title, lead, back string, body templ.Component) templ.Component {
			return passkeyFrame(frame, title, lead, back, body)
		},
	}
}

func (f *Face) passkeyRoutes() []web.Route { return f.passkeyPages().Routes() }

// passkeySections is the section of the passkeys, where they work or there are some.
func (f *Face) passkeySections(c *web.Context, _ credential.Overview) ([]accountSection, error) {
	keys, err := f.Passkeys.List(c.Context(), session.Client, token(c))
	if err != nil || !f.Passkeys.Offered() && len(keys) == 0 {
		return nil, err
	}
	row := accountRow{Icon: "passkey", Title: c.T("passkey.none"), Go: c.T("passkey.add"), Href: passkeysPath + "/add"}
	if len(keys) > 0 {
		row.Title, row.Go, row.Href, row.About = c.T("passkey.row", "n", len(keys)), c.T("passkey.change"), passkeysPath, c.T("passkey.title")
		for _, k := range keys {
			if !k.CopiedAt.IsZero() {
				row.Tag, row.Tone = c.T("passkey.copied"), ui.Bad
			}
		}
	}
	return []accountSection{{ID: "passkeys", Title: c.T("passkey.title"), Text: c.T("passkey.section"), Rows: []accountRow{row}}}, nil
}
