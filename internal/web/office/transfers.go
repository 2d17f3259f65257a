package office

import (
	"encoding/csv"
	"io"
	"strconv"

	"vestibule/internal/download"
	"vestibule/internal/staff"
	"vestibule/internal/text"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// transfersForm is the toolbar of the transfers.
type transfersForm struct {
	Search  string `form:"q,max=200"`
	Release string `form:"release,max=64"`
	State   string `form:"state,max=20"`
	After   string `form:"after,max=100"`
}

func (in transfersForm) filtered() bool { return in.Search != "" || in.Release != "" || in.State != "" }

func (in transfersForm) href(path string) string {
	return withQuery(path, map[string]string{"q": in.Search, "release": in.Release, "state": in.State, "after": in.After})
}

func (in transfersForm) filter() download.Filter {
	return download.Filter{Company: in.Search, Release: in.Release, State: in.State}
}

// transferRows is how many transfers stand on a page.
const transferRows = 50

func (f *Face) transfers(c *web.Context) error {
	var in transfersForm
	if err := c.Form(&in); err != nil {
		return err
	}
	list, next, err := f.s.Download.Transfers(c.Context(), in.filter(), in.After, transferRows)
	if err != nil {
		return err
	}
	first := in
	first.After = ""
	p := transfersPage{Frame: c.Frame(), In: in, States: transferStates(c), Export: first.href(transfersPath + "/export")}
	for _, one := range list {
		p.Rows = append(p.Rows, transferOf(c, one))
	}
	if in.Release != "" && len(list) > 0 {
		p.Of = list[0].Product + " " + list[0].Version
	}
	if in.After != "" {
		p.First = first.href(transfersPath)
	}
	if next != "" {
		in.After = next
		p.Next = in.href(transfersPath)
	}
	return c.Page(200, transfersView(p))
}

func transferStates(c *web.Context) []ui.Option {
	list := []ui.Option{{Label: c.T("releases.transfers.any-state")}}
	for _, state := range []string{download.Completed, download.Partial, download.Unfinished, download.Running} {
		list = append(list, ui.Option{Value: state, Label: c.T("releases.transfers.state." + state)})
	}
	return list
}

func transferOf(c *web.Context, t download.Transfer) transferRow {
	r := transferRow{
		Who: t.Name, Organization: t.Company, File: t.File, Release: t.Product + " " + t.Version, Ranges: c.T("releases.transfers.whole"),
		Bytes: c.T("releases.transfers.of-size", "sent", c.Words.Size(t.Sent), "size", c.Words.Size(t.Size)),
		Tone:  transferTone(t.State), State: c.T("releases.transfers.state." + t.State), When: c.Words.ShortDateTime(t.StartedAt),
	}
	if t.Range != "" {
		r.Ranges = c.T("releases.transfers.range", "range", t.Range)
	}
	switch t.Caller {
	case download.Machine:
		r.Who = c.T("releases.transfers.service", "name", t.Name)
	case download.Source:
		r.Who = c.T("releases.transfers.source", "name", t.Name)
	}
	if !t.EndedAt.IsZero() {
		r.Took = c.T("releases.transfers.took", "took", c.Words.Clock(t.EndedAt.Sub(t.StartedAt)))
	}
	return r
}

func transferTone(state string) string {
	switch state {
	case download.Completed:
		return ui.OK
	case download.Unfinished:
		return ui.Warn
	case download.Running:
		return ui.None
	}
	return ui.Off
}

// exportTransfers writes all that fit as CSV, line by line.
func (f *Face) exportTransfers(c *web.Context) error {
	var in transfersForm
	if err := c.Form(&in); err != nil {
		return err
	}
	c.W.Header().Set("Content-Disposition", `attachment; filename="downloads.csv"`)
	return c.Stream("text/csv; charset=utf-8", func(out io.Writer) error {
		w := csv.NewWriter(out)
		put := func(line ...string) error {
			for i := range line {
				line[i] = text.Cell(line[i])
			}
			return w.Write(line)
		}
		err := put("started", "ended", "state", "organisation", "caller", "name", "product", "channel", "version", "file", "size", "sent", "range", "address")
		if err != nil {
			return err
		}
		err = f.s.Download.EachTransfer(c.Context(), in.filter(), func(t download.Transfer) error {
			return put(stamp(t.StartedAt), stamp(t.EndedAt), t.State, t.Company, t.Caller, t.Name, t.Product, t.Channel, t.Version, t.File,
				strconv.FormatInt(t.Size, 10), strconv.FormatInt(t.Sent, 10), t.Range, t.Address)
		})
		if err != nil {
			return err
		}
		w.Flush()
		return w.Error()
	})
}

// agreementForm publishes a version of an agreement, in the languages of the portal.
type agreementForm struct {
	Version string `form:"version,max=60"`
	English string `form:"en,max=200000"`
	German  string `form:"de,max=200000"`
}

func agreementHref(product string) string { return "/office/products/" + product + "/agreement" }

func (f *Face) agreements(c *web.Context) error { return f.showAgreements(c, agreementForm{}, nil) }

func (f *Face) showAgreements(c *web.Context, in agreementForm, failed error) error {
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	product := c.R.PathValue("id")
	name, err := f.productName(c, product)
	if err != nil {
		return err
	}
	list, err := f.s.Download.Agreements(c.Context(), product)
	if err != nil {
		return err
	}
	p := agreementsPage{
		Frame: frame, Product: name, Back: "/office/products/" + product, Action: agreementHref(product), In: in, MayManage: c.Who().Can(string(staff.ReleasesManage)),
	}
	if c.R.URL.Query().Has("done") {
		p.Done = c.T("releases.agreement.done")
	}
	for i, a := range list {
		row := agreementRow{
			ID: "v-" + strconv.Itoa(len(list)-i), Version: a.Version, Since: c.T("releases.agreement.since", "since", c.Words.ShortDate(a.Since)),
			Tone: ui.Off, State: c.T("releases.agreement.earlier"), Accepted: a.Accepted,
		}
		switch {
		case !a.Asks:
			row.State = c.T("releases.agreement.withdrawn")
		case i == 0:
			row.Tone, row.State = ui.OK, c.T("releases.agreement.in-force")
		}
		for _, lang := range text.Languages() {
			if words := a.Text[string(lang)]; words != "" {
				row.Texts = append(row.Texts, agreementText{Lang: string(lang), Name: lang.Name(), Text: words})
			}
		}
		p.Rows = append(p.Rows, row)
	}
	return c.Page(frame.Status(), agreementsView(p))
}

func (f *Face) publishAgreement(c *web.Context) error {
	var in agreementForm
	err := c.Form(&in)
	if err == nil {
		text := map[string]string{string(text.English): in.English, string(text.German): in.German}
		err = f.s.Download.PublishAgreement(c.Context(), c.Who().Account, c.R.PathValue("id"), in.Version, text)
	}
	if err != nil {
		return f.showAgreements(c, in, err)
	}
	return c.SeeOther(agreementHref(c.R.PathValue("id")) + "?done=1")
}
