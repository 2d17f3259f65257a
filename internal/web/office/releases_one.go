package office

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"vestibule/internal/fault"
	"vestibule/internal/release"
	"vestibule/internal/staff"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// historyLines is how much of a release's history its page shows.
const historyLines = 20

// releaseInput is what was sent to a release's page and has to be put right.
type releaseInput struct {
	File   fileForm
	At     string
	Reason string
}

func (f *Face) oneRelease(c *web.Context) error {
	return f.showRelease(c, c.R.PathValue("id"), releaseInput{}, nil)
}

func (f *Face) showRelease(c *web.Context, id string, in releaseInput, failed error) error {
	r, err := f.s.Releases.Get(c.Context(), releaser(c), id)
	if err != nil {
		return err
	}
	c.Here(releaseHref(r.ID))
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	product, err := f.s.Licenses.Product(c.Context(), r.Product)
	if err != nil {
		return err
	}
	history, err := f.s.Releases.History(c.Context(), releaser(c), id, historyLines)
	if err != nil {
		return err
	}
	done, err := f.s.Download.Completed(c.Context(), []string{r.ID})
	if err != nil {
		return err
	}
	manages := c.Who().Can(string(staff.ReleasesManage))
	p := releasePage{
		Frame: frame, Title: product.Name + " " + r.Version.String(), Href: releaseHref(r.ID), Required: r.Required,
		MayEdit: manages && r.State == release.Drafted, MayPublish: manages && r.State == release.Drafted, MayWithdraw: manages && r.State == release.Published,
		MayMove: manages && r.Scheduled(c.Now()), Notes: notesOf(r.Notes), In: in.File, At: in.At, Reason: in.Reason, Limit: c.Words.Size(f.s.Releases.Settings.MaxSize),
		Zone: c.Words.Zone(c.Now()), Downloads: done[r.ID], Transfers: transfersForm{Release: r.ID}.href(transfersPath), Subtitle: r.Title,
	}
	p.Tone, p.State = releaseState(c, r)
	if d := c.R.URL.Query().Get("done"); d != "" && c.Words.Has("releases.done-"+d) {
		p.Done = c.T("releases.done-" + d)
	}
	p.Facts = releaseFacts(c, r, product.Name)
	for _, a := range r.Artifacts {
		p.Files = append(p.Files, artifactOf(c, r, a))
	}
	p.Missing, p.Ready = missing(c, r)
	if p.MayMove {
		p.Stamp = stampOf(r.EffectiveAt)
		if p.At == "" {
			p.At = c.Words.Local(r.EffectiveAt)
		}
	}
	for _, e := range history {
		p.History = append(p.History, line{Text: f.event(c, e, nil), At: c.Words.ShortDateTime(e.At)})
	}
	return c.Page(frame.Status(), releaseView(p))
}

// releaseState is a release's state in a tone and in words.
func releaseState(c *web.Context, r release.Release) (tone, words string) {
	switch {
	case r.Scheduled(c.Now()):
		return ui.Warn, c.T("releases.state.planned")
	case r.State == release.Published:
		tone = ui.OK
	case r.State == release.Withdrawn:
		tone = ui.Off
	case r.State == release.Verifying:
		tone = ui.Warn
	}
	return tone, c.T("releases.state." + string(r.State))
}

func releaseFacts(c *web.Context, r release.Release, product string) []ui.Fact {
	facts := []ui.Fact{
		{Term: c.T("releases.fact-product"), Text: product},
		{Term: c.T("releases.fact-channel"), Text: channelWords(c, r.Channel)},
		{Term: c.T("releases.fact-created"), Text: byWhom(c, r.MadeAt, r.MadeBy)},
	}
	add := func(term string, at time.Time, by string) {
		if !at.IsZero() {
			facts = append(facts, ui.Fact{Term: c.T(term), Text: byWhom(c, at, by)})
		}
	}
	switch {
	case r.Scheduled(c.Now()), r.State == release.Verifying:
		add("releases.fact-from", r.EffectiveAt, r.PublishedBy)
	default:
		add("releases.fact-effective", r.EffectiveAt, r.PublishedBy)
	}
	add("releases.fact-withdrawn", r.WithdrawnAt, r.WithdrawnBy)
	if r.Reason != "" {
		facts = append(facts, ui.Fact{Term: c.T("releases.fact-reason"), Text: r.Reason})
	}
	return facts
}

func byWhom(c *web.Context, at time.Time, by string) string {
	if by == "" {
		return c.Words.ShortDateTime(at)
	}
	return c.T("releases.at-by", "at", c.Words.ShortDateTime(at), "by", by)
}

func channelWords(c *web.Context, code string) string {
	if key := "downloads.channel." + code; c.Words.Has(key) {
		return c.T(key)
	}
	return code
}

