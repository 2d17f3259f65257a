package portal

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"vestibule/internal/activation"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

func offlineHref(licence string) string { return licenceHref(licence) + "/offline" }

func answerHref(licence, device string) string {
	return offlineHref(licence) + "/" + url.PathEscape(device)
}

type offlineForm struct {
	Request string `form:"request,max=5000"`
	Name    string `form:"name,max=200"`
}

func (f *Face) offline(c *web.Context) error { return f.offlineAgain(c, offlineForm{}, nil) }

func (f *Face) activateOffline(c *web.Context) error {
	var in offlineForm
	if err := c.Form(&in); err != nil {
		return f.offlineAgain(c, in, err)
	}
	return f.activate(c, in, "request", "name")
}

// activate answers a request; what is wrong with it is told at the fields it came from.
func (f *Face) activate(c *web.Context, in offlineForm, requestField, nameField string) error {
	a := askedFor(c)
	answer, err := f.Activation.Offline(c.Context(), a, in.Request, in.Name)
	if err != nil {
		return f.offlineAgain(c, in, atFields(err, requestField, nameField))
	}
	return c.SeeOther(answerHref(a.License, answer.Device.ID) + "?done=1")
}

// atFields puts what is wrong to the fields of the form that was sent. That no place is left is told there too: what was typed stays,
// for when one is free.
func atFields(err error, requestField, nameField string) error {
	e := fault.From(err)
	if e.Kind == fault.Conflict && (e.Code == "devices-exhausted" || e.Code == "seats-exhausted") {
		moved := *e
		moved.Kind, moved.Field = fault.Invalid, requestField
		return &moved
	}
	if e.Kind != fault.Invalid {
		return err
	}
	all := e.Fields
	if len(all) == 0 {
		all = []*fault.Error{e}
	}
	var form fault.Form
	for _, one := range all {
		field := requestField
		if one.Field == "name" {
			field = nameField
		}
		if err := form.AddErr(field, one); err != nil {
			return err
		}
	}
	return form.Err()
}

func (f *Face) offlineAgain(c *web.Context, in offlineForm, failed error) error {
	a := askedFor(c)
	c.Here(offlineHref(a.License))
	list, err := f.Activation.Devices(c.Context(), a, "")
	if err != nil {
		return err
	}
	if fault.Is(failed, fault.Denied) && !list.State.Usable() {
		failed = nil // the page says so
	}
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	p := offlineOf(frame, list.License, list.State)
	p.Request, p.Name = in.Request, in.Name
	return c.Page(frame.Status(), offlineView(p))
}

func offlineOf(f *ui.Frame, l license.License, s license.State) offlinePage {
	p := offlinePage{
		Frame: f, Product: l.Product.Name, Back: licenceHref(l.ID), Href: offlineHref(l.ID),
	}
	if !s.Usable() {
		p.Refused = f.T("fault.license-" + string(s.Status))
		return p
	}
	p.HowLong = f.T("offline.how-long", "days", f.Words.Long(time.Duration(s.FileDays)*24*time.Hour))
	if end := s.UsableUntil(); !end.IsZero() {
		p.HowLong = f.T("offline.how-long-end", "days", f.Words.Long(time.Duration(s.FileDays)*24*time.Hour), "end", end)
	}
	return p
}

// activateByFile takes the request as a file.
func (f *Face) activateByFile(c *web.Context) error {
	in, err := requestFile(c.R)
	if err != nil {
		return f.offlineAgain(c, offlineForm{}, err)
	}
	return f.activate(c, in, "file", "file-name")
}

// requestMost bounds a request file, which is a few hundred characters.
const requestMost = 8 << 10

// requestFile reads the form with the file, part by part; the body as a whole is bounded by the kit.
func requestFile(r *http.Request) (in offlineForm, err error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return in, fault.New(fault.Invalid, "form-unreadable")
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return in, fault.Because(fault.Invalid, "form-unreadable", err)
	}
	for range 4 { // more fields than the form has
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return in, unreadable(err)
		}
		text, err := partText(part)
		if err != nil {
			return in, err
		}
		switch part.FormName() {
		case "file":
			in.Request = text
		case "file-name":
			in.Name = strings.TrimSpace(text)
		}
	}
	if strings.TrimSpace(in.Request) == "" {
		return in, fault.OnField("file", "file-missing")
	}
	return in, nil
}

func partText(part *multipart.Part) (string, error) {
	b, err := io.ReadAll(io.LimitReader(part, requestMost+1))
	switch {
	case err != nil:
		return "", unreadable(err)
	case len(b) > requestMost:
		return "", fault.OnField(part.FormName(), "request-long")
	case !utf8.Valid(b) || slices.Contains(b, 0):
		return "", fault.OnField(part.FormName(), "request-bad")
	}
	return strings.TrimPrefix(string(b), "\ufeff"), nil
}

func unreadable(err error) error {
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return fault.New(fault.Invalid, "body-too-large")
	}
	return fault.Because(fault.Invalid, "form-unreadable", err)
}

func (f *Face) offlineAnswer(c *web.Context) error {
	answer, err := f.Activation.Answer(c.Context(), askedFor(c), c.R.PathValue("device"))
	if err != nil {
		return err
	}
	p := answerOf(c.Frame(), answer)
	if c.R.URL.Query().Get("done") != "" {
		p.Done = c.T("offline.answer.done", "name", p.Name, "until", p.Until)
	}
	return c.Page(http.StatusOK, answerView(p))
}

func answerOf(f *ui.Frame, a activation.Answer) answerPage {
	id := a.License.ID
	return answerPage{
		Frame: f, Product: a.License.Product.Name, Back: licenceHref(id), Href: answerHref(id, a.Device.ID), Offline: offlineHref(id),
		Devices: devicesHref(id), Name: deviceName(f, a.Device), Until: f.Words.DateTime(a.File.Until), Groups: a.Groups,
	}
}

func (f *Face) offlineFile(c *web.Context) error {
	answer, err := f.Activation.Answer(c.Context(), askedFor(c), c.R.PathValue("device"))
	if err != nil {
		return err
	}
	return asFile(c, answer.File.Name, answer.File.Text)
}

// withdrawnList is the revocation list, to be carried to a device that has no network.
func (f *Face) withdrawnList(c *web.Context) error {
	list, err := f.Activation.Revocations(c.Context())
	if err != nil {
		return err
	}
	return asFile(c, "withdrawn.crl", list.Text)
}
