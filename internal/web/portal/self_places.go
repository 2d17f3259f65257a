package portal

import (
	"strconv"
	"strings"

	"vestibule/internal/selfservice"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// sessionsPage lists where the account is signed in, and the browsers it knows.
type sessionsPage struct {
	*ui.Frame
	Now    []selfservice.SignedIn
	Known  []selfservice.Known
	Done   string
	Others bool // there are sessions besides this one
}

func (f *Face) sessions(c *web.Context) error {
	in, known, err := f.Self.Places(c.Context(), token(c), c.Lang)
	if err != nil {
		return err
	}
	p := sessionsPage{Frame: c.Frame(), Now: in, Known: known, Others: len(in) > 1}
	switch c.R.URL.Query().Get("done") {
	case "end":
		p.Done = c.T("selfservice.places.ended")
	case "others":
		p.Done = c.T("selfservice.places.others-ended")
	case "forgotten":
		p.Done = c.T("selfservice.places.forgotten")
	}
	return c.Page(200, sessionsView(p))
}

func (f *Face) sessionEnd(c *web.Context) error {
	c.Here(sessionsPath)
	if err := f.Self.SignOut(c.Context(), token(c), c.R.PathValue("id")); err != nil {
		return err
	}
	return c.SeeOther(sessionsPath + "?done=end")
}

func (f *Face) sessionsEnd(c *web.Context) error {
	c.Here(sessionsPath)
	fresh, err := f.Self.SignOutOthers(c.Context(), token(c))
	if err != nil {
		return err
	}
	keepToken(c, fresh)
	return c.SeeOther(sessionsPath + "?done=others")
}

func (f *Face) deviceForget(c *web.Context) error {
	c.Here(sessionsPath)
	if err := f.SignIn.ForgetDevice(c.Context(), token(c), c.R.PathValue("id")); err != nil {
		return err
	}
	return c.SeeOther(sessionsPath + "?done=forgotten")
}

// activityPage is what happened to the account.
type activityPage struct {
	*ui.Frame
	List  []selfservice.Happening
	First bool
	Next  string // where what came before is, or ""
}

func (f *Face) activity(c *web.Context) error {
	before, err := strconv.ParseInt(c.R.URL.Query().Get("before"), 10, 64)
	if err != nil || before < 0 {
		before = 0
	}
	list, next, err := f.Self.Activity(c.Context(), token(c), before, c.Lang)
	if err != nil {
		return err
	}
	p := activityPage{Frame: c.Frame(), List: list, First: before == 0}
	if next > 0 {
		p.Next = activityPath + "?before=" + strconv.FormatInt(next, 10)
	}
	return c.Page(200, activityView(p))
}

// happened is an event in words for the person whose account it is. Where there are none of that kind, those for staff do.
func happened(f *ui.Frame, h selfservice.Happening) string {
	key := strings.NewReplacer(".", "-", "_", "-").Replace(h.Action)
	if f.Words.Has("activity." + key) {
		return f.T("activity." + key)
	}
	if f.Words.Has("office.event." + key) {
		return f.T("office.event."+key, "by", f.T("selfservice.by."+string(h.By)))
	}
	return h.Action
}

// happenedBy is who it was, where that is not the owner: "" else. Who was not signed in may be the owner.
func happenedBy(f *ui.Frame, h selfservice.Happening) string {
	switch h.By {
	case selfservice.ByStaff, selfservice.ByPortal, selfservice.ByOther:
		return f.T("selfservice.by." + string(h.By))
	}
	return ""
}
