package office

import (
	"net/url"
	"strconv"
	"time"

	"vestibule/internal/fault"
	"vestibule/internal/release"
	"vestibule/internal/text"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

func releaseHref(id string) string { return releasesPath + "/" + url.PathEscape(id) }

func releaser(c *web.Context) release.Staff {
	return release.Staff{ID: c.Who().Account, Name: c.Who().Name}
}

// draft is what the form says of a release.
func (in draftForm) draft() release.Draft {
	return release.Draft{
		Product: in.Product, Version: in.Version, Channel: in.Channel, Title: in.Title, Required: in.Required,
		Notes: release.Notes{string(text.English): in.English, string(text.German): in.German},
	}
}

// notesOf draws the notes of each language that has any.
func notesOf(n release.Notes) []notesPart {
	var list []notesPart
	for _, lang := range text.Languages() {
		if n[string(lang)] != "" {
			list = append(list, notesPart{Lang: string(lang), Name: lang.Name(), HTML: release.Render(n[string(lang)])})
		}
	}
	return list
}

func (f *Face) newRelease(c *web.Context) error {
	in := draftForm{Product: c.R.URL.Query().Get("product"), Channel: "stable"}
	return f.showNew(c, in, nil)
}

func (f *Face) showNew(c *web.Context, in draftForm, failed error) error {
	frame, err := c.Again(onFields(failed, draftFields()))
	if err != nil {
		return err
	}
	products, err := f.s.Licenses.Products(c.Context())
	if err != nil {
		return err
	}
	p := draftPage{
		Frame: frame, New: true, Title: c.T("releases.form-new"), Action: releasesPath + "/new", Back: ui.Link{Text: c.T("releases.title"), Href: releasesPath},
		In: in, Channels: channelChoice(frame), Preview: notesOf(in.draft().Notes),
	}
	for _, one := range products {
		p.Products = append(p.Products, ui.Option{Value: one.ID, Label: one.Name})
	}
	return c.Page(frame.Status(), draftView(p))
}

// draftFields are the fields whose names in the form are not those of the release.
func draftFields() map[string]string { return map[string]string{"notes": "notes-en"} }

func (f *Face) makeRelease(c *web.Context) error {
	var in draftForm
	if err := c.Form(&in); err != nil || in.Preview {
		return f.showNew(c, in, err)
	}
	r, err := f.s.Releases.Make(c.Context(), releaser(c), in.draft())
	if fault.Is(err, fault.Conflict) && fault.Code(err, "version-exists") {
		err = mended(err)
	}
	if err != nil {
		return f.showNew(c, in, err)
	}
	return c.SeeOther(releaseHref(r.ID) + "?done=made")
}

// mended makes a conflict that the form itself can mend a failure of its field.
func mended(err error) error {
	e := *fault.From(err)
	e.Kind = fault.Invalid
	return &e
}

func (f *Face) editRelease(c *web.Context) error {
	r, err := f.s.Releases.Get(c.Context(), releaser(c), c.R.PathValue("id"))
	if err != nil {
		return err
	}
	return f.showEdit(c, r, draftForm{
		Version: r.Version.String(), Channel: r.Channel, Title: r.Title, Required: r.Required,
		English: r.Notes[string(text.English)], German: r.Notes[string(text.German)], Stamp: stampOf(r.EditedAt),
	}, nil)
}

func stampOf(t time.Time) string { return strconv.FormatInt(t.UnixMicro(), 10) }

func (f *Face) showEdit(c *web.Context, r release.Release, in draftForm, failed error) error {
	frame, err := c.Again(onFields(failed, draftFields()))
	if err != nil {
		return err
	}
	name, err := f.productName(c, r.Product)
	if err != nil {
		return err
	}
	return c.Page(frame.Status(), draftView(draftPage{
		Frame: frame, Title: c.T("releases.form-edit", "version", r.Version.String()), Action: releaseHref(r.ID) + "/edit",
		Back: ui.Link{Text: name + " " + r.Version.String(), Href: releaseHref(r.ID)}, In: in, Channels: channelChoice(frame), Preview: notesOf(in.draft().Notes),
	}))
}

func (f *Face) saveRelease(c *web.Context) error {
	var in draftForm
	failed := c.Form(&in)
	r, err := f.s.Releases.Get(c.Context(), releaser(c), c.R.PathValue("id"))
	if err != nil {
		return err
	}
	if failed == nil && !in.Preview {
		stamp, _ := strconv.ParseInt(in.Stamp, 10, 64) // what is no stamp fits no draft
		_, failed = f.s.Releases.Edit(c.Context(), releaser(c), r.ID, time.UnixMicro(stamp), in.draft())
		if failed == nil {
			return c.SeeOther(releaseHref(r.ID) + "?done=saved")
		}
		if fault.Code(failed, "version-exists") {
			failed = mended(failed)
		}
	}
	return f.showEdit(c, r, in, failed)
}

// previewNotes answers a form that asks, while somebody types, what its notes will look like.
func (f *Face) previewNotes(c *web.Context) error {
	var in draftForm
	if err := c.Form(&in); err != nil {
		return err
	}
	frame := c.Frame()
	return c.Page(200, ui.Part(frame, notesPreview(frame, notesOf(in.draft().Notes))))
}

func (f *Face) productName(c *web.Context, id string) (string, error) {
	p, err := f.s.Licenses.Product(c.Context(), id)
	return p.Name, err
}