func artifactOf(c *web.Context, r release.Release, a release.Artifact) artifactRow {
	row := artifactRow{
		ID: a.ID, Href: releaseHref(r.ID) + "/files/" + a.ID, Title: a.Title, File: a.Name, Kind: a.Kind, SHA256: a.SHA256, SHA512: a.SHA512, SignedBy: a.SignedBy,
	}
	if a.Size != release.Unknown {
		row.Size = c.Words.Size(a.Size)
	}
	row.Platform = a.Platform
	if a.Arch != "" {
		row.Platform += " " + a.Arch
	}
	state := string(a.State)
	switch a.State {
	case release.Verified:
		row.Tone = ui.OK
	case release.FileChecking:
		row.Tone = ui.Warn
	case release.Uploading:
		row.Tone, row.Unfinished = ui.Warn, true
	case release.Refused:
		row.Tone, row.WantsSignature = ui.Bad, a.SHA256 != ""
		if a.Trouble == "signature-missing" {
			row.Tone, state = ui.Warn, "unsigned"
			break
		}
		row.Trouble = c.Fault(&fault.Error{Kind: fault.Invalid, Code: a.Trouble, Args: a.TroubleArgs})
	}
	row.State = c.T("releases.file-state." + state)
	return row
}

// keysWords says which keys the product has.
func keysWords(c *web.Context, keys []string) string {
	if len(keys) == 0 {
		return c.T("releases.keys-none")
	}
	list := ""
	for _, key := range keys {
		if list != "" {
			list += ", "
		}
		list += release.PublisherKeyID(key)
	}
	return c.T("releases.keys", "keys", list)
}

// missing is what a release lacks before it can be published.
func missing(c *web.Context, r release.Release) (rules []ui.Rule, ready bool) {
	lacks := r.Missing()
	rule := func(key, code string) {
		one := ui.Rule{Text: c.T(key)}
		if len(r.Artifacts) > 0 && !slices.Contains(lacks, code) {
			one.State = ui.Done
		}
		rules = append(rules, one)
	}
	rule("releases.missing-files", "release-empty")
	rule("releases.missing-whole", "release-files-unfinished")
	rule("releases.missing-signed", "release-files-refused")
	return rules, len(lacks) == 0
}

// actForm is the date to publish at, or the reason to withdraw.
type actForm struct {
	At     string `form:"at,max=40"`
	Stamp  string `form:"stamp,max=20"` // the date that is to be another
	Reason string `form:"reason,max=1000"`

	Required bool `form:"required"`
}

func (f *Face) publishRelease(c *web.Context) error {
	return f.acted(c, func(id string, in actForm) (string, error) {
		at, err := f.when(c, in.At)
		if err != nil {
			return "", err
		}
		if in.Stamp != "" {
			stamp, _ := strconv.ParseInt(in.Stamp, 10, 64) // what is no stamp fits no date
			_, err = f.s.Releases.Reschedule(c.Context(), releaser(c), id, time.UnixMicro(stamp), at)
		} else {
			_, err = f.s.Releases.Publish(c.Context(), releaser(c), id, at)
		}
		if err != nil {
			return "", err
		}
		if at.After(c.Now()) {
			return "planned", nil
		}
		return "published", nil
	})
}

// when reads a date of the form; empty is now, as zero.
func (f *Face) when(c *web.Context, typed string) (time.Time, error) {
	if typed == "" {
		return time.Time{}, nil
	}
	at, err := c.Words.ParseLocal(typed)
	if err != nil {
		return time.Time{}, fault.OnField("at", "date-shape")
	}
	return at, nil
}

func (f *Face) withdrawRelease(c *web.Context) error {
	return f.acted(c, func(id string, in actForm) (string, error) {
		_, err := f.s.Releases.Withdraw(c.Context(), releaser(c), id, in.Reason)
		return "withdrawn", err
	})
}

// acted reads the form, lets one thing be done to a release, and shows it again.
func (f *Face) acted(c *web.Context, do func(id string, in actForm) (string, error)) error {
	id := c.R.PathValue("id")
	c.Here(releaseHref(id))
	var in actForm
	err := c.Form(&in)
	done := ""
	if err == nil {
		done, err = do(id, in)
	}
	if err != nil && strings.HasPrefix(fault.From(err).Code, "release-files") || fault.Code(err, "release-empty") {
		err = mended(err) // its page says what is missing
	}
	if err != nil {
		return f.showRelease(c, id, releaseInput{At: in.At, Reason: in.Reason}, err)
	}
	return c.SeeOther(releaseHref(id) + "?done=" + done)
}

// requireRelease says that every client must have a published release, or that it need not.
func (f *Face) requireRelease(c *web.Context) error {
	return f.acted(c, func(id string, in actForm) (string, error) {
		r, err := f.s.Releases.Require(c.Context(), releaser(c), id, in.Required)
		if r.Required {
			return "required", err
		}
		return "unrequired", err
	})
}

func (f *Face) discardRelease(c *web.Context) error {
	id := c.R.PathValue("id")
	c.Here(releaseHref(id))
	if err := f.s.Releases.Discard(c.Context(), releaser(c), id); err != nil {
		return err
	}
	return c.SeeOther(releasesPath + "?done=discarded")
}
