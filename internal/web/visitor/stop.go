package visitor

import (
	"github.com/a-h/templ"

	"vestibule/internal/fault"
	desk "vestibule/internal/helpdesk"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// Stop is the page of the link by which an owner stops what the helpdesk is about
// to take away.
type Stop struct{ desk *desk.Service }

// NewStop makes the face.
func NewStop(service *desk.Service) *Stop { return &Stop{service} }

// Routes are the face's table.
func (f *Stop) Routes() []web.Route {
	return []web.Route{
		web.Row(web.Anyone, "GET /stop/{token}", f.link),
		web.Row(web.Anyone, "POST /stop/{token}", f.stop),
		web.Row(web.Anyone, "GET /stop/done", f.done),
	}
}

// stopPage is what a link stops.
type stopPage struct {
	*ui.Frame
	Action, UserID, Due string
	Things              []string
}

// link shows what would happen, and changes nothing: mail scanners open links.
func (f *Stop) link(c *web.Context) error {
	v, err := f.desk.StopLink(c.Context(), c.R.PathValue("token"))
	if stoppedAlready(err) {
		return c.SeeOther("/stop/done?already=yes")
	}
	if err != nil {
		return err
	}
	p := stopPage{Frame: c.Frame(), Action: c.R.URL.Path, UserID: v.UserID, Due: c.Words.DateTime(v.DueAt)}
	for _, w := range v.Things.Words() {
		p.Things = append(p.Things, c.T("helpdesk.thing."+w))
	}
	return c.Page(200, stopView(p))
}

func (f *Stop) stop(c *web.Context) error {
	err := f.desk.Stop(c.Context(), c.R.PathValue("token"))
	if stoppedAlready(err) {
		return c.SeeOther("/stop/done?already=yes")
	}
	if err != nil {
		return err
	}
	return c.SeeOther("/stop/done")
}

// stoppedAlready reports that the link did its work before: a second press says so, and frightens nobody.
func stoppedAlready(err error) bool { return err != nil && fault.From(err).Code == "link-used" }

func (f *Stop) done(c *web.Context) error {
	return c.Page(200, stoppedView(c.Frame(), c.R.URL.Query().Has("already")))
}

// StopSamples are the pages of the stop-link.
func StopSamples() []web.Sample {
	return []web.Sample{
		{Name: "stop", Draw: func(f *ui.Frame) templ.Component {
			return stopView(stopPage{
				Frame: f, Action: "/stop/token", UserID: "mellison", Due: f.Words.DateTime(received()),
				Things: []string{f.T("helpdesk.thing.questions"), f.T("helpdesk.thing.authenticator")},
			})
		}},
		{Name: "stop-done", Draw: func(f *ui.Frame) templ.Component { return stoppedView(f, false) }},
		{Name: "stop-already", Draw: func(f *ui.Frame) templ.Component { return stoppedView(f, true) }},
	}
}
