package office

import (
	"github.com/a-h/templ"

	"vestibule/internal/session"
	"vestibule/internal/web"
	"vestibule/internal/web/passkeys"
	"vestibule/internal/web/ui"
)

// ownPath is the own account of somebody of staff: all that there is to it is the second step of the sign-in.
const ownPath = "/office/account"

func (f *Face) passkeyPages() *passkeys.Pages {
	return &passkeys.Pages{
		Service: f.s.Passkeys, Kind: session.Staff, Access: web.StaffAny, Path: ownPath,
		Frame: func(frame *ui.Frame, title, lead, back string, body templ.Component) templ.Component {
			if back == "" {
				title, lead = frame.T("passkey.office-title"), frame.T("passkey.office-lead")
			}
			return passkeyFrame(frame, title, lead, back, body)
		},
	}
}
