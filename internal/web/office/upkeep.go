package office

import (
	"encoding/csv"
	"errors"
	"io"

	"vestibule/internal/staff"
	"vestibule/internal/text"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// choreRow is a piece of housekeeping, ready to show.
type choreRow struct {
	Name, Text, Every, Ran, Next, Took, State, Tone, Failed string
}

// termsRow is one version of the terms, ready to show.
type termsRow struct {
	Version, Since, State, Tone, Grace, Accepted, Outstanding string
}

func (f *Face) upkeep(c *web.Context) error {
	chores, terms, err := f.s.Desk.Upkeep(c.Context())
	if err != nil {
		return err
	}
	p := upkeepPage{Frame: c.Frame()}
	late := 0
	for _, one := range chores {
		row := f.choreRow(c, one)
		if row.Tone == ui.Bad || row.Tone == ui.Warn {
			late++
		}
		p.Chores = append(p.Chores, row)
	}
	p.Lead = c.T("office.upkeep.fine", "n", len(chores))
	if late > 0 {
		p.Lead = c.T("office.upkeep.trouble", "n", late)
	}
	for _, v := range terms {
		row := termsRow{
			Version: v.Version, State: c.T("office.terms.in-force"), Tone: ui.OK,
			Accepted: c.Words.Number(int64(v.Accepted)), Outstanding: c.Words.Number(int64(v.Outstanding)),
		}
		if !v.Since.IsZero() {
			row.Since = c.Words.ShortDate(v.Since)
		}
		switch {
		case v.ToCome:
			row.State, row.Tone = c.T("office.terms.to-come"), ui.None
		case v.Version != terms[len(terms)-1].Version && !terms[len(terms)-1].ToCome:
			row.State, row.Tone = c.T("office.terms.over"), ui.Off
		case !v.GraceEnds.IsZero():
			row.Grace = c.T("office.terms.grace", "until", c.Words.ShortDate(v.GraceEnds))
		}
		p.Terms = append(p.Terms, row)
	}
	return c.Page(200, upkeepView(p))
}

func (f *Face) choreRow(c *web.Context, one staff.Chore) choreRow {
	row := choreRow{
		Name: c.T("office.chore." + one.Name + ".name"), Text: c.T("office.chore." + one.Name + ".text"), Every: c.Words.Long(one.Every),
		State: c.T("office.chore-state.well"), Tone: ui.OK, Failed: one.Failed,
	}
	if one.RanAt.IsZero() {
		row.State, row.Tone = c.T("office.chore-state.new"), ui.Off
		return row
	}
	row.Ran, row.Next = c.Words.ShortDateTime(one.RanAt), c.Words.ShortDateTime(one.NextAt)
	row.Took = c.T("office.chore-took", "ms", c.Words.Number(one.Took.Milliseconds()))
	switch {
	case one.Failed != "":
		row.State, row.Tone = c.T("office.chore-state.failed"), ui.Bad
	case one.Late:
		row.State, row.Tone = c.T("office.chore-state.late"), ui.Warn
	}
	return row
}

// evidence hands out who accepted which terms, when and from where, as CSV.
func (f *Face) evidence(c *web.Context) error {
	c.W.Header().Set("Content-Disposition", `attachment; filename="terms-evidence.csv"`)
	return c.Stream("text/csv; charset=utf-8", func(out io.Writer) error {
		w := csv.NewWriter(out)
		line := func(cells ...string) error {
			for i := range cells {
				cells[i] = text.Cell(cells[i])
			}
			return w.Write(cells)
		}
		if err := line("user_id", "e-mail", "name", "version", "language", "text sha-256", "text kept", "accepted", "address"); err != nil {
			return err
		}
		err := f.s.Desk.Evidence(c.Context(), "", func(e staff.Evidence) error {
			kept := "yes"
			if !e.Whole {
				kept = "no"
			}
			return line(e.UserID, e.Email, e.Name, e.Version, e.Lang, e.TextHash, kept, stamp(e.AcceptedAt), e.Address)
		})
		w.Flush()
		return errors.Join(err, w.Error())
	})
}
