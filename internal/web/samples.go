package web

import (
	"time"

	"github.com/a-h/templ"

	"vestibule/internal/web/ui"
)

// Samples are the kit's own pages: failures and help.
func Samples() []Sample {
	failed := func(status int, code string, after time.Duration, next ...ui.Link) func(*ui.Frame) templ.Component {
		return func(f *ui.Frame) templ.Component {
			p := ui.Failure{Frame: f, Status: status, Lead: f.T("fault." + code), After: after, Next: next}
			if status == 500 {
				p.Incident = "01JY2B7Q9V4T8M3KX5"
			}
			return ui.FailurePage(p)
		}
	}
	again, form := ui.Link{Text: "Look again", Href: "/here"}, ui.Link{Text: "Back to the form", Href: "/here"}
	return []Sample{
		{"error-400", failed(400, unreadable, 0, form)},
		{"error-403", failed(403, "not-allowed", 0)},
		{"error-403-staff", func(f *ui.Frame) templ.Component {
			return ui.FailurePage(ui.Failure{Frame: f, Status: 403, Staff: true, Lead: f.T("fault.not-allowed")})
		}},
		{"error-403-cross-origin", failed(403, "cross-origin", 0)},
		{"error-404", failed(404, "not-found", 0)},
		{"error-405", failed(405, "wrong-method", 0)},
		{"error-409", failed(409, "changed", 0, again)},
		{"error-410", failed(410, "link-gone", 0)},
		{"error-413", failed(413, tooLarge, 0, form)},
		{"error-422", failed(422, "not-text", 0, form)},
		{"error-429", failed(429, "too-many", 14*time.Minute+32*time.Second)},
		{"error-500", failed(500, "internal", 0)},
		{"error-503", failed(503, "busy", 10*time.Second)},
		{"help-privacy", ui.PrivacyPage},
		{"help-accessibility", ui.AccessibilityPage},
		{"parts", ui.PartsPage},
		{"parts-office", ui.OfficePartsPage},
		{"parts-app", ui.AppPartsPage},
	}
}
